"""A fake Telegram Bot API server for tests: real HTTP, Telegram's rules, people to play, faults to switch on.

The one rule: a bot that breaks the Bot API's rules is refused as Telegram would, and `server.violations` lists it.

    from tests.botapi import BotApiServer, Reset, transcript

    with BotApiServer() as server:                            # Bot(server.token, server.base_url, server.base_file_url)
        ana = server.person(1, "Ana", "es")                   # or TAGGER_BOT_API_URL=server.url, token server.token
        chat = ana.private()                                  # server.group(-100, "Trip", [ana]) makes a group
        server.faults.next("sendMessage", Reset(after=True))  # the next answer is sent, but the bot never knows
        photo = chat.send_photo(ana, jpeg_bytes, "where?")    # also send_text, send_document, send_album, …
        answer = chat.wait_for_answer(photo)                  # the bot's message that replies to it
        assert answer.buttons[0][0] == "✔ right"              # .text .json .keyboard .versions .reply_to .at
        tap = chat.tap(ana, answer, "✔")                      # by text, part of it, or callback data
        tap.wait_for_answer()                                 # the parameters of answerCallbackQuery
        chat.wait_for_edit(answer)                            # .versions has what it said before
        server.wait_until_quiet()                             # or wait_until_confirmed()
        assert server.violations == [] and len(server.answers_to(photo)) == 1
        markdown = transcript(chat)                           # for the documents
        slow = [call for call in server.calls("getFile")]     # .method .parameters .at .status .answered_at

People (methods of the chat; the person comes first, but in `delete(message)`): `send_text send_photo send_document
send_sticker send_video send_animation send_video_note send_audio send_voice send_location
send_album(photos, caption, order=[2, 0, 1]) edit_text tap set_bot_status("blocked")`.
Waiting: `wait_for_message(after=…, where=…)`, `wait_for_answer`, `wait_for_edit(message, count=…)`, `wait_for_action`.
Times: `server.handed_out(message)`, `server.latency_s(message)`, `request.at`, all monotonic.

Faults: `server.faults.next(method, *faults, times=1, chat_id=None)`, `.always(method, fault, probability=…)`,
`.limit_rates()`, `.clear()`; methods by name, "download" for files, "*" for all. `too_many(retry_after_s)`,
`Refused(code, description)`, `GatewayError(502)`, `Reset()`, `Silent()`, `Slow(seconds)`, `Truncated(share)`,
`Garbage()`, `Throttled(bytes_per_s)`; `after=True` lets the method take effect first. A refused connection:
`with server.dead_network():`. Updates twice: `server.state.updates.redeliver(count)`, `.doubled = True`. Old taps:
`server.state.tap_lifetime_s`. Expired download links: `server.state.files.expire_links()`.

As in Telegram: of two getUpdates calls the older gets the 409; a chat that was not started cannot be written to
(`person.private(started=False)`); photos come without EXIF and at most 1280 px large; equal content has one
file_unique_id but many file_ids. A repeated call whose first answer was lost by a fault is no violation.
Stricter than Telegram: a button with two actions, more than eight buttons in a row and the old Markdown mode are
refused. Not there: any method that is not in the table `METHODS` (it is a 404), URLs in place of files, channels,
inline mode, payments. Calls without a bot library: `tests.botapi.http.raw`. As a process: `python -m tests.botapi` with
`stdin=PIPE` (it ends when that closes), driven by `POST /control/<command>` (`control.py`).
"""

from __future__ import annotations

from tests.botapi.chat.chats import Chat
from tests.botapi.chat.messages import Message
from tests.botapi.chat.people import PeopleChat, Person
from tests.botapi.chat.taps import Tap
from tests.botapi.chat.transcript import transcript
from tests.botapi.http.faults import (
    Fault,
    Garbage,
    GatewayError,
    Refused,
    Reset,
    Silent,
    Slow,
    Throttled,
    Truncated,
    too_many,
)
from tests.botapi.http.rates import Rates
from tests.botapi.http.server import TOKEN, BotApiServer

__all__ = [
    "TOKEN",
    "BotApiServer",
    "Chat",
    "Fault",
    "Garbage",
    "GatewayError",
    "Message",
    "PeopleChat",
    "Person",
    "Rates",
    "Refused",
    "Reset",
    "Silent",
    "Slow",
    "Tap",
    "Throttled",
    "Truncated",
    "too_many",
    "transcript",
]
