"""XMP sidecars: landmarks and places, written beside photos for other programs. Needs the extra `xmp`."""
