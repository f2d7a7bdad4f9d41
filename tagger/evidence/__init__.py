"""Evidence besides the picture: coordinates, neighbours in time, albums."""
