"""How the bot starts, and its message if it cannot: one sentence, and exit code 1."""

from __future__ import annotations

import socket

import pytest

from tests.bot.conftest import Start
from tests.bot.running import RED, START_S, RunningBot, answer, picture
from tests.botapi import BotApiServer, Garbage, GatewayError, Refused, Reset, too_many

SECRET = "a-secret_0123456789"


def ended(bot: RunningBot) -> str:
    """The last line of a bot that could not start."""
    assert bot.process is not None
    assert bot.process.wait(START_S) == 1
    assert "Traceback" not in bot.output
    assert SECRET not in bot.output
    assert bot.server.token not in bot.output
    return bot.output.splitlines()[-1]


def with_webhook(start: Start, port: int) -> RunningBot:
    url, listen = "https://bots.example.org/hook", f"127.0.0.1:{port}"
    return start(bot_webhook_url=url, bot_webhook_secret=SECRET, bot_webhook_listen=listen)


def test_a_webhook_that_is_refused_is_one_sentence(server: BotApiServer, start: Start) -> None:
    server.faults.next("setWebhook", Refused(400, "Bad Request: bad webhook: Failed to resolve host"))
    sentence = ended(with_webhook(start, 0))
    assert sentence.startswith("Error: The Bot API server refuses the webhook https://bots.example.org/hook: ")
    assert sentence.endswith("failed to resolve host. Check bot_webhook_url.")


def test_an_address_that_somebody_else_listens_on_is_one_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sentence = ended(with_webhook(start, port))
    assert sentence.startswith(f"Error: The webhook cannot listen on 127.0.0.1:{port}: ")
    assert sentence.endswith("Check bot_webhook_listen.")


@pytest.mark.parametrize("code", [401, 404])
def test_a_token_that_is_refused_is_one_sentence(code: int, server: BotApiServer, start: Start) -> None:
    server.faults.always("getMe", Refused(code, "Unauthorized"))
    bot = start()
    assert ended(bot).startswith("Error: The Bot API server refuses the token.")
    assert "Unclosed" not in bot.output


def test_a_server_that_does_not_say_who_the_bot_is_is_named_by_its_setting(server: BotApiServer, start: Start) -> None:
    server.faults.always("getMe", Refused(400, "Bad Request: no bots here"))
    assert ended(start()) == ("Error: The Bot API server does not say who the bot is: No bots here. Check bot_api_url.")


def test_a_server_that_is_away_when_the_bot_starts_is_waited_for(server: BotApiServer, start: Start) -> None:
    ana = server.person(1, "Ana")
    photo = ana.private().send_photo(ana, picture(RED))
    with server.dead_network():
        bot = start()
        bot.wait("a warning that it is still trying", lambda: "Telegram does not answer" in bot.output)
    assert answer(ana.private(), photo).text.startswith("🏛 Eiffel Tower")


def test_a_bot_that_is_stopped_while_the_server_is_away_leaves_nothing_open(server: BotApiServer, start: Start) -> None:
    with server.dead_network():
        bot = start()
        bot.wait("a warning that it is still trying", lambda: "Telegram does not answer" in bot.output)
        assert bot.stop() == 0
    assert "Unclosed" not in bot.output


@pytest.mark.parametrize("method", ["getMe", "deleteWebhook", "getUpdates", "setMyCommands"])
def test_each_call_of_the_start_is_repeated_until_it_succeeds(method: str, server: BotApiServer, start: Start) -> None:
    server.faults.next(method, GatewayError(502), Reset(), too_many(1), Garbage())
    ana = server.person(1, "Ana")
    start()
    assert answer(ana.private(), ana.private().send_photo(ana, picture(RED))).text.startswith("🏛 Eiffel Tower")
    server.state.wait(lambda: server.faults.left == 0, START_S, "the faults")


def test_a_bot_that_had_a_webhook_polls_again_when_it_has_none(server: BotApiServer, start: Start) -> None:
    server.state.webhook.url, server.state.updates.webhook = "http://127.0.0.1:9/gone", True
    ana = server.person(1, "Ana")
    start()
    assert answer(ana.private(), ana.private().send_photo(ana, picture(RED))).text.startswith("🏛 Eiffel Tower")


@pytest.mark.parametrize("method", ["setMyCommands", "setMyDescription", "deleteWebhook", "sendChatAction"])
def test_a_server_without_a_method_that_is_no_necessity_is_good_enough(
    method: str, server: BotApiServer, start: Start
) -> None:
    server.faults.always(method, Refused(404, "Not Found"))
    ana = server.person(1, "Ana")
    start()
    assert answer(ana.private(), ana.private().send_photo(ana, picture(RED))).text.startswith("🏛 Eiffel Tower")
