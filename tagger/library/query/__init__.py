"""Queries as people write them: find their photos, with countries and folders by any name."""
