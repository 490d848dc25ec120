"""From YAML files to a dictionary: parse fast, locate on failure, report everything."""
