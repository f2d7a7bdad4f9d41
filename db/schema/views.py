"""The library's decisions, `trusted_decision`, and a photo's tags: `machine_tag`, `person_tag` and their union, `tag`.

Of trusted people's active decisions the last word counts, even if it was imported before an earlier one: a later
decision that contradicts an earlier one overrules it for as long as it is active. "none" and "shows" contradict each
other, and so do two decisions on one landmark. A decision in the bot is a whole answer, so it overrules all earlier
ones.

A row is a landmark on a photo, suggested by the machine and not overruled, or decided by a person. Rows with
`is_current` are those of the model that tagged the photo last, and of people. People's rows have no rank, score, model
or run; the machine's have the run of their assessment. An undone assessment has no suggestions, so it has no rows.
`rejected_tag` has the machine's tags that people have overruled, unless they say the same.

Correlated subqueries use both views separately: SQLite does not push their condition into a union.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Float, Integer, String, TableClause, column, table

from db.schema.base import UtcDateTime

MACHINE_COLUMNS = """
    s.photo_id, s.landmark_id, 'machine' AS source, s.rank, s.score, s.model_id,
    (SELECT a.run_id FROM assessment a WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS run_id,
    (SELECT a.assessed_at FROM assessment a WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS tagged_at,
    s.model_id = (SELECT p.current_model_id FROM photo p WHERE p.id = s.photo_id) AS is_current,
    s.visual_score, s.reason
    """
OVERRULING = """
    SELECT 1 FROM trusted_decision d
    WHERE d.photo_id = s.photo_id AND (d.verdict <> 'not' OR d.landmark_id = s.landmark_id)
    """
VIEWS = {
    "trusted_decision": """
        SELECT d.id, d.photo_id, d.verdict, d.landmark_id, d.decided_at, d.who
        FROM decision d
        WHERE d.revoked_at IS NULL AND d.is_trusted = 1 AND NOT EXISTS (
            SELECT 1 FROM decision l
            WHERE l.photo_id = d.photo_id AND (l.decided_at, l.id) > (d.decided_at, d.id)
              AND l.revoked_at IS NULL AND l.is_trusted = 1
              AND (l.source = 'telegram' OR l.landmark_id = d.landmark_id
                   OR (d.verdict <> 'not' AND l.verdict <> 'not' AND 'none' IN (d.verdict, l.verdict))))
        """,
    "machine_tag": f"""
        SELECT {MACHINE_COLUMNS}
        FROM suggestion s
        WHERE s.is_tag = 1 AND NOT EXISTS ({OVERRULING})
        """,
    "person_tag": """
        SELECT d.photo_id, d.landmark_id, 'person' AS source, NULL AS rank, NULL AS score, NULL AS model_id,
               NULL AS run_id, d.decided_at AS tagged_at, 1 AS is_current, NULL AS visual_score, NULL AS reason
        FROM trusted_decision d
        WHERE d.verdict = 'shows'
        """,
    "tag": "SELECT * FROM machine_tag UNION ALL SELECT * FROM person_tag",
    "rejected_tag": f"""
        SELECT {MACHINE_COLUMNS}
        FROM suggestion s
        WHERE s.is_tag = 1 AND EXISTS ({OVERRULING}) AND NOT EXISTS (
            SELECT 1 FROM trusted_decision d
            WHERE d.photo_id = s.photo_id AND d.verdict = 'shows' AND d.landmark_id = s.landmark_id)
        """,
}

IN_POSTGRESQL = {
    "is_trusted = 1": "is_trusted",
    "is_tag = 1": "is_tag",
    "1 AS is_current": "true AS is_current",
    **{f"NULL AS {name}": f"CAST(NULL AS BIGINT) AS {name}" for name in ("rank", "model_id", "run_id")},
    **{f"NULL AS {name}": f"CAST(NULL AS DOUBLE PRECISION) AS {name}" for name in ("score", "visual_score")},
    "NULL AS reason": "CAST(NULL AS VARCHAR) AS reason",
}


def create_views(dialect: str) -> list[str]:
    """The statements that create the views in "sqlite" or "postgresql"."""
    statements = [f"CREATE VIEW {name} AS {rows}" for name, rows in VIEWS.items()]
    if dialect == "postgresql":
        for text, theirs in IN_POSTGRESQL.items():
            statements = [statement.replace(text, theirs) for statement in statements]
    return statements


trusted_decision = table(
    "trusted_decision",
    column("id", Integer),
    column("photo_id", Integer),
    column("verdict", String),
    column("landmark_id", Integer),
    column("decided_at", UtcDateTime),
    column("who", String),
)
TABLES: dict[str, TableClause] = {}
for name in ("machine_tag", "person_tag", "tag", "rejected_tag"):
    TABLES[name] = table(
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
machine_tag, person_tag, tag, rejected_tag = TABLES.values()
