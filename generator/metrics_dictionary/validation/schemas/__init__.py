"""The JSON Schemas of definitions, and what programs read from them."""
