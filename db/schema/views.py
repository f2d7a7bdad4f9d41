"""What a photo's tags are: the views `machine_tag`, `person_tag` and their union, `tag`. Migrations create them.

A row is a landmark on a photo, by what the machine says unless people overrule it, or by what people say. Without a
model in mind, take the rows with `is_current`: the newest model's and people's. People's rows have no rank, score,
model or run; the machine's have the run of their assessment. An assessment that was undone has no suggestions, so it
has no rows.

A query that asks once for each photo asks both views: SQLite does not push such a question into a union.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Float, Integer, String, TableClause, column, table

from db.schema.columns import UtcDateTime


def _view(name: str) -> TableClause:
    return table(
        name,
        column("photo_id", Integer),
        column("landmark_id", Integer),
        column("source", String),
        column("rank", Integer),
        column("score", Float),
        column("model_id", Integer),
        column("run_id", Integer),
        column("tagged_at", UtcDateTime),
        column("is_current", Boolean),
        column("visual_score", Float),
        column("reason", String),
    )


machine_tag = _view("machine_tag")
person_tag = _view("person_tag")
tag = _view("tag")
