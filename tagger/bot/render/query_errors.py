"""What is wrong with a query, in the person's language."""

from __future__ import annotations

from html import escape

from db.errors import QuerySyntaxError, UnknownName
from tagger.bot.render.languages import N_, Language
from tagger.core.sentence import Sentence

NAMES = N_("/labels lists all that I know.")

# The sentences of `db.read.query_language` and `db.errors` that a query in the bot can lead to.
SENTENCES = (
    N_("The query is wrong at character {number}."),
    N_("A query has at most {conditions} conditions, and {brackets} brackets in one another."),
    N_("A closing bracket is missing."),
    N_("A condition is missing at the end."),
    N_("There is no open bracket that this one closes."),
    N_("A condition is missing before {word}."),
    N_("{key} is not a key."),
    N_("The keys are {keys}."),
    N_("'{key}:' has no value. Write it without a space in between."),
    N_("{value} is no value of {key}."),
    N_("Write {word} in capitals."),
    N_("A quotation mark is not closed, or a value goes on behind it."),
    N_("Write NOT {word}"),
    N_('This has no key. Write landmark:{word}, or quotation marks around a value with spaces: city:"New York"'),
    N_("Write {names}."),
    N_("Write a comparison or a range: >=0.8, <0.5, 0.5..0.8, >=80%"),
    N_("Hardly any is exactly that."),
    N_("Write latitude, longitude and radius: 48.86,2.29,5km, or the radius in m or mi."),
    N_("A latitude is -90 to 90, and a longitude -180 to 180."),
    N_("The range ends before it begins."),
    N_("Write a day, a comparison or a range: 2024, >=2024-07, 2024-07..2024-09"),
    N_("There is no later day."),
    N_("Did you mean {names}?"),
    N_("No landmark is called {name}."),
    N_("No landmark is in {name}."),
    N_("No landmark is in the city {name}."),
)


def query_error(error: QuerySyntaxError | UnknownName, language: Language) -> str:
    """The error as HTML; below a syntax error, the query with a mark at the mistake."""
    sentences = [_translated(sentence, language) for sentence in error.sentences]
    if isinstance(error, UnknownName):
        return escape(" ".join([*sentences, *([] if error.nearest else [language._(NAMES)])]))
    return f"{escape(' '.join(sentences))}\n<pre>{escape(error.pointed)}</pre>"


def _translated(sentence: Sentence, language: Language) -> str:
    values = {
        name: value if isinstance(value, str | int) else language.any_of(value)
        for name, value in sentence.values.items()
    }
    return language._(sentence.template).format(**values)
