"""What people read: answers, lists and error texts, in their language."""
