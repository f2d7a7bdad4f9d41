"""When and where a photo was taken, and which side is up: from the photo, its file's name, and what is beside it."""
