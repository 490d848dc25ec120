"""The route table and what answers each route."""
