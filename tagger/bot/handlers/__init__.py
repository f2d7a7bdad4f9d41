"""The handlers of messages, commands and buttons."""
