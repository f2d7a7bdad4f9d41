"""Settings: where each comes from, what it may be, and times as people write them."""
