"""The runtime: the usage-data API and the site, on the standard library's ``http.server``."""
