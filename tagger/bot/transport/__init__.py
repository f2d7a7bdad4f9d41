"""The way to Telegram and back: the client, the receiver, the outbox, and what they share."""
