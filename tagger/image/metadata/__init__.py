"""When and where a photo was taken, and how it lies: from its EXIF."""
