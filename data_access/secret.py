"""Secrets that stand for somebody: session cookies and tokens. Only their SHA-256 is ever stored.

256 random bits need no slow hash: there is nothing to guess, unlike with a password.
"""

import hashlib
import secrets

BITS = 256
MAX_LENGTH = 200
"""A longer text is no secret of ours and isn't worth a look into the database."""


def new_secret(prefix: str) -> str:
    """A fresh secret in URL-safe characters. The prefix tells people and secret scanners what they found."""
    return prefix + secrets.token_urlsafe(BITS // 8)


def digest(secret: str) -> str:
    """What is stored of a secret: SHA-256 in lower-case hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
