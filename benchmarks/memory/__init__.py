"""Peak memory, and memory over a day."""
