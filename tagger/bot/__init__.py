"""The Telegram bot: a photo comes in, its landmarks go out, and people correct them with one tap.

The one rule: an update is stored before Telegram is told that it arrived, and a photo has exactly one answer, whatever
ends the process in between. `inlet` keeps the first half of that, `outbox` the second.
"""
