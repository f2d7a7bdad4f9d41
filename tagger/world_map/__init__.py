"""The outline of the world, and where a position lies on a picture of it."""
