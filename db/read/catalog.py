"""What the store knows by name: landmarks, countries, models and runs, and the nearest name where one is mistyped."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

from sqlalchemy import Connection, Row, Select, func, select

from db.errors import UnknownCountry, UnknownLandmark, UnknownModel, UnknownRun
from db.read.rows import LabelRow
from db.rows import RunCounts, RunRow, RunStart
from db.schema.models import File, Landmark, Model, Run
from db.schema.views import machine_tag, person_tag
from tagger.core import types
from tagger.core.text import nearest, plain


def find_landmark(connection: Connection, text: str) -> str:
    """The key of a landmark called by key, name or alias; case, accents and punctuation do not matter.

    Raises:
        UnknownLandmark: with the nearest keys.
    """
    rows = connection.execute(select(Landmark.key, Landmark.name, Landmark.aliases).order_by(Landmark.id)).all()
    called: dict[str, str] = {}
    # A key outranks another landmark's name, and a name another's alias.
    for names in (lambda row: (row.key,), lambda row: (row.name,), lambda row: row.aliases):
        for row in rows:
            for name in names(row):
                called.setdefault(plain(name), row.key)
    if key := called.get(plain(text)):
        return key
    raise UnknownLandmark(text, nearest(text, {row.key: (row.key, row.name, *row.aliases) for row in rows}))


def landmark_id(connection: Connection, text: str) -> int:
    """Like `find_landmark`, but its number in the tables."""
    key = find_landmark(connection, text)
    return connection.execute(select(Landmark.id).where(Landmark.key == key)).scalar_one()


def country_landmark_ids(connection: Connection, country: str) -> list[int]:
    """The landmarks of a country, by number.

    Raises:
        UnknownCountry: no landmark lies there.
    """
    rows = connection.execute(select(Landmark.id, Landmark.country)).all()
    found = [row.id for row in rows if plain(row.country) == plain(country)]
    if not found:
        raise UnknownCountry(country, nearest(country, {row.country: (row.country,) for row in rows}))
    return found


def model_ids(connection: Connection, text: str) -> list[int]:
    """The models of a name (all its versions), or whose id begins so, by number.

    Raises:
        UnknownModel: there is none.
    """
    rows = connection.execute(select(Model.id, Model.name, Model.model_id)).all()
    found = [row.id for row in rows if plain(row.name) == plain(text) or row.model_id.startswith(text.lower())]
    if not found or not text:
        raise UnknownModel(text, nearest(text, {row.name: (row.name,) for row in rows}))
    return found


def landmarks(connection: Connection) -> dict[int, types.Landmark]:
    """All landmarks by their number in the tables."""
    return {
        row.id: types.Landmark(
            row.key, row.name, row.country, row.lat, row.lon, row.city, tuple(row.aliases), row.wikidata
        )
        for row in connection.execute(select(Landmark.__table__))
    }


def labels(connection: Connection) -> list[LabelRow]:
    """Every landmark with the number of photos that show it, by country and name."""
    counts: Counter[int] = Counter()
    for view in (machine_tag, person_tag):  # no photo has tags of both, nor one landmark twice
        lies = select(File.id).where(File.photo_id == view.c.photo_id, File.gone_at.is_(None)).exists()
        counted = select(view.c.landmark_id, func.count()).where(view.c.is_current == 1, lies)
        counts.update(dict(connection.execute(counted.group_by(view.c.landmark_id)).all()))
    rows = [LabelRow(landmark, counts[id_]) for id_, landmark in landmarks(connection).items()]
    return sorted(rows, key=lambda row: (row.landmark.country, row.landmark.name))


def runs(connection: Connection, *, limit: int = 20) -> list[RunRow]:
    """The newest runs, newest first."""
    return [_run_row(row) for row in connection.execute(_runs().order_by(Run.id.desc()).limit(limit))]


def run(connection: Connection, run_id: int) -> RunRow:
    """Raises:
    UnknownRun: there is none.
    """
    row = connection.execute(_runs().where(Run.id == run_id)).first()
    if row is None:
        raise UnknownRun(run_id)
    return _run_row(row)


def _runs() -> Select[tuple[Run]]:
    columns = [column for column in Run.__table__.columns if column.name not in ("model_id", "report")]
    return select(*columns, Model.name.label("model_name"), Model.version, Model.model_id).join(Model)


def _run_row(row: Row[tuple[Run]]) -> RunRow:
    at = row._mapping
    start = (field.name for field in fields(RunStart) if field.name != "roots")
    return RunRow(
        id=at["id"],
        model_name=at["model_name"],
        model_version=at["version"],
        model_id=at["model_id"],
        start=RunStart(**{name: at[name] for name in start}, roots=tuple(at["roots"])),
        started_at=at["started_at"],
        finished_at=at["finished_at"],
        status=at["status"],
        counts=RunCounts(**{field.name: at[field.name] for field in fields(RunCounts)}),
        error=at["error"],
        undone_at=at["undone_at"],
    )
