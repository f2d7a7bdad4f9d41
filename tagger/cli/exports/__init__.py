"""Commands for what leaves the database: exports, and what a new model changed."""
