"""What leaves the database for other programs: tables, places on a map, and XMP sidecars."""
