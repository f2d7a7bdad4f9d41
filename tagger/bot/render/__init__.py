"""What people read, in their language: answers, lists and error texts."""
