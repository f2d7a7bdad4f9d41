"""An index of the names of files, so that those with a name are found at once."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"

NAME = {
    "sqlite": (
        "lower(replace(CAST(path AS VARCHAR), "
        "rtrim(CAST(path AS VARCHAR), replace(CAST(path AS VARCHAR), '/', '')), ''))"
    ),
    "postgresql": "lower(substring(encode(path, 'escape') from '[^/]*$') COLLATE \"C\")",
}


def upgrade() -> None:
    op.execute(f"CREATE INDEX ix_file_name ON file ({NAME[op.get_bind().dialect.name]})")
