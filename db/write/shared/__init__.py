"""Writes of runs that several workers share: who works, what they have claimed, and who leads."""
