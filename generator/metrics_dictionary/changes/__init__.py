"""What changed: what git knows of each definition, two editions compared, and the difference in words."""
