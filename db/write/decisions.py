"""Write people's decisions. Trusted ones outrank every model, and no rescan undoes them.

The one rule: nobody changes another person's decision. A new one revokes only what the same person said in the same
place; how several people's decisions combine is up to the view `trusted_decision`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from db.read.catalog import find_landmark, landmark_id
from db.read.photos import content_of, find_photo, photo_ids
from db.rows import Verdict
from db.schema.models import Decision, Landmark
from db.schema.views import trusted_decision


def record_decision(
    connection: Connection,
    sha256: str,
    *,
    verdict: Verdict,
    landmark: str | None,
    who: str,
    source: str,
    answer_id: int = 0,
    is_trusted: bool = True,
) -> int:
    """Store a decision, and revoke this person's active ones that it contradicts. They stay as history.

    Args:
        connection: of a transaction that writes.
        sha256: the photo.
        verdict: what is decided.
        landmark: its key, name or alias; None only for "none".
        who: the person.
        source: the surface, e.g. ``bot``.
        answer_id: the bot's answer in a group to which the decision belongs; 0 if it belongs to the person alone.
        is_trusted: whether it counts for the library; if not, it is a vote.

    Returns:
        The decision's number.

    Raises:
        UnknownPhoto: the content was never stored.
        UnknownLandmark: no landmark has this name.
        ValueError: "none" with a landmark, or another verdict without one.
    """
    if (verdict == "none") != (landmark is None):
        raise ValueError(f"verdict {verdict!r} with landmark {landmark!r}")
    photo = find_photo(connection, sha256)
    about = None if landmark is None else landmark_id(connection, landmark)
    now = datetime.now(UTC)
    active = _active(photo, who, answer_id)
    connection.execute(update(Decision).where(*active, _contradicted(verdict, about)).values(revoked_at=now))
    decided = insert(Decision).values(
        photo_id=photo,
        verdict=verdict,
        landmark_id=about,
        who=who,
        source=source,
        decided_at=now,
        answer_id=answer_id,
        is_trusted=is_trusted,
    )
    return connection.execute(decided.returning(Decision.id)).scalar_one()


def show_only(connection: Connection, sha256: str, landmarks: Sequence[str], *, who: str, source: str) -> None:
    """Store that a photo shows these landmarks and no others: what this person said before is replaced, and what other
    people said is contradicted.

    Args:
        connection: of a transaction that writes.
        sha256: the photo.
        landmarks: by key, name or alias.
        who: the person, whose decisions count for the library.
        source: the surface.

    Raises:
        UnknownPhoto: the content was never stored.
        UnknownLandmark: no landmark has this name.
    """
    photo, shown = find_photo(connection, sha256), {find_landmark(connection, name) for name in landmarks}
    own = select(Decision.id).where(*_active(photo, who, 0), Decision.verdict == "shows")
    connection.execute(update(Decision).where(Decision.id.in_(own)).values(revoked_at=datetime.now(UTC)))
    others = select(Landmark.key).join(trusted_decision, trusted_decision.c.landmark_id == Landmark.id)
    others = others.where(trusted_decision.c.photo_id == photo, trusted_decision.c.verdict == "shows")
    for key in sorted(set(connection.execute(others).scalars()) - shown):
        record_decision(connection, sha256, verdict="not", landmark=key, who=who, source=source)
    for key in sorted(shown):
        record_decision(connection, sha256, verdict="shows", landmark=key, who=who, source=source)


def revoke_decisions(connection: Connection, sha256: str, *, who: str, answer_id: int = 0) -> int:
    """Revoke a person's decisions on a photo in one place, and return their number. They stay as history.

    A surface where one answer replaces another calls this first: otherwise a new "shows" would add to an earlier one.
    """
    photo = photo_ids(connection, [sha256]).get(sha256)
    if photo is None:
        return 0
    revoked = update(Decision).where(*_active(photo, who, answer_id)).values(revoked_at=datetime.now(UTC))
    return connection.execute(revoked).rowcount


def undo_decision(connection: Connection, decision: int, *, who: str) -> str | None:
    """Revoke a person's decision, and restore those of theirs that it had revoked.

    One that a later decision contradicts is restored only when that one is taken back too.

    Args:
        connection: of a transaction that writes.
        decision: its number.
        who: the person.

    Returns:
        The photo's sha256; None if the person has no such active decision.
    """
    own = (Decision.id == decision, Decision.who == who, Decision.revoked_at.is_(None))
    found = connection.execute(select(Decision.__table__).where(*own)).first()
    if found is None:
        return None
    connection.execute(update(Decision).where(Decision.id == decision).values(revoked_at=datetime.now(UTC)))
    # `record_decision` revokes at the moment of the new decision.
    earlier = (Decision.photo_id == found.photo_id, Decision.who == who, Decision.answer_id == found.answer_id)
    revoked_by_it = select(Decision.__table__).where(*earlier, Decision.revoked_at == found.decided_at)
    active = select(Decision.__table__).where(*_active(found.photo_id, who, found.answer_id))
    later = connection.execute(active.order_by(Decision.decided_at, Decision.id)).all()
    for old in connection.execute(revoked_by_it).all():
        by = (n.decided_at for n in later if is_contradicted(old.verdict, old.landmark_id, n.verdict, n.landmark_id))
        connection.execute(update(Decision).where(Decision.id == old.id).values(revoked_at=next(by, None)))
    return content_of(connection, found.photo_id)


def is_contradicted(old: Verdict, old_about: int | None, verdict: Verdict, about: int | None) -> bool:
    """Whether a decision contradicts an earlier one: "none" and "shows" exclude each other, and on one landmark the
    last word counts."""
    if about is not None and old_about == about:
        return True
    return "not" not in (old, verdict) and "none" in (old, verdict)


def _active(photo: int, who: str, answer_id: int) -> tuple[ColumnElement[bool], ...]:
    """The active decisions of a person on a photo in one place."""
    own = (Decision.photo_id == photo, Decision.who == who, Decision.answer_id == answer_id)
    return (*own, Decision.revoked_at.is_(None))


def _contradicted(verdict: Verdict, about: int | None) -> ColumnElement[bool]:
    """`is_contradicted` of stored decisions."""
    if verdict == "none":
        return Decision.verdict != "not"
    if verdict == "shows":
        return or_(Decision.landmark_id == about, Decision.verdict == "none")
    return Decision.landmark_id == about
