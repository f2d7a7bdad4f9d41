"""Passwords and tokens, of which only hashes are kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

LEAST_LENGTH = 8  # of a password
COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 2**20}  # 32 MB and about 0.1 s for each attempt
SALT_BYTES = 16
TOKEN_BYTES = 32


def hash_password(password: str) -> str:
    """A salted hash to store.

    Source:
        scrypt, RFC 7914; the cost is OWASP's second choice, since several attempts at once must fit into memory.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    return f"scrypt${_encoded(salt)}${_encoded(_scrypt(password, salt))}"


def is_password(password: str, stored: str) -> bool:
    """Whether a password is the one of a stored hash. Takes as long for a wrong one."""
    _, salt, digest = stored.split("$")
    return hmac.compare_digest(_scrypt(password, base64.b64decode(salt)), base64.b64decode(digest))


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """What is stored of a token: it is random, so it needs no salt and no cost."""
    return hashlib.sha256(token.encode()).hexdigest()


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **COST)


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()
