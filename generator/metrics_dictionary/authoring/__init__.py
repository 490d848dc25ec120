"""What helps an author: mending and formatting files, scaffolds of new definitions, counters as they change."""
