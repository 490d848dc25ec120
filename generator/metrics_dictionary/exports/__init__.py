"""From a dictionary to one file: combined YAML, JSON and CSV, and one JSON document for each definition.

The same definitions give the same bytes on every machine: everything is sorted, and nothing depends on the locale,
the clock or the order in which a file system lists its files.
"""
