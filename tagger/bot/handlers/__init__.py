"""What people do, one module a kind of thing they send or tap."""
