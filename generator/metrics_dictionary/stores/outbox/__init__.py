"""The outbox in each store: events that wait for the collector, and those that it has refused."""
