"""From a manifest to weights."""
