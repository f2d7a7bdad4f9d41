"""The Telegram bot's rows."""
