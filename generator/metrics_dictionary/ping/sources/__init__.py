"""Where values come from: one way to find a value for each source."""
