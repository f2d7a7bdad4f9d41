"""Commands for places that people teach."""
