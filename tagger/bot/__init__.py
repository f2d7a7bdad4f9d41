"""The Telegram bot: people send photos, the bot names the landmarks, and a tap on a button corrects it.

The one rule: an update is stored before Telegram learns that it arrived, and a photo gets exactly one answer, no matter
when the process ends. `transport.receiver` guarantees the first half, `transport.outbox` the second.
"""
