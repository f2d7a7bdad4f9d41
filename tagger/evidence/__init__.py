"""What is known beside the picture: coordinates, neighbours in time, several photos of one occasion."""
