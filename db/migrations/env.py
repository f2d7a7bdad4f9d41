"""Run by Alembic for every command; uses the connection, and the transaction, that `db.migrate` hands over."""

from __future__ import annotations

from alembic import context

from db.schema.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
