"""A payload collected, kept, listed and submitted."""
