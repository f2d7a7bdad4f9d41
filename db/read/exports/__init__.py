"""Reads of the whole library: tags for exports, and the tags of two models side by side."""
