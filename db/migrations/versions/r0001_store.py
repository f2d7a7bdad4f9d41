"""The store as it began. Constraints get their names from `db.schema.models.NAMES`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# What a photo's tags are. People outrank the machine: any "shows" or "none" of theirs replaces all of the
# machine's tags of that photo, a "not" takes away one landmark.
VIEWS = (
    """
    CREATE VIEW machine_tag AS
    SELECT s.photo_id, s.landmark_id, 'machine' AS source, s.rank, s.score, s.model_id, s.run_id,
           (SELECT a.assessed_at FROM assessment a
            WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS tagged_at,
           s.model_id = (SELECT p.current_model_id FROM photo p WHERE p.id = s.photo_id) AS is_current
    FROM suggestion s
    WHERE s.is_tag = 1 AND NOT EXISTS (
        SELECT 1 FROM decision d
        WHERE d.photo_id = s.photo_id AND d.revoked_at IS NULL
          AND (d.verdict <> 'not' OR d.landmark_id = s.landmark_id))
    """,
    """
    CREATE VIEW person_tag AS
    SELECT d.photo_id, d.landmark_id, 'person' AS source, NULL AS rank, NULL AS score, NULL AS model_id, NULL AS run_id,
           d.decided_at AS tagged_at, 1 AS is_current
    FROM decision d
    WHERE d.verdict = 'shows' AND d.revoked_at IS NULL
    """,
    "CREATE VIEW tag AS SELECT * FROM machine_tag UNION ALL SELECT * FROM person_tag",
)


def upgrade() -> None:
    _create_landmark()
    _create_model()
    _create_run()
    _create_photo()
    _create_file()
    _create_assessment()
    _create_suggestion()
    _create_failure()
    _create_decision()
    for view in VIEWS:
        op.execute(view)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=nullable)


def _integer(name: str, *constraints: sa.ForeignKey, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, *constraints, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime, nullable=nullable)


def _create_landmark() -> None:
    op.create_table(
        "landmark",
        _id(),
        _text("key"),
        _text("name"),
        sa.Column("aliases", sa.JSON, nullable=False),
        _text("country"),
        _text("city", nullable=True),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        _text("wikidata", nullable=True),
        sa.UniqueConstraint("key"),
    )


def _create_model() -> None:
    op.create_table(
        "model",
        _id(),
        _text("model_id"),
        _text("weights_sha256"),
        _text("name"),
        _text("version"),
        sa.Column("card", sa.JSON, nullable=False),
        _moment("added_at"),
        sa.UniqueConstraint("model_id"),
    )


def _create_run() -> None:
    op.create_table(
        "run",
        _id(),
        _integer("model_id", sa.ForeignKey("model.id")),
        _moment("started_at"),
        _moment("finished_at", nullable=True),
        _text("status"),
        *(_text(name) for name in ("engine", "device", "precision", "reason")),
        sa.Column("roots", sa.JSON, nullable=False),
        _integer("k"),
        _text("tagger_version"),
        *(_integer(name) for name in ("tagged", "none", "failed", "unchanged", "inherited", "gone")),
        _text("error", nullable=True),
        sa.CheckConstraint("status IN ('running', 'done', 'interrupted', 'failed')", name="status"),
    )


def _create_photo() -> None:
    op.create_table(
        "photo",
        _id(),
        _text("sha256"),
        *(_integer(name) for name in ("size_bytes", "width", "height")),
        _text("format"),
        _moment("taken_at"),
        _text("taken_from"),
        _moment("added_at"),
        _integer("current_model_id", sa.ForeignKey("model.id"), nullable=True),
        sa.UniqueConstraint("sha256"),
        sa.CheckConstraint("taken_from IN ('exif', 'mtime')", name="taken_from"),
    )
    op.create_index("ix_photo_taken_at", "photo", ["taken_at"])


def _create_file() -> None:
    op.create_table(
        "file",
        _id(),
        sa.Column("path", sa.LargeBinary, nullable=False),
        _integer("photo_id", sa.ForeignKey("photo.id"), nullable=True),
        _integer("size_bytes", nullable=True),
        _integer("mtime_ns", nullable=True),
        _moment("first_seen_at"),
        _moment("gone_at", nullable=True),
        sa.UniqueConstraint("path"),
    )
    op.create_index("ix_file_photo_id", "file", ["photo_id"])


def _create_assessment() -> None:
    op.create_table(
        "assessment",
        _integer("photo_id", sa.ForeignKey("photo.id")),
        _integer("model_id", sa.ForeignKey("model.id")),
        _integer("run_id", sa.ForeignKey("run.id")),
        _text("status"),
        _integer("k"),
        _moment("assessed_at"),
        sa.PrimaryKeyConstraint("photo_id", "model_id"),
        sa.CheckConstraint("status IN ('tagged', 'none')", name="status"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_assessment_run_id", "assessment", ["run_id"])
    op.create_index("ix_assessment_assessed_at", "assessment", ["assessed_at"])
    op.create_index("ix_assessment_status_model_id", "assessment", ["status", "model_id"])


def _create_suggestion() -> None:
    op.create_table(
        "suggestion",
        *(_integer(name) for name in ("photo_id", "model_id", "rank")),
        _integer("run_id", sa.ForeignKey("run.id")),
        _integer("landmark_id", sa.ForeignKey("landmark.id")),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("is_tag", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("photo_id", "model_id", "rank"),
        sa.ForeignKeyConstraint(["photo_id", "model_id"], ["assessment.photo_id", "assessment.model_id"]),
        sqlite_with_rowid=False,
    )
    columns = ["landmark_id", "is_tag", "photo_id", "model_id", "score"]
    op.create_index("ix_suggestion_tag", "suggestion", columns, sqlite_where=sa.text("is_tag = 1"))


def _create_failure() -> None:
    op.create_table(
        "failure",
        sa.Column("file_id", sa.Integer, sa.ForeignKey("file.id"), primary_key=True),
        _text("kind"),
        _text("message"),
        _integer("attempts"),
        _moment("first_at"),
        _moment("last_at"),
        _integer("run_id", sa.ForeignKey("run.id")),
    )


def _create_decision() -> None:
    op.create_table(
        "decision",
        _id(),
        _integer("photo_id", sa.ForeignKey("photo.id")),
        _text("verdict"),
        _integer("landmark_id", sa.ForeignKey("landmark.id"), nullable=True),
        _text("who"),
        _text("source"),
        _moment("decided_at"),
        _moment("revoked_at", nullable=True),
        sa.CheckConstraint("verdict IN ('shows', 'not', 'none')", name="verdict"),
        sa.CheckConstraint("(verdict = 'none') = (landmark_id IS NULL)", name="landmark"),
    )
    active = sa.text("revoked_at IS NULL")
    op.create_index(
        "ix_decision_photo_id_landmark_id", "decision", ["photo_id", "landmark_id"], unique=True, sqlite_where=active
    )
    op.create_index("ix_decision_landmark_id", "decision", ["landmark_id"], sqlite_where=active)
