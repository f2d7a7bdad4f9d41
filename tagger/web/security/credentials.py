"""The file of the password, the tokens and the share links; only this user may read it.

The one rule: it is read again when it has changed, so that `tagger web token remove` works on a gallery that runs.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tagger.core.errors import ConfigError
from tagger.core.private import private
from tagger.web.security.passwords import hash_password, hash_token, new_token

FILE = "access.json"


@dataclass(slots=True)
class Share:
    """A query whose photos others may see.

    Args:
        query: what they see.
        ends_at: until when, in UTC.
        created_at: since when, in UTC.
    """

    query: str
    ends_at: str
    created_at: str

    @property
    def has_ended(self) -> bool:
        return datetime.fromisoformat(self.ends_at) <= datetime.now(UTC)

    @property
    def last_day(self) -> date:
        return datetime.fromisoformat(self.ends_at).date()


@dataclass(slots=True)
class _Content:
    """What the file contains.

    Args:
        secret: signs the cookies.
        password: its hash; None if there is no password.
        tokens: the hashes of the bearer tokens, by name.
        shares: by the hash of the token in their link.
        ended: until when sessions that people ended would have lasted, in UTC, by the hash of their CSRF token.
    """

    secret: str = field(default_factory=new_token)
    password: str | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    shares: dict[str, Share] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)


class Credentials:
    """The credentials in a folder, which is created with the first of them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._read_at: int | None = None
        self._content = _Content()
        self._lock = threading.Lock()

    @property
    def can_log_in(self) -> bool:
        """Whether anybody can: there is a password or a token."""
        content = self._current()
        return content.password is not None or bool(content.tokens)

    @property
    def password(self) -> str | None:
        """The hash of the password."""
        return self._current().password

    @property
    def signing_key(self) -> str:
        """Signs the cookies; another password makes another key, which ends all sessions."""
        content = self._current()
        return content.secret + (content.password or "")

    @property
    def tokens(self) -> list[str]:
        """The names of the tokens."""
        return sorted(self._current().tokens)

    def name_of(self, token: str) -> str | None:
        """The name of a bearer token; None if it is not one."""
        digest = hash_token(token)
        names = [name for name, stored in self._current().tokens.items() if hmac.compare_digest(stored, digest)]
        return names[0] if names else None

    def share(self, token: str) -> Share | None:
        """The share with this token in its link, if it has not ended."""
        share = self._current().shares.get(hash_token(token))
        return None if share is None or share.has_ended else share

    def shares(self) -> dict[str, Share]:
        """The shares that have not ended, by the hashes of their tokens."""
        return {digest: share for digest, share in self._current().shares.items() if not share.has_ended}

    def set_password(self, password: str) -> None:
        with self._changing() as content:
            content.password = hash_password(password)

    def add_token(self, name: str) -> str:
        """Make a token, which replaces an earlier one of that name. It is shown once, and only its hash is kept."""
        token = new_token()
        with self._changing() as content:
            content.tokens[name] = hash_token(token)
        return token

    def remove_token(self, name: str) -> bool:
        """Remove a token; whether there was one."""
        with self._changing() as content:
            return content.tokens.pop(name, None) is not None

    def add_share(self, query: str, ends_at: datetime) -> str:
        """Share what a query finds until a moment. The token of the link is shown once."""
        token = new_token()
        with self._changing() as content:
            content.shares = {digest: share for digest, share in content.shares.items() if not share.has_ended}
            content.shares[hash_token(token)] = Share(query, ends_at.isoformat(), datetime.now(UTC).isoformat())
        return token

    def remove_share(self, digest: str) -> None:
        """End a share, which is named by the hash of its token."""
        with self._changing() as content:
            content.shares.pop(digest, None)

    def has_ended(self, csrf: str) -> bool:
        """Whether somebody has logged out of the session with this CSRF token, in whichever browser its cookie is."""
        return hash_token(csrf) in self._current().ended

    def end_session(self, csrf: str, lasts_until: datetime) -> None:
        """End a session.

        Args:
            csrf: its CSRF token.
            lasts_until: when its cookie ends at the latest, after which nothing needs to be kept of it.
        """
        now = datetime.now(UTC).isoformat()
        with self._changing() as content:
            content.ended = {digest: until for digest, until in content.ended.items() if until > now}
            content.ended[hash_token(csrf)] = lasts_until.isoformat()

    def ensure_secret(self) -> None:
        """Create the file, so that sessions survive a restart.

        Raises:
            ConfigError: the folder is not writable.
        """
        try:
            with self._changing():
                pass
        except OSError as error:
            raise ConfigError(
                f"{self._file} cannot be written ({error.strerror}). Name another folder: the setting web_folder."
            ) from error

    def _current(self) -> _Content:
        with self._lock:
            return self._read()

    def _read(self) -> _Content:
        try:
            changed_at = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return self._content
        if changed_at != self._read_at:
            self._content, self._read_at = _parse(self._file), changed_at
        return self._content

    @contextmanager
    def _changing(self) -> Iterator[_Content]:
        """Change the content, one process and thread at a time."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock, open(f"{self._file}.lock", "w", opener=private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._read_at = None
            content = self._read()
            yield content
            draft = f"{self._file}.{secrets.token_hex(4)}"
            with open(draft, "w", opener=private) as file:
                json.dump(asdict(content), file, indent=1)
            os.replace(draft, self._file)


def _parse(file: Path) -> _Content:
    try:
        stored: dict[str, Any] = json.loads(file.read_text())
        shares = {digest: Share(**share) for digest, share in stored.pop("shares").items()}
        return _Content(**stored, shares=shares)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"{file} cannot be read ({error}). Delete it, and set the password anew: tagger web password"
        ) from error
