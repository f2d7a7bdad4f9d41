"""A decision says whether it counts for the library, and to which answer in a group it belongs.

The decisions so far all count, as before. Those on photos that their people never sent themselves, or only in a group,
belong to the group's last answer before them. Numbers of answers are never used again, since old messages and decisions
refer to them: SQLite promises that only of a new table.

Telegram's stand-ins for anonymous admins, channels and itself are nobody in particular: their rows belong to the chat.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

STAND_INS = "(777000, 136817688, 1087968824)"
TRUSTED_DECISION = """
    CREATE VIEW trusted_decision AS
    SELECT d.id, d.photo_id, d.verdict, d.landmark_id, d.decided_at
    FROM decision d
    WHERE d.revoked_at IS NULL AND d.is_trusted = 1 AND NOT EXISTS (
        SELECT 1 FROM decision l
        WHERE l.photo_id = d.photo_id AND l.id > d.id AND l.revoked_at IS NULL AND l.is_trusted = 1
          AND (l.source = 'telegram' OR l.landmark_id = d.landmark_id
               OR (d.verdict <> 'not' AND l.verdict <> 'not' AND 'none' IN (d.verdict, l.verdict))))
    """
MACHINE_TAG = """
    CREATE VIEW machine_tag AS
    SELECT s.photo_id, s.landmark_id, 'machine' AS source, s.rank, s.score, s.model_id,
           (SELECT a.run_id FROM assessment a
            WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS run_id,
           (SELECT a.assessed_at FROM assessment a
            WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS tagged_at,
           s.model_id = (SELECT p.current_model_id FROM photo p WHERE p.id = s.photo_id) AS is_current,
           s.visual_score, s.reason
    FROM suggestion s
    WHERE s.is_tag = 1 AND NOT EXISTS (
        SELECT 1 FROM trusted_decision d
        WHERE d.photo_id = s.photo_id AND (d.verdict <> 'not' OR d.landmark_id = s.landmark_id))
    """
PERSON_TAG = """
    CREATE VIEW person_tag AS
    SELECT d.photo_id, d.landmark_id, 'person' AS source, NULL AS rank, NULL AS score, NULL AS model_id,
           NULL AS run_id, d.decided_at AS tagged_at, 1 AS is_current, NULL AS visual_score, NULL AS reason
    FROM trusted_decision d
    WHERE d.verdict = 'shows'
    """


def upgrade() -> None:
    _change_decisions()
    _number_answers_once()
    op.execute(f"DELETE FROM telegram_person WHERE user_id IN {STAND_INS}")
    for table in ("telegram_update", "telegram_answer", "telegram_photo"):
        op.execute(f"UPDATE {table} SET user_id = chat_id WHERE user_id IN {STAND_INS}")


def _change_decisions() -> None:
    op.add_column("decision", sa.Column("is_trusted", sa.Boolean, nullable=False, server_default=sa.text("1")))
    op.add_column("decision", sa.Column("answer_id", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.execute("""
        UPDATE decision SET answer_id = coalesce(
            (SELECT max(t.answer_id) FROM telegram_photo t
             WHERE t.photo_id = decision.photo_id AND t.chat_id < 0 AND t.received_at <= decision.decided_at), 0)
        WHERE source = 'telegram' AND NOT EXISTS (
            SELECT 1 FROM telegram_photo t
            WHERE t.photo_id = decision.photo_id AND 'telegram:' || t.chat_id = decision.who)
        """)
    op.drop_index("ix_decision_photo_id_landmark_id", "decision")
    op.create_index(
        "ix_decision_photo_id_who_answer_id_landmark_id",
        "decision",
        ["photo_id", "who", "answer_id", "landmark_id"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
    )
    for view in ("tag", "person_tag", "machine_tag"):
        op.execute(f"DROP VIEW {view}")
    for statement in (TRUSTED_DECISION, MACHINE_TAG, PERSON_TAG):
        op.execute(statement)
    op.execute("CREATE VIEW tag AS SELECT * FROM machine_tag UNION ALL SELECT * FROM person_tag")


def _number_answers_once() -> None:
    op.execute("CREATE TEMP TABLE aside AS SELECT * FROM telegram_answer")
    op.drop_table("telegram_answer")
    op.create_table(
        "telegram_answer",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("chat_id", "user_id")),
        *(sa.Column(name, sa.Integer) for name in ("message_id", "asked_message_id")),
        sa.Column("album", sa.String),
        sa.Column("shown", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.execute("INSERT INTO telegram_answer SELECT * FROM aside")
    op.execute("DROP TABLE aside")
    op.create_index("ix_telegram_answer_user_id", "telegram_answer", ["user_id"])
    op.create_index("ix_telegram_answer_chat_id_album", "telegram_answer", ["chat_id", "album"])
