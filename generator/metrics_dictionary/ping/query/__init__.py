"""From an instrumentation to a relation, and from there to SQL and to words; pure."""
