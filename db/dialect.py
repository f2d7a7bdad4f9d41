"""SQL that SQLite and PostgreSQL write in different ways.

The one rule: a statement is built once, for both; only this module knows which database will run it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVarTuple, overload

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Connection,
    CursorResult,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Select,
    String,
    TypeDecorator,
    bindparam,
    func,
    select,
    true,
    types,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as insert
from sqlalchemy.dialects.sqlite.dml import OnConflictClause
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.expression import ClauseElement, ColumnElement, text
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TypedReturnsRows

Columns = TypeVarTuple("Columns")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
SQLITE = sqlite.dialect()

# SQLite's INSERT with ON CONFLICT serves both: PostgreSQL's compiler only asks for this attribute as well.
OnConflictClause.constraint_target = None  # type: ignore[attr-defined]


@overload
def execute(
    connection: Connection, statement: TypedReturnsRows[*Columns], parameters: Parameters
) -> CursorResult[*Columns]: ...


@overload
def execute(connection: Connection, statement: UpdateBase, parameters: Parameters) -> CursorResult[Any]: ...


def execute(connection: Connection, statement: Any, parameters: Parameters) -> CursorResult[Any]:
    """`connection.execute`, quicker on SQLite, for statements that run for each photo of the bot.

    SQLAlchemy takes longer to look at a statement than SQLite to execute it, and what it finds is the same each time.

    Args:
        connection: any.
        statement: without lists of values in it. It is kept: build it once.
        parameters: a row, or several with the same columns.

    Returns:
        The rows as the database gives them, so that it suits columns of numbers and text.
    """
    rows = [parameters] if isinstance(parameters, Mapping) else parameters
    prepared = _prepared(statement, tuple(rows[0])) if connection.dialect.name == "sqlite" else None
    if prepared is None:
        return connection.execute(statement, parameters)
    values = [prepared.values(row) for row in rows]
    return connection.exec_driver_sql(prepared.sql, values[0] if len(values) == 1 else values)


class _Prepared(NamedTuple):
    """A statement as text, and what becomes of its parameters: each has a name, a fixed value, and how it is stored."""

    sql: str
    binds: tuple[tuple[str, Any, Callable[[Any], Any] | None], ...]

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(
            value if store is None else store(value)
            for name, fixed, store in self.binds
            for value in (row.get(name, fixed),)
        )


@cache
def _prepared(statement: ClauseElement, names: tuple[str, ...]) -> _Prepared | None:
    """None if SQLAlchemy has to look at a statement each time: it computes values of its columns, or lists."""
    compiled = statement.compile(dialect=SQLITE, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    if compiled.insert_prefetch or compiled.update_prefetch or compiled.post_compile_params:
        return None
    fixed = compiled.params
    binds = []
    for name in compiled.positiontup or ():
        kind = compiled.binds[name].type
        binds.append((name, fixed.get(name), kind.dialect_impl(SQLITE).bind_processor(SQLITE)))
    return _Prepared(compiled.string, tuple(binds))


def insert_rows(connection: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, of which no two have one key. PostgreSQL gets them as arrays in one statement.

    Args:
        connection: of a transaction that writes.
        statement: without values. It is kept: build it once.
        rows: at least one, all with the same columns.
    """
    if connection.dialect.name == "sqlite":
        execute(connection, statement, rows)
        return
    names = tuple(rows[0])
    arrays = {f"all_{name}": [row[name] for row in rows] for name in names}
    connection.execute(_from_arrays(statement, names), arrays)


@cache
def _from_arrays(statement: Insert, names: tuple[str, ...]) -> Insert:
    arrays = [bindparam(f"all_{name}", type_=ARRAY(statement.table.c[name].type)) for name in names]
    rows = func.unnest(*arrays).table_valued(*names).render_derived()
    return statement.from_select(names, select(*(rows.c[name] for name in names)))


def of_size(connection: Connection, values: Select[*tuple[Any, ...]], size: int, most: int) -> Select[*tuple[Any, ...]]:
    """A set that was counted. PostgreSQL may expect a hundred times as many, and then walks all files to find them.

    Args:
        connection: any.
        values: one column.
        size: how many they are.
        most: they were counted up to one more; planned with any other limit, they may be looked for without an index.
    """
    if connection.dialect.name == "sqlite":
        return values
    return select(values.limit(most + 1).subquery().c[0]).distinct().limit(size)


def sorted_first(
    connection: Connection, rows: Select[*Columns], key: Any, order: Any, condition: ColumnElement[bool]
) -> Select[*Columns]:
    """The rows that pass a condition, in order. PostgreSQL sorts them before it looks at other conditions, so that it
    looks at no more of them than are read.

    Args:
        connection: any.
        rows: their other conditions take long.
        key: a unique column of their table.
        order: a column of their table.
        condition: few rows pass it.
    """
    if connection.dialect.name == "sqlite":
        return rows.where(condition).order_by(order)
    first = select(key.label("key"), order.label("place")).where(condition).order_by(order).offset(0).subquery()
    return rows.where(key == first.c.key).order_by(first.c.place)


def for_sqlite(connection: Connection, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that other ones imply. Only SQLite needs it, to begin with the rows that pass."""
    return condition if connection.dialect.name == "sqlite" else true()


WholeNumber = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys by itself


class CleanText(TypeDecorator[str]):
    """Text, compared by its code points. PostgreSQL stores neither NUL nor what is no Unicode, so both are replaced."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        return dialect.type_descriptor(String(collation="C") if dialect.name == "postgresql" else String())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return cleaned if dialect.name == "postgresql" else None


def cleaned(value: Any) -> Any:
    """A text without NUL and lone surrogates."""
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.encode(errors="backslashreplace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def partial(condition: str, postgresql: str | None = None) -> dict[str, Any]:
    """The arguments of an index over only the rows that pass a condition.

    Args:
        condition: in SQL.
        postgresql: the condition in PostgreSQL, if that writes it otherwise.
    """
    return {"sqlite_where": text(condition), "postgresql_where": text(postgresql or condition)}


def _function(kind: types.TypeEngine[Any], *, sqlite: str, postgresql: str) -> Callable[..., ColumnElement[Any]]:
    """A function of SQL that each database writes in its own way.

    Args:
        kind: the type of its result.
        sqlite: how SQLite writes it; {0} is the first argument.
        postgresql: how PostgreSQL does.
    """

    class Function(FunctionElement[Any]):
        inherit_cache = True
        type = kind

    for name, template in (("sqlite", sqlite), ("postgresql", postgresql)):

        def render(element: Any, compiler: Any, template: str = template, **options: Any) -> str:
            return template.format(*(compiler.process(argument, **options) for argument in element.clauses))

        compiles(Function, name)(render)
    return Function


least = _function(Integer(), sqlite="min({0}, {1})", postgresql="least({0}, {1})")
greatest = _function(Integer(), sqlite="max({0}, {1})", postgresql="greatest({0}, {1})")
whole = _function(Integer(), sqlite="CAST({0} AS INTEGER)", postgresql="CAST(floor({0}) AS BIGINT)")
is_any = _function(Boolean(), sqlite="max({0})", postgresql="bool_or({0})")
with_commas = _function(String(), sqlite="group_concat({0})", postgresql="string_agg(CAST({0} AS TEXT), ',')")
clock_time = _function(String(), sqlite="time({0})", postgresql="to_char({0}, 'HH24:MI:SS')")
# In UTC, by the database's clock: those of its users' machines differ.
utc_now = _function(
    DateTime(),
    sqlite="strftime('%Y-%m-%d %H:%M:%f000', 'now')",  # as SQLAlchemy stores it
    postgresql="timezone('utc', clock_timestamp())",
)
month_of = _function(String(), sqlite="strftime('%Y-%m', {0})", postgresql="to_char({0}, 'YYYY-MM')")
distance_km = _function(  # see `tagger.core.distance`
    Float(),
    sqlite="distance_km({0}, {1}, {2}, {3})",
    postgresql="2 * 6371.0 * asin(sqrt(least(1.0, power(sin(radians(({2}) - ({0})) / 2), 2)"
    " + cos(radians({0})) * cos(radians({2})) * power(sin(radians(({3}) - ({1})) / 2), 2))))",
)
# PostgreSQL has no min() and max() of bytes before version 18.
first_path = _function(LargeBinary(), sqlite="min({0})", postgresql="(array_agg({0} ORDER BY {0}))[1]")
last_path = _function(LargeBinary(), sqlite="max({0})", postgresql="(array_agg({0} ORDER BY {0} DESC))[1]")
# The value in the row with the greatest key. SQLite takes it from there if max() of the key is selected too.
of_greatest = _function(String(), sqlite="{0}", postgresql="(array_agg({0} ORDER BY {1} DESC))[1]")
# A path's bytes as the text in which each byte is a character: any bytes, and letters compare in any case.
path_text = _function(String(), sqlite="CAST({0} AS VARCHAR)", postgresql="convert_from({0}, 'LATIN1')")
# The name at the end of a path, with small letters for A to Z. The index `ix_file_name` has the same expression.
FILE_NAME = {
    "sqlite": (
        "lower(replace(CAST({0} AS VARCHAR), rtrim(CAST({0} AS VARCHAR), replace(CAST({0} AS VARCHAR), '/', '')), ''))"
    ),
    "postgresql": "lower(substring(encode({0}, 'escape') from '[^/]*$') COLLATE \"C\")",
}
file_name = _function(String(), **FILE_NAME)
# A text that comes after all names that begin like one. A name has at most 255 bytes, of which any may be 255.
after_names = _function(String(), sqlite=f"({{0}} || CAST(x'{'ff' * 255}' AS VARCHAR))", postgresql="({0} || chr(128))")
# Whether a text is like a pattern, in any case of A to Z. A backslash escapes.
is_like = _function(Boolean(), sqlite="like({1}, {0}, '\\')", postgresql="({0}) COLLATE \"C\" ILIKE ({1}) ESCAPE '\\'")
# Whether a text is in a list that is one parameter, in JSON. SQLAlchemy writes an IN list anew for each execution,
# which takes longer than the query. Not of type Boolean: SQLite cannot use an index for the `= 1` behind that.
is_listed = _function(
    Integer(),
    sqlite="{0} IN (SELECT value FROM json_each({1}))",
    postgresql="{0} IN (SELECT json_array_elements_text(CAST({1} AS JSON)))",
)
# The same for whole numbers.
is_numbered = _function(
    Integer(),
    sqlite="{0} IN (SELECT value FROM json_each({1}))",
    postgresql="{0} = ANY(CAST(translate({1}, '[]', '{{}}') AS BIGINT[]))",
)
