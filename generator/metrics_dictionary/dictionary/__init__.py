"""What a definition is: metrics, events, selection rules, instrumentations and the dictionary of them all.

Nothing in this package reads a file, and nothing in it imports another package of the project.

Definitions may be wrong: the schema reports that, and every rule must still be able to look at the rest. So each
accessor is tolerant. A field that is absent or has the wrong type reads as ``None`` or as empty; the author's
value stays untouched in ``fields``.
"""
