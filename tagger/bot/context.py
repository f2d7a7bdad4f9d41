"""What a handler gets: one update with its sender, the language, and the ways to answer.

A handler answers an update with at most one new message, and perhaps a picture after it; everything else it does is an
edit.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from telegram import Chat, InputFile, Message, ReplyParameters, Update
from telegram.constants import ChatType, ParseMode
from telegram.error import BadRequest, ChatMigrated, TelegramError

from db.engine import Connection
from db.telegram import questions
from tagger.bot.incoming import has_photo, sender_of
from tagger.bot.open_work import Sender
from tagger.bot.render.languages import Language
from tagger.bot.render.length import MAX_CAPTION, shorten
from tagger.bot.services import Services
from tagger.bot.transport.client import SEND_READ_S
from tagger.bot.transport.message import Button, Keyboard, OutgoingMessage, inline_markup
from tagger.bot.transport.rate_limiter import BeforeRequest
from tagger.bot.transport.retry import with_retries
from tagger.bot.transport.sanitize import STAND_INS
from tagger.core.types import Landmark

log = logging.getLogger(__name__)

EDIT_TRIES = 30


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
        language = await services.language(sender_of(update).user_id, user.language_code if user else None)
        return cls(services, update, language, arguments)

    def _(self, text: str) -> str:
        return self.language._(text)

    @property
    def landmarks(self) -> dict[int, Landmark]:
        """All landmarks of the store, in the person's language."""
        return self.services.landmarks_in(self.language)

    @property
    def chat(self) -> Chat:
        assert self.update.effective_chat is not None
        return self.update.effective_chat

    @property
    def chat_id(self) -> int:
        """The chat's number in the store; if the group has become a supergroup, its new one."""
        return self.services.outbox.migrations.current(self.chat.id)

    @property
    def user_id(self) -> int:
        """Who sent the update; negative for a chat that somebody writes as, see `sender_id`."""
        return self.sender.user_id

    @property
    def sender(self) -> Sender:
        return sender_of(self.update)

    @property
    def is_trusted(self) -> bool:
        """Whether decisions made here count for the library."""
        settings = self.services.settings
        trusted = settings.bot_trust
        if not isinstance(trusted, tuple):
            trusted = (settings.bot_admin_chat or 0, *(settings.bot_allow if trusted == "allowed" else ()))
        return bool({self.user_id, *self.services.outbox.migrations.numbers(self.chat.id)} & {*trusted})

    @property
    def message(self) -> Message:
        message = self.update.message or self.update.edited_message
        assert message is not None
        return message

    @property
    def replied_photo(self) -> Message | None:
        """The message that is replied to, if it has somebody's photo and this one has none."""
        message = self.update.message or self.update.edited_message
        replied = message.reply_to_message if message and not has_photo(message) else None
        if replied is None or not has_photo(replied):
            return None
        is_own = replied.from_user is not None and replied.from_user.id == self.services.bot.id  # a map or an export
        return None if is_own else replied

    @property
    def replies_to_another(self) -> bool:
        """Whether the message below which somebody tapped is a reply to somebody else, in a group.

        An app can forge a button's data, but not its message. Without this, it could overwrite any message of the bot.
        """
        query = self.update.callback_query
        replied = query.message.reply_to_message if query and isinstance(query.message, Message) else None
        if self.is_private or replied is None or replied.from_user is None:
            return False
        return replied.from_user.id not in (self.user_id, *STAND_INS)

    @property
    def thread_id(self) -> int | None:
        """The topic of a forum in which the message is; None elsewhere."""
        query = self.update.callback_query
        message = query.message if query else self.message
        return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None

    @property
    def message_id(self) -> int:
        """The message that was sent, or the one whose button was tapped."""
        query = self.update.callback_query
        message = query.message if query else self.message
        assert message is not None
        return message.message_id

    @property
    def is_private(self) -> bool:
        return self.chat.type == ChatType.PRIVATE

    @property
    def is_quiet(self) -> bool:
        """Whether photos are answered with reactions here."""
        numbers = self.services.outbox.migrations.numbers(self.chat.id)
        return bool(numbers & {*self.services.settings.bot_quiet_groups})

    @property
    def is_admin(self) -> bool:
        return self.services.settings.bot_admin_chat in self.services.outbox.migrations.numbers(self.chat.id)

    async def reply(self, html: str, keyboard: Keyboard = ()) -> None:
        """Answer with a text; in a group, as a reply to the message, with buttons for the person who asked."""
        reply_to = None if self.is_private else self.message_id
        buttons = self._for_asker(keyboard)
        message = OutgoingMessage(self.chat_id, shorten(html), reply_to, buttons, thread_id=self.thread_id)
        await self.send(lambda _connection: message)

    async def ask(self, html: str, answer_id: int, *, reply_to: int | None) -> None:
        """Answer with a question for the landmark of an answer, which the person's next message answers."""
        message = OutgoingMessage(
            self.chat_id,
            html,
            reply_to,
            asks=True,
            answer_id=answer_id,
            thread_id=self.thread_id,
            asker_id=self.user_id,
        )
        await self.send(lambda _connection: message)

    async def send(self, write: Callable[[Connection], OutgoingMessage], *, also_answers: Collection[int] = ()) -> None:
        """Answer with the message that `write` makes in a transaction, see `Outbox.send`.

        The answer to a message ends its sender's open question.
        """

        def store(connection: Connection) -> OutgoingMessage:
            self._close_question(connection)
            return write(connection)

        await self.services.outbox.send(self.update.update_id, store, also_answers=also_answers)

    def _close_question(self, connection: Connection) -> None:
        if self.update.message is not None:
            questions.close(connection, chat_id=self.chat_id, user_id=self.user_id)

    async def send_file(self, name: str, content: bytes, caption: str, keyboard: Keyboard = ()) -> None:
        def call(chat_id: int, before: BeforeRequest) -> Awaitable[Message]:
            document = InputFile(io.BytesIO(content), filename=name)
            return self.services.bot.send_document(
                chat_id,
                document,
                shorten(caption, MAX_CAPTION),
                parse_mode=ParseMode.HTML,
                reply_markup=inline_markup(self._for_asker(keyboard)),
                message_thread_id=self.thread_id,
                read_timeout=SEND_READ_S,
                rate_limit_args=before,
            )

        await self.services.outbox.send_unsearchable(self.update.update_id, self.chat.id, call)
        self.services.db.submit(self._close_question)

    async def send_picture(self, png: bytes, caption: str) -> None:
        """Send a picture after the answer, if the chat takes pictures and nothing goes wrong."""
        with contextlib.suppress(BadRequest):
            await self.services.outbox.send_unsearchable(
                self.update.update_id,
                self.chat.id,
                lambda chat_id, before: self.services.bot.send_photo(
                    chat_id,
                    png,
                    shorten(caption, MAX_CAPTION),
                    parse_mode=ParseMode.HTML,
                    message_thread_id=self.thread_id,
                    read_timeout=SEND_READ_S,
                    rate_limit_args=before,
                ),
                is_answer=False,
            )

    async def react(self, emoji: str) -> None:
        """Set the bot's reaction to the message; it does no harm if the chat does not allow this one."""
        with contextlib.suppress(TelegramError):
            await with_retries(
                lambda: self.services.bot.set_message_reaction(self.chat.id, self.message_id, emoji), tries=EDIT_TRIES
            )

    async def send_venue(self, *, lat: float, lon: float, title: str, address: str) -> None:
        reply = ReplyParameters(self.message_id, allow_sending_without_reply=True)
        await self.services.outbox.send_unsearchable(
            self.update.update_id,
            self.chat.id,
            lambda chat_id, before: self.services.bot.send_venue(
                chat_id,
                lat,
                lon,
                title,
                address,
                reply_parameters=reply,
                message_thread_id=self.thread_id,
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
        try:
            await with_retries(
                lambda: self.services.bot.edit_message_text(
                    shorten(html), self.chat.id, number, parse_mode=ParseMode.HTML, reply_markup=inline_markup(keyboard)
                ),
                tries=EDIT_TRIES,
            )
        except BadRequest:
            pass
        except ChatMigrated as error:  # in the new chat, this number may be that of another message
            await self.services.outbox.migrations.add(self.chat.id, error.new_chat_id)
        except TelegramError as error:
            log.warning("A message could not be edited: %s", error)

    async def answer_callback(self, text: str = "") -> None:
        """Stop the progress sign on the tapped button, and show a short text if there is one.

        It is tried once: the sign disappears by itself, and a late toast makes no sense.
        """
        query = self.update.callback_query
        assert query is not None
        await self.services.answer_callback(query.id, text)

    def _for_asker(self, keyboard: Keyboard) -> Keyboard:
        """The buttons of a list or question. In a group they name the person who asked, and work only for them."""
        if self.is_private or self.user_id < 0:
            return keyboard
        return tuple(tuple(Button(label, f"for:{self.user_id}:{data}") for label, data in row) for row in keyboard)

    def show_typing(self) -> None:
        """Show "typing" without waiting for Telegram, unless it is shown already."""
        self.services.show_typing(self.chat_id, self.thread_id)


Handler = Callable[[UpdateContext], Awaitable[None]]
