"""Several workers share a run: they claim its files in one database, and one of them leads."""
