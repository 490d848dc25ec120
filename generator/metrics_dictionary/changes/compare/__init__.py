"""Two editions of a dictionary, compared field by field: what changed, whom it affects, and which promise it breaks."""
