"""A difference as text, as a merge request comment, as JSON, as release notes."""
