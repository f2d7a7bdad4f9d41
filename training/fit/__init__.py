"""From a manifest to trained weights."""
