"""New definitions, from a dialogue or from options."""
