"""Queries to the store."""
