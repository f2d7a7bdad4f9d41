"""Types of arguments and options, and how a shell completes them."""
