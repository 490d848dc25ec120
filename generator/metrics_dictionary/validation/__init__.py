"""From a dictionary to diagnostics: the schemas and the rules."""
