"""From weights to a bundle, and what people read of it."""
