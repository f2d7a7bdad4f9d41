"""What people decide: which photos it is about, and the CSV with all of it."""
