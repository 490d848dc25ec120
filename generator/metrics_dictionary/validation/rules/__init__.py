"""The rules: one registry, and the functions that find what breaks them."""
