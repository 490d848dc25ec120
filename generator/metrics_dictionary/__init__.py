"""The metrics dictionary: definitions of metrics and events, checked, published and served."""

__version__ = "0.1.0"
