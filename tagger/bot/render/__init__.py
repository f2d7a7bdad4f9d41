"""Texts in the person's language: answers, lists and error texts."""
