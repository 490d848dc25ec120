"""From an event that a client reports to the counters that it changes, and on to a Snowplow collector."""
