"""What the bot does for each kind of message, command and button."""
