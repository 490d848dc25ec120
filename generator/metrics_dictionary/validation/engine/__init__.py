"""From a document to findings: the JSON Schemas' keywords, their words, and one file's check."""
