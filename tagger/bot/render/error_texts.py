"""A friendly sentence for everything that the bot cannot tag: what was wrong, and what to send instead."""

from __future__ import annotations

from tagger.bot.render.languages import N_, Language
from tagger.image.formats import readable_formats

MAX_FILE_BYTES = 20_000_000  # the most that the Bot API lets bots download

UNREADABLE = N_(
    "Something in this image stops my decoder, so I cannot read it. Please send another version, such as a screenshot."
)
BROKEN = N_("Something went wrong here, and it is not your fault. Please try again later.")

# By kind of failure, see `tagger.image.decode.KINDS`; the bot adds kinds for files that it does not get.
OF_KIND = {
    "file_too_large": N_("This file is too large for me ({mb} MB is the limit). Please send it as a photo instead."),
    "refused": N_("Telegram did not give me this file. Perhaps another photo works."),
    "unsupported": N_("I cannot read this file as an image. I understand {formats}."),
    "too_large": N_("This image has too many pixels for me. Please send it as a photo instead."),
    "timed_out": N_("This image takes too long to open, so I cannot read it. Please send it as a photo instead."),
    "corrupt": N_("This image is damaged, so I cannot read it. Please send another copy of it."),
    "truncated": N_("This image ends in the middle, so I cannot read it. Please send it again."),
    "empty": N_("This file is empty. Please send it again."),
    "io_error": N_("Telegram did not give me this file. Please send it again."),
    "engine_failed": BROKEN,
}

# By kind of message, see `tagger.bot.transport.sanitize.KINDS`.
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


def error_text(kind: str, language: Language, *, max_file_bytes: int = MAX_FILE_BYTES) -> str:
    """Why a photo could not be read, for the person who sent it."""
    text = language._(OF_KIND.get(kind, UNREADABLE))
    return text.format(mb=language.number(max_file_bytes / 1e6), formats=language.all_of(readable_formats()))
