"""The tree of a query: conditions on a row of a listing, joined by AND, OR and NOT."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """A text to compare with. Between two of its parts there may be anything."""

    parts: tuple[str, ...]

    @property
    def has_wildcard(self) -> bool:
        return len(self.parts) > 1

    def __str__(self) -> str:
        return "*".join(self.parts)


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of numbers or moments; a bound that is None is open."""

    low: Any = None
    high: Any = None
    excludes_low: bool = False
    excludes_high: bool = False

    def __contains__(self, value: Any) -> bool:
        if self.low is not None and (value < self.low or (self.excludes_low and value == self.low)):
            return False
        return self.high is None or value < self.high or (not self.excludes_high and value == self.high)

    def outside(self) -> Iterator[Interval]:
        """What is below and above."""
        if self.low is not None:
            yield Interval(high=self.low, excludes_high=not self.excludes_low)
        if self.high is not None:
            yield Interval(low=self.high, excludes_low=not self.excludes_high)


@dataclass(frozen=True, slots=True)
class Circle:
    """The places at most this far from a position, in degrees by WGS 84."""

    lat: float
    lon: float
    km: float


@dataclass(frozen=True, slots=True)
class Ids:
    """Row ids that a name stands for."""

    ids: tuple[int, ...]


Value = Text | Interval | Circle | Ids


@dataclass(frozen=True, slots=True)
class Condition:
    """A key of `db.read.query_language.keys` and the value to compare with."""

    key: str
    value: Value


@dataclass(frozen=True, slots=True)
class And:
    """All of these; without any, everything."""

    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but this."""

    node: Node


Node = And | Or | Not | Condition
ALL = And()


def all_of(nodes: Iterable[Node]) -> Node:
    """The conjunction of nodes, without one inside another."""
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(nodes: Iterable[Node]) -> Node:
    """The disjunction of nodes, without one inside another."""
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negated(node: Node) -> Node:
    """The opposite of a node."""
    return node.node if isinstance(node, Not) else Not(node)


def with_simple_negations(node: Node) -> Node:
    """The same tree with `Not` before conditions only, by De Morgan's laws."""
    if isinstance(node, Not) and not isinstance(node.node, Condition):
        inner = node.node
        if isinstance(inner, Not):
            return with_simple_negations(inner.node)
        join = any_of if isinstance(inner, And) else all_of
        return join(with_simple_negations(Not(one)) for one in inner.nodes)
    if isinstance(node, And | Or):
        join = all_of if isinstance(node, And) else any_of
        return join(map(with_simple_negations, node.nodes))
    return node


def mapped(node: Node, change: Callable[[Condition], Node]) -> Node:
    """The same tree with other conditions."""
    if isinstance(node, Condition):
        return change(node)
    if isinstance(node, Not):
        return negated(mapped(node.node, change))
    join = all_of if isinstance(node, And) else any_of
    return join(mapped(inner, change) for inner in node.nodes)


def conditions(node: Node) -> Iterator[Condition]:
    """All conditions in a tree."""
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, Not):
        yield from conditions(node.node)
    else:
        for inner in node.nodes:
            yield from conditions(inner)


def keys(node: Node) -> set[str]:
    """The keys of all conditions in a tree."""
    return {condition.key for condition in conditions(node)}
