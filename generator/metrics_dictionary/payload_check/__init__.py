"""A real Service Ping payload, compared with what the definitions promise."""
