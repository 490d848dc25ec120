"""From a dictionary to a Service Ping payload, the listing of its SQL, and what both say in words."""
