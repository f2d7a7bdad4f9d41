"""What leaves the database for other programs."""
