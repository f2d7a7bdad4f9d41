"""The end of runs, leases, coordinates and hashes of photos, evidence, scheduled jobs.

SQLite cannot change a column or a CHECK in place: such a table is copied, created again and filled.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

VIEWS = (
    """
    CREATE VIEW machine_tag AS
    SELECT s.photo_id, s.landmark_id, 'machine' AS source, s.rank, s.score, s.model_id, s.run_id,
           (SELECT a.assessed_at FROM assessment a
            WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS tagged_at,
           s.model_id = (SELECT p.current_model_id FROM photo p WHERE p.id = s.photo_id) AS is_current,
           s.visual_score, s.reason
    FROM suggestion s
    WHERE s.is_tag = 1 AND NOT EXISTS (
        SELECT 1 FROM decision d
        WHERE d.photo_id = s.photo_id AND d.revoked_at IS NULL
          AND (d.verdict <> 'not' OR d.landmark_id = s.landmark_id))
    """,
    """
    CREATE VIEW person_tag AS
    SELECT d.photo_id, d.landmark_id, 'person' AS source, NULL AS rank, NULL AS score, NULL AS model_id, NULL AS run_id,
           d.decided_at AS tagged_at, 1 AS is_current, NULL AS visual_score, NULL AS reason
    FROM decision d
    WHERE d.verdict = 'shows' AND d.revoked_at IS NULL
    """,
    "CREATE VIEW tag AS SELECT * FROM machine_tag UNION ALL SELECT * FROM person_tag",
)


def upgrade() -> None:
    for view in ("tag", "person_tag", "machine_tag"):
        op.execute(f"DROP VIEW {view}")
    _renew_run()
    _renew_assessment()
    _renew_suggestion()
    _extend_photo()
    _extend_failure()
    _create_lease()
    _create_canary()
    _create_job_run()
    for view in VIEWS:
        op.execute(view)


def _put_aside(table: str) -> None:
    """Move the rows to a temporary table; foreign keys are not checked meanwhile."""
    op.execute(f"CREATE TEMP TABLE aside AS SELECT * FROM {table}")
    op.drop_table(table)


def _bring_back(table: str, columns: str, also: str = "", values: str = "") -> None:
    """Fill the new table from the old rows.

    Args:
        table: its name.
        columns: of the old table that the new one keeps.
        also: new columns.
        values: of the new columns.
    """
    op.execute(f"INSERT INTO {table} ({columns}{also}) SELECT {columns}{values} FROM aside")
    op.execute("DROP TABLE aside")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=nullable)


def _integer(name: str, *constraints: sa.ForeignKey, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, *constraints, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Float, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime, nullable=nullable)


def _renew_run() -> None:
    texts = ("engine", "device", "precision", "reason")
    counts = ("tagged", "none", "failed", "unchanged", "inherited", "gone")
    _put_aside("run")
    op.create_table(
        "run",
        _id(),
        _integer("model_id", sa.ForeignKey("model.id")),
        _moment("started_at"),
        _moment("finished_at", nullable=True),
        _text("status"),
        *(_text(name) for name in texts),
        sa.Column("roots", sa.JSON, nullable=False),
        _integer("k"),
        _text("tagger_version"),
        *(_integer(name) for name in counts),
        _text("error", nullable=True),
        _integer("set_aside"),
        _text("job"),
        _integer("pid", nullable=True),
        _text("host", nullable=True),
        _text("settings_hash", nullable=True),
        sa.Column("report", sa.JSON, nullable=True),
        _moment("undone_at", nullable=True),
        sa.CheckConstraint("status IN ('running', 'done', 'stopped', 'interrupted', 'failed', 'died')", name="status"),
    )
    old = ("id", "model_id", "started_at", "finished_at", "status", *texts, "roots", "k", "tagger_version", *counts)
    _bring_back("run", ", ".join((*old, "error")), ", set_aside, job", ", 0, 'tag'")


def _renew_assessment() -> None:
    _put_aside("assessment")
    op.create_table(
        "assessment",
        _integer("photo_id", sa.ForeignKey("photo.id")),
        _integer("model_id", sa.ForeignKey("model.id")),
        _integer("run_id", sa.ForeignKey("run.id")),
        _text("status"),
        _integer("k"),
        _moment("assessed_at"),
        sa.PrimaryKeyConstraint("photo_id", "model_id"),
        sa.CheckConstraint("status IN ('tagged', 'none', 'undone')", name="status"),
        sqlite_with_rowid=False,
    )
    _bring_back("assessment", "photo_id, model_id, run_id, status, k, assessed_at")
    op.create_index("ix_assessment_run_id", "assessment", ["run_id"])
    op.create_index("ix_assessment_assessed_at", "assessment", ["assessed_at"])
    op.create_index("ix_assessment_status_model_id", "assessment", ["status", "model_id"])


def _renew_suggestion() -> None:
    _put_aside("suggestion")
    op.create_table(
        "suggestion",
        *(_integer(name) for name in ("photo_id", "model_id", "rank")),
        _integer("run_id", sa.ForeignKey("run.id")),
        _integer("landmark_id", sa.ForeignKey("landmark.id")),
        _number("score"),
        sa.Column("is_tag", sa.Boolean, nullable=False),
        _number("visual_score"),
        _text("reason", nullable=True),
        sa.PrimaryKeyConstraint("photo_id", "model_id", "rank"),
        sa.ForeignKeyConstraint(["photo_id", "model_id"], ["assessment.photo_id", "assessment.model_id"]),
        sqlite_with_rowid=False,
    )
    old = "photo_id, model_id, rank, run_id, landmark_id, score, is_tag"
    _bring_back("suggestion", old, ", visual_score", ", score")
    columns = ["landmark_id", "is_tag", "photo_id", "model_id", "score"]
    op.create_index("ix_suggestion_tag", "suggestion", columns, sqlite_where=sa.text("is_tag = 1"))


def _extend_photo() -> None:
    for column in (_number("lat", nullable=True), _number("lon", nullable=True)):
        op.add_column("photo", column)
    for name in ("phash", "group_id"):
        op.add_column("photo", _integer(name, nullable=True))
        op.create_index(f"ix_photo_{name}", "photo", [name], sqlite_where=sa.text(f"{name} IS NOT NULL"))


def _extend_failure() -> None:
    for name in ("next_at", "quarantined_at"):
        op.add_column("failure", _moment(name, nullable=True))
    for name in ("size_bytes", "mtime_ns"):
        op.add_column("failure", _integer(name, nullable=True))
        op.execute(f"UPDATE failure SET {name} = (SELECT {name} FROM file WHERE file.id = file_id)")


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("path", sa.LargeBinary, primary_key=True),
        _integer("run_id", sa.ForeignKey("run.id")),
        _moment("taken_at"),
        _integer("attempts"),
    )
    op.create_index("ix_lease_run_id", "lease", ["run_id"])


def _create_canary() -> None:
    op.create_table(
        "canary",
        _text("sha256"),
        _integer("model_id", sa.ForeignKey("model.id")),
        _text("label"),
        _text("expected"),
        _text("found", nullable=True),
        _number("score", nullable=True),
        _moment("checked_at"),
        sa.PrimaryKeyConstraint("sha256", "model_id"),
    )


def _create_job_run() -> None:
    op.create_table(
        "job_run",
        _id(),
        _text("job"),
        _moment("due_at", nullable=True),
        _moment("started_at"),
        _moment("finished_at", nullable=True),
        _text("status"),
        _text("message", nullable=True),
        sa.CheckConstraint("status IN ('running', 'done', 'stopped', 'failed', 'died')", name="status"),
    )
    op.create_index("ix_job_run_job_started_at", "job_run", ["job", "started_at"])
