"""How fast it is, and beside what."""
