"""The application's database, read-only: values counted in batches, and its structure."""
