"""From a dictionary to a published folder."""
