"""What the surfaces that answer requests share: one thread that runs the model for all of them."""
