"""Formats beyond their decoders: whether a file is whole, and what Pillow refuses or reads wrongly."""
