"""What git knows about a definitions root: for each definition the commits that added, changed or removed it."""
