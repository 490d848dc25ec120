"""The transport on `http.server`: connections, requests and responses."""
