"""Speed, beside alternatives."""
