"""Writes to the store. Every function that takes a connection runs inside the caller's `Store.write`."""
