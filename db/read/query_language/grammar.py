"""Parse a query. An error says where the mistake is, and names the nearest key."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime, tzinfo
from functools import cache

from lark import Lark, Token, Transformer, UnexpectedToken

from db.errors import QuerySyntaxError
from db.read.query_language.keys import READERS, Clock
from db.read.query_language.tree import ALL, Condition, Node, Text, all_of, any_of, mapped, negated
from tagger.core.sentence import Sentence, ask_which
from tagger.core.text import similar

# SQLite and Python limit how deep an expression may be.
MOST_CHARACTERS = 20_000
MOST_CONDITIONS = 200
MOST_BRACKETS = 50  # one inside another

# Operators are whole words in capitals. A word without a key is parsed too, for an error that says how to write it.
GRAMMAR = r"""
    ?start: disjunction | -> everything
    ?disjunction: conjunction | conjunction (_OR conjunction)+ -> either
    ?conjunction: term | term (_AND? term)+ -> both
    ?term: _NOT term -> negation | _LEFT disjunction _RIGHT | CONDITION -> condition | WORD -> condition

    _OR.3: /OR(?![^\s()])/
    _AND.3: /AND(?![^\s()])/
    _NOT.3: /NOT(?![^\s()])/
    _LEFT: "("
    _RIGHT: ")"
    CONDITION.2: /[^\W\d]\w*:(?:"(?:[^"\\]|\\.)*"|\\.|[^\s()"\\])*(?![^\s()])/s
    WORD.1: /[^\s()]+/
    %ignore /\s+/
"""


class _Builder(Transformer[Token, Node]):
    """Conditions get their keys as tokens, which know where they are, and their values as texts."""

    def everything(self, _: list[Node]) -> Node:
        return ALL

    def either(self, nodes: list[Node]) -> Node:
        return any_of(nodes)

    def both(self, nodes: list[Node]) -> Node:
        return all_of(nodes)

    def negation(self, nodes: list[Node]) -> Node:
        return negated(nodes[0])

    def condition(self, tokens: list[Token]) -> Node:
        (token,) = tokens
        key, _, value = (token, "", "") if token.type == "WORD" else token.partition(":")
        return Condition(token.update(value=key), _unquoted(value))


def parse(text: str, *, zone: tzinfo | None = None, keys: Collection[str] = tuple(READERS)) -> Node:
    """The tree of a query, whose names are still texts.

    Args:
        text: what a person wrote; an empty one means everything.
        zone: of the times when photos were tagged; None for this machine's.
        keys: those that may be used.

    Raises:
        QuerySyntaxError: says where the mistake is.
    """
    clock = Clock(datetime.now(zone).date(), zone)
    _check_size(text)
    try:
        tree: Node = _parser().parse(text)  # type: ignore[assignment]
    except UnexpectedToken as error:
        at = len(text) if error.token.type == "$END" else error.token.start_pos
        raise QuerySyntaxError(text, at or 0, _sentence(error)) from error
    return mapped(tree, lambda condition: _read(text, condition, clock, keys))


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder())


def _check_size(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        too_long = Sentence("A query has at most {characters} characters.", characters=MOST_CHARACTERS)
        raise QuerySyntaxError(text, MOST_CHARACTERS, too_long)
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise QuerySyntaxError(text, error.start, Sentence("Here is half a character.")) from error
    terms = brackets = 0
    for token in _parser().lex(text):
        terms += token.type in ("CONDITION", "WORD", "_NOT")
        brackets += (token.type == "_LEFT") - (token.type == "_RIGHT")
        if terms > MOST_CONDITIONS or brackets > MOST_BRACKETS:
            sentence = Sentence(
                "A query has at most {conditions} conditions, and {brackets} brackets in one another.",
                conditions=MOST_CONDITIONS,
                brackets=MOST_BRACKETS,
            )
            raise QuerySyntaxError(text, token.start_pos or 0, sentence)


def _sentence(error: UnexpectedToken) -> Sentence:
    """What is wrong where the parser met a token that cannot follow."""
    expected, found = error.accepts or error.expected, error.token
    if found.type == "$END":
        if "_RIGHT" in expected:
            return Sentence("A closing bracket is missing.")
        return Sentence("A condition is missing at the end.")
    if found.type == "_RIGHT" and "$END" in expected:
        return Sentence("There is no open bracket that this one closes.")
    return Sentence("A condition is missing before {word}.", word=str(found.value))


def _read(text: str, condition: Condition, clock: Clock, keys: Collection[str]) -> Condition:
    """The condition with its value read."""
    key, value = condition.key, condition.value
    assert isinstance(key, Token)
    assert isinstance(value, Text)
    at = key.start_pos or 0
    if key.type == "WORD":
        raise QuerySyntaxError(text, at, _about_word(key))
    name = key.lower()
    if name not in keys:
        hint = ask_which(similar(name, keys)) or (Sentence("The keys are {keys}.", keys=", ".join(keys)),)
        raise QuerySyntaxError(text, at, Sentence("{key} is not a key.", key=str(key)), *hint)
    start = at + len(key) + 1
    if not str(value).strip():
        no_value = Sentence("'{key}:' has no value. Write it without a space in between.", key=name)
        raise QuerySyntaxError(text, start, no_value)
    try:
        return Condition(name, READERS[name](value, clock))
    except ValueError as error:  # of sentences, see `READERS`
        wrong = Sentence("{value} is no value of {key}.", value=repr(str(value)), key=name)
        raise QuerySyntaxError(text, start, wrong, *error.args) from error


def _about_word(word: Token) -> Sentence:
    if word.upper() in ("AND", "OR", "NOT"):
        return Sentence("Write {word} in capitals.", word=word.upper())
    if '"' in word:
        return Sentence("A quotation mark is not closed, or a value goes on behind it.")
    if word.startswith("-") and ":" in word:
        return Sentence("Write NOT {word}", word=word[1:])
    return Sentence(
        'This has no key. Write landmark:{word}, or quotation marks around a value with spaces: city:"New York"',
        word=str(word),
    )


def _unquoted(written: str) -> Text:
    """A value without quotation marks and backslashes. A backslash makes the next character an ordinary one."""
    parts, is_literal = [""], False
    for character in written:
        if is_literal:
            parts[-1] += character
            is_literal = False
        elif character == "\\":
            is_literal = True
        elif character == "*":
            parts.append("")
        elif character != '"':
            parts[-1] += character
    return Text(tuple(parts))
