"""Changes of definition files that keep their comments and layout."""
