"""A friendly sentence for everything that the bot cannot tag: what was wrong, and what to send instead."""

from __future__ import annotations

from tagger.bot.render.languages import N_, Language

UNREADABLE = N_("This image is damaged and I cannot read it. Please send it again.")
BROKEN = N_("Something went wrong here, and it is not your fault. Please try again later.")

# By kind of failure, see `tagger.image.decode.KINDS`.
OF_KIND = {
    "unsupported": N_("I cannot read this file as an image. I understand JPEG, PNG, WebP, HEIC, TIFF and GIF."),
    "too_large": N_(
        "This file is too large for me (20 MB is the limit) or has too many pixels. Please send it as a photo instead."
    ),
    "truncated": N_("This image ends in the middle, so I cannot read it. Please send it again."),
    "empty": N_("This file is empty. Please send it again."),
    "io_error": N_("Telegram did not give me this file. Please send it again."),
    "engine_failed": BROKEN,
}

# By kind of message, see `tagger.bot.transport.receiver.KINDS`.
OF_MESSAGE = {
    "video": N_("I cannot watch videos yet. Please send me a photo of the place."),
    "animation": N_("I cannot watch animations yet. Please send me a photo of the place."),
    "video_note": N_("I cannot watch videos yet. Please send me a photo of the place."),
    "sticker": N_("A nice sticker! But I only know landmarks. Please send me a photo."),
    "audio": N_("I can only look, not listen. Please send me a photo."),
    "voice": N_("I can only look, not listen. Please send me a photo."),
}
OTHER = N_("I can only look at photos. Please send me one, or try /help.")
TEXT = N_("Send me a photo, and I will tell you which landmark it shows. More: /help")


def error_text(kind: str, language: Language) -> str:
    """Why a photo could not be read, for the person who sent it."""
    return language._(OF_KIND.get(kind, UNREADABLE))
