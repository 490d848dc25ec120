"""The pages, each kind in a module."""
