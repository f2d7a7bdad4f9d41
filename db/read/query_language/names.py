"""Look up the names in a query: landmarks, countries, cities and models become row ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from db.errors import UnknownCity
from db.read import catalog
from db.read.query_language.tree import And, Condition, Ids, Interval, Node, Not, Text, all_of, any_of, mapped
from db.schema.models import Landmark
from tagger.core.landmark_names import places_of
from tagger.core.text import nearest, plain


def look_up(connection: Connection, node: Node) -> Node:
    """The tree with row ids for names. Conditions on a landmark's name, country and city become one.

    Raises:
        UnknownName: the store does not have a name, or a run.
    """
    return _joined(mapped(node, lambda condition: _looked_up(connection, condition)))


def _looked_up(connection: Connection, condition: Condition) -> Condition:
    key, value = condition.key, condition.value
    if key == "run":
        assert isinstance(value, Interval)
        if value.low is not None and value.low == value.high:
            catalog.run(connection, value.low)
    if not isinstance(value, Text):
        return condition
    if key == "landmark":
        return Condition(key, Ids(tuple(_landmarks(connection, value))))
    if key == "country":
        return Condition("landmark", Ids(tuple(_in_country(connection, value))))
    if key == "city":
        return Condition("landmark", Ids(tuple(_in_city(connection, value))))
    if key == "model":
        return Condition(key, Ids(tuple(catalog.model_ids(connection, str(value)))))
    return condition


def _landmarks(connection: Connection, name: Text) -> list[int]:
    if not name.has_wildcard:
        return [catalog.landmark_id(connection, str(name))]
    names = catalog.landmark_names(connection)
    return [id_ for id_, own in names.items() if _matches(name, own)] or [catalog.landmark_id(connection, str(name))]


def _in_country(connection: Connection, name: Text) -> list[int]:
    if not name.has_wildcard:
        return catalog.country_landmark_ids(connection, str(name))
    rows = connection.execute(select(Landmark.id, Landmark.country).where(Landmark.country.is_not(None)))
    found = [row.id for row in rows if _matches(name, [row.country or ""])]
    return found or catalog.country_landmark_ids(connection, str(name))


def _in_city(connection: Connection, name: Text) -> list[int]:
    landmarks = catalog.landmarks(connection)
    cities = {id_: (landmark.city or "", *places_of(landmark)) for id_, landmark in landmarks.items()}
    if found := [id_ for id_, names in cities.items() if _matches(name, names)]:
        return found
    raise UnknownCity(str(name), nearest(str(name), {names[0]: names for names in cities.values() if names[0]}))


def _matches(name: Text, own: Iterable[str]) -> bool:
    parts = [plain(part) for part in name.parts]
    return any(_fits(parts, plain(one)) for one in own if one)


def _fits(parts: Sequence[str], text: str) -> bool:
    """Whether a text has these parts, and anything between them. A regular expression could take for ever."""
    first, *middle = parts
    if not middle:
        return text == first
    last, at = middle.pop(), len(first)
    end = len(text) - len(last)
    if end < at or not (text.startswith(first) and text.endswith(last)):
        return False
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _joined(node: Node) -> Node:
    """One condition on landmarks instead of several in a conjunction, so that only their common ids are looked for."""
    if isinstance(node, Condition):
        return node
    if isinstance(node, Not):
        return Not(_joined(node.node))
    nodes = [_joined(inner) for inner in node.nodes]
    if not isinstance(node, And):
        return any_of(nodes)
    on_landmarks = [inner for inner in nodes if isinstance(inner, Condition) and inner.key == "landmark"]
    if len(on_landmarks) < 2:
        return all_of(nodes)
    ids = set.intersection(*(set(inner.value.ids) for inner in on_landmarks if isinstance(inner.value, Ids)))
    others = (inner for inner in nodes if inner not in on_landmarks)
    return all_of([Condition("landmark", Ids(tuple(sorted(ids)))), *others])
