"""A dictionary as a browsable site: the theme's shell, stamped with one page a definition."""
