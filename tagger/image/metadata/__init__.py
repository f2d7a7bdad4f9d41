"""When and where a photo was taken, and how it lies: in the photo, its file's name, and what is beside it."""
