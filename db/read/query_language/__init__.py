"""The query language: from a text to a tree, from its names to rows of the store, and from those to SQL."""
