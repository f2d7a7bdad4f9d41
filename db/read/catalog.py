"""Look up landmarks, models, runs and jobs by name; errors name the nearest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, Row, Select, func, select

from db.blocks import photos_by_landmark
from db.errors import UnknownCountry, UnknownLandmark, UnknownModel, UnknownRun
from db.read.rows import LabelRow
from db.rows import JobRunRow, RunCounts, RunRow, RunStart
from db.schema.models import JobRun, Landmark, Model, Run
from tagger.core import types
from tagger.core.landmark_names import find, names_of
from tagger.core.text import nearest, plain


def find_landmark(connection: Connection, text: str) -> str:
    """The key of the landmark with a name, in any language, as `tagger.core.landmark_names.find` compares them.

    Raises:
        UnknownLandmark: with the nearest keys.
    """
    known = {landmark.id: landmark for landmark in landmarks(connection).values()}
    if key := find(text, known):
        return key
    raise UnknownLandmark(text, nearest(text, {key: names_of(landmark) for key, landmark in known.items()}))


def landmark_names(connection: Connection) -> dict[int, tuple[str, ...]]:
    """The key and all names of each landmark, by row id."""
    return {id_: names_of(landmark) for id_, landmark in landmarks(connection).items()}


def landmark_id(connection: Connection, text: str) -> int:
    """The row id of the landmark that `find_landmark` finds."""
    key = find_landmark(connection, text)
    return connection.execute(select(Landmark.id).where(Landmark.key == key)).scalar_one()


def countries(connection: Connection) -> list[str]:
    """The countries of all landmarks, by name."""
    rows = select(Landmark.country).where(Landmark.country.is_not(None)).distinct().order_by(Landmark.country)
    return [name for name in connection.execute(rows).scalars() if name]


def country_landmark_ids(connection: Connection, country: str) -> list[int]:
    """The row ids of a country's landmarks.

    Raises:
        UnknownCountry: no landmark is there.
    """
    rows = connection.execute(select(Landmark.id, Landmark.country).where(Landmark.country.is_not(None))).all()
    countries = {row.id: row.country or "" for row in rows}
    found = [id_ for id_, name in countries.items() if plain(name) == plain(country)]
    if not found:
        raise UnknownCountry(country, nearest(country, {name: (name,) for name in countries.values()}))
    return found


def model_ids(connection: Connection, text: str) -> list[int]:
    """The row ids of the models with this name, in all versions or in the one behind it, or with this start of the id.

    Raises:
        UnknownModel: there is no such model.
    """
    rows = connection.execute(select(Model.id, Model.name, Model.version, Model.model_id)).all()
    found = [
        row.id
        for row in rows
        if plain(row.name) == plain(text)
        or f"{row.name} {row.version}".casefold() == text.casefold()
        or row.model_id.startswith(text.lower())
    ]
    if not found or not text:
        raise UnknownModel(text, nearest(text, {row.name: (row.name,) for row in rows}))
    return found


def model_names(connection: Connection) -> dict[int, tuple[str, str]]:
    """The names and versions of all models by row id."""
    rows = connection.execute(select(Model.id, Model.name, Model.version))
    return {number: (name, version) for number, name, version in rows}


def landmarks(connection: Connection, ids: Collection[int] | None = None) -> dict[int, types.Landmark]:
    """Landmarks by row id.

    Args:
        connection: any.
        ids: theirs; None for all.
    """
    rows = select(Landmark.__table__).order_by(Landmark.id)
    if ids is not None:
        rows = rows.where(Landmark.id.in_(ids))
    return {row.id: _landmark(row) for row in connection.execute(rows)}


def labels(connection: Connection) -> list[LabelRow]:
    """All landmarks with the number of photos that show them, by country and name."""
    counts = photos_by_landmark(connection)
    rows = [LabelRow(landmark, counts[id_]) for id_, landmark in landmarks(connection).items()]
    return sorted(rows, key=lambda row: (row.landmark.country or "", row.landmark.name))


def runs(connection: Connection, *, limit: int = 20) -> list[RunRow]:
    """The newest runs, newest first."""
    return [_run_row(row) for row in connection.execute(_runs().order_by(Run.id.desc()).limit(limit))]


def run(connection: Connection, run_id: int) -> RunRow:
    """One run.

    Raises:
        UnknownRun: there is no such run.
    """
    row = connection.execute(_runs().where(Run.id == run_id)).first()
    if row is None:
        raise UnknownRun(run_id)
    return _run_row(row)


def last_starts(connection: Connection) -> dict[str, JobRunRow]:
    """The newest start of each job."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.job)
    rows = connection.execute(select(JobRun.__table__).where(JobRun.id.in_(newest)))
    return {row.job: JobRunRow(**row._mapping) for row in rows}


def starts_since(connection: Connection, since: datetime) -> list[JobRunRow]:
    """The starts since a moment, oldest first."""
    rows = select(JobRun.__table__).where(JobRun.started_at >= since).order_by(JobRun.started_at, JobRun.id)
    return [JobRunRow(**row._mapping) for row in connection.execute(rows)]


def last_success(connection: Connection) -> dict[str, datetime]:
    """When each job last ended as "done"."""
    rows = select(JobRun.job, func.max(JobRun.finished_at)).where(JobRun.status == "done").group_by(JobRun.job)
    return {job: ended for job, ended in connection.execute(rows) if ended is not None}


def _landmark(row: Row[tuple[Landmark]]) -> types.Landmark:
    place = (row.country, row.lat, row.lon, row.city)
    return types.Landmark(row.key, row.name, *place, tuple(row.aliases), row.wikidata, row.names, row.cities)


def _runs() -> Select[tuple[Run]]:
    columns = [column for column in Run.__table__.columns if column.name not in ("model_id", "report")]
    return select(*columns, Model.name.label("model_name"), Model.version, Model.model_id).join(Model)


def _run_row(row: Row[tuple[Run]]) -> RunRow:
    values = row._mapping
    start = (field.name for field in fields(RunStart) if field.name != "roots")
    return RunRow(
        id=values["id"],
        model_name=values["model_name"],
        model_version=values["version"],
        model_id=values["model_id"],
        start=RunStart(**{name: values[name] for name in start}, roots=tuple(values["roots"])),
        started_at=values["started_at"],
        finished_at=values["finished_at"],
        status=values["status"],
        counts=RunCounts(**{field.name: values[field.name] for field in fields(RunCounts)}),
        error=values["error"],
        undone_at=values["undone_at"],
    )
