"""Where counters, payloads, tokens and the outbox live: SQLite (embedded) or Redis (many machines)."""
