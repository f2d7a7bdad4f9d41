"""Embeddings of photos, and the places that people taught."""
