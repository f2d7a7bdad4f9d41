"""What a handler gets: the bot's parts, and one update with its sender, the language, and the ways to answer.

A handler answers an update with at most one new message; everything else it does is an edit.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from telegram import Chat, InputFile, Message, ReplyParameters, Update
from telegram.constants import ChatAction, ChatType, ParseMode
from telegram.error import BadRequest, TelegramError

from db.engine import Connection, Store
from db.telegram import people
from tagger.bot.batcher import MicroBatcher
from tagger.bot.db_executor import DbExecutor
from tagger.bot.open_work import OpenWork, Sender
from tagger.bot.render.languages import Language, Languages
from tagger.bot.transport.chat_queue import ChatQueue, FairSlots
from tagger.bot.transport.client import SEND_READ_S, BotClient
from tagger.bot.transport.crash_journal import CrashJournal
from tagger.bot.transport.downloads import Downloads
from tagger.bot.transport.message import Button, Keyboard, OutgoingMessage, inline_markup
from tagger.bot.transport.outbox import Outbox
from tagger.bot.transport.rate_limiter import BeforeRequest
from tagger.bot.transport.receiver import sender_id
from tagger.bot.transport.retry import with_retries
from tagger.config.settings import Settings
from tagger.core.types import Landmark

MAX_REMEMBERED = 10_000  # people whose language is cached
TYPING_S = 4.5  # Telegram shows it for 5 s, or until the bot's next message
EDIT_TRIES = 30


@dataclass(frozen=True, slots=True)
class Services:
    """The bot's parts and its state in memory.

    Args:
        landmarks: all landmarks of the store, by their ids there.
        landmark_ids: the ids of the landmarks that the model knows, by key.
        photo_slots: shares downloads and decoders between chats.
        run_id: the bot's own run.
        callback_locks: by chat: buttons are handled one at a time.
        chosen_languages: by user: the language they chose, or None.
        typing_since: by chat: when "typing" was last shown (seconds of the event loop's clock).
        open_work: the work in progress, by person.
        names: by chat and user: what the answers in a group call a person; empty for an anonymous admin.
        background_tasks: keeps tasks alive that nobody awaits.
    """

    settings: Settings
    bot: BotClient
    store: Store
    db: DbExecutor
    batcher: MicroBatcher
    chat_queue: ChatQueue
    outbox: Outbox
    crash_journal: CrashJournal
    downloads: Downloads
    photo_slots: FairSlots
    languages: Languages
    landmarks: dict[int, Landmark]
    landmark_ids: dict[str, int]
    run_id: int
    callback_locks: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    chosen_languages: OrderedDict[int, str | None] = field(default_factory=OrderedDict)
    typing_since: dict[int, float] = field(default_factory=dict)
    open_work: OpenWork = field(default_factory=OpenWork)
    names: OrderedDict[tuple[int, int], str] = field(default_factory=OrderedDict)
    background_tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def language(self, user_id: int, telegram_code: str | None) -> Language:
        """The language to speak with a person.

        Args:
            telegram_code: the language of their Telegram app.
        """
        if user_id not in self.chosen_languages:
            chosen = await self.db.read(lambda connection: people.language(connection, user_id))
            self.chosen_languages[user_id] = chosen
            while len(self.chosen_languages) > MAX_REMEMBERED:
                self.chosen_languages.popitem(last=False)
        return self.languages.best(self.chosen_languages[user_id], telegram_code)

    async def member_name(self, chat_id: int, user_id: int) -> str:
        """The first name of a group's member; empty for an anonymous admin, or if Telegram does not give it.

        Names are never stored, so it is looked up.
        """
        key = (chat_id, user_id)
        if key not in self.names and user_id > 0:
            try:
                member = await self.bot.get_chat_member(chat_id, user_id)
            except TelegramError:
                return ""
            self.names[key] = "" if getattr(member, "is_anonymous", False) else member.user.first_name
            while len(self.names) > MAX_REMEMBERED:
                self.names.popitem(last=False)
        return self.names.get(key, "")


@dataclass(frozen=True, slots=True)
class UpdateContext:
    """An update, and the ways to answer it.

    Args:
        arguments: the text after a command, or a button's data without its name.
    """

    services: Services
    update: Update
    language: Language
    arguments: str = ""

    @classmethod
    async def create(cls, services: Services, update: Update, arguments: str = "") -> UpdateContext:
        user = update.effective_user
        language = await services.language(_sender_id(update), user.language_code if user else None)
        return cls(services, update, language, arguments)

    def _(self, text: str) -> str:
        return self.language._(text)

    @property
    def chat(self) -> Chat:
        assert self.update.effective_chat is not None
        return self.update.effective_chat

    @property
    def user_id(self) -> int:
        """Who sent the update; negative for a chat that somebody writes as, see `sender_id`."""
        return _sender_id(self.update)

    @property
    def sender(self) -> Sender:
        return Sender(self.user_id, self.update.update_id)

    @property
    def is_trusted(self) -> bool:
        """Whether decisions made here count for the library."""
        settings = self.services.settings
        trusted = settings.bot_trust
        if not isinstance(trusted, tuple):
            trusted = (settings.bot_admin_chat or 0, *(settings.bot_allow if trusted == "allowed" else ()))
        return self.user_id in trusted or self.chat.id in trusted

    @property
    def message(self) -> Message:
        assert self.update.message is not None
        return self.update.message

    @property
    def message_id(self) -> int:
        """The message that was sent, or the one whose button was tapped."""
        query = self.update.callback_query
        message = query.message if query else self.update.message
        assert message is not None
        return message.message_id

    @property
    def is_private(self) -> bool:
        return self.chat.type == ChatType.PRIVATE

    @property
    def is_admin(self) -> bool:
        return self.chat.id == self.services.settings.bot_admin_chat

    async def reply(self, html: str, keyboard: Keyboard = ()) -> None:
        """Answer with a text; in a group, as a reply to the message, with buttons for the person who asked."""
        reply_to = None if self.is_private else self.message_id
        message = OutgoingMessage(self.chat.id, html, reply_to, self._for_asker(keyboard))
        await self.send(lambda _connection: message)

    async def send(self, write: Callable[[Connection], OutgoingMessage]) -> None:
        """Answer with the message that `write` makes in a transaction, see `Outbox.send`."""
        await self.services.outbox.send(self.update.update_id, write)

    async def send_file(self, name: str, content: bytes, caption: str, keyboard: Keyboard = ()) -> None:
        def call(before: BeforeRequest) -> Awaitable[Message]:
            document = InputFile(io.BytesIO(content), filename=name)
            return self.services.bot.send_document(
                self.chat.id,
                document,
                caption,
                parse_mode=ParseMode.HTML,
                reply_markup=inline_markup(self._for_asker(keyboard)),
                read_timeout=SEND_READ_S,
                rate_limit_args=before,
            )

        await self.services.outbox.send_unsearchable(self.update.update_id, call)

    async def send_venue(self, *, lat: float, lon: float, title: str, address: str) -> None:
        reply = ReplyParameters(self.message_id, allow_sending_without_reply=True)
        await self.services.outbox.send_unsearchable(
            self.update.update_id,
            lambda before: self.services.bot.send_venue(
                self.chat.id,
                lat,
                lon,
                title,
                address,
                reply_parameters=reply,
                read_timeout=SEND_READ_S,
                rate_limit_args=before,
            ),
        )

    async def edit(self, html: str, keyboard: Keyboard = (), *, message_id: int | None = None) -> None:
        """Edit a message of the bot, unless it is gone or already reads like this.

        Args:
            html: the new text.
            keyboard: the new buttons.
            message_id: an answer; by default it is the list or question whose button was tapped.
        """
        number = message_id or self.message_id
        keyboard = keyboard if message_id else self._for_asker(keyboard)
        with contextlib.suppress(BadRequest):
            await with_retries(
                lambda: self.services.bot.edit_message_text(
                    html, self.chat.id, number, parse_mode=ParseMode.HTML, reply_markup=inline_markup(keyboard)
                ),
                tries=EDIT_TRIES,
            )

    async def answer_callback(self, text: str = "") -> None:
        """Stop the progress sign on the tapped button, and show a short text if there is one.

        It is tried once: the sign disappears by itself, and a late toast makes no sense.
        """
        query = self.update.callback_query
        assert query is not None
        with contextlib.suppress(TelegramError):
            await self.services.bot.answer_callback_query(query.id, text or None)

    def _for_asker(self, keyboard: Keyboard) -> Keyboard:
        """The buttons of a list or question. In a group they name the person who asked, and work only for them."""
        if self.is_private or self.user_id < 0:
            return keyboard
        return tuple(tuple(Button(label, f"for:{self.user_id}:{data}") for label, data in row) for row in keyboard)

    def show_typing(self) -> None:
        """Show "typing" without waiting for Telegram, unless it is shown already."""
        now, since = asyncio.get_running_loop().time(), self.services.typing_since
        if now - since.get(self.chat.id, -TYPING_S) < TYPING_S:
            return
        since[self.chat.id] = now
        task = asyncio.create_task(self._send_typing())
        self.services.background_tasks.add(task)
        task.add_done_callback(self.services.background_tasks.discard)

    async def _send_typing(self) -> None:
        with contextlib.suppress(TelegramError):
            await self.services.bot.send_chat_action(self.chat.id, ChatAction.TYPING)


def _sender_id(update: Update) -> int:
    """The sender of an update; 0 if it has none."""
    user, chat = update.effective_user, update.effective_chat
    sender_chat = update.message.sender_chat if update.message else None
    ids = (sender.id if sender else None for sender in (user, sender_chat, chat))
    return sender_id(*ids) or 0


Handler = Callable[[UpdateContext], Awaitable[None]]
