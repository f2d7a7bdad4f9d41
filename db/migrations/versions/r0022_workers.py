"""Several workers share a run: they claim its files, and one of them leads it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

STATUSES = "status IN ('running', 'done', 'stopped', 'failed', 'died')"
COUNTS = ("tagged", "none", "failed", "inherited")
STAMPS = ("size_bytes", "mtime_ns", "ctime_ns")


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("memory", sa.String, nullable=False),
        sa.Column("engine", sa.String),
        *(sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0")) for name in COUNTS),
        sa.Column("progress", sa.JSON),
        sa.CheckConstraint(STATUSES, name=op.f("ck_worker_status")),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_worker_run_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite")) for name in STAMPS),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_task_run_id"),
        sa.UniqueConstraint("path", name="uq_task_path"),
    )
    op.create_table(
        "run_lock",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_run_lock"),
    )
    op.create_index("ix_worker_run_id", "worker", ["run_id"])
    op.create_index("ix_task_run_id", "task", ["run_id"])
    op.add_column("lease", sa.Column("worker_id", sa.Integer))
    for name in STAMPS:
        op.add_column("lease", sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite")))
    op.create_index("ix_lease_worker_id", "lease", ["worker_id"])
