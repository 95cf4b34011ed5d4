"""Passwords: argon2id in a thread, and what a new one must be like.

Parameters after the OWASP password storage guide (m = 19 MiB, t = 2, p = 1). At most `WORKERS` run at once, so that a
burst of sign-ins takes neither all memory nor every core from the people who are already in.
"""

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12
MAX_LENGTH = 256
WORKERS = 2
_hasher = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
_pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="password")


class UnfitPassword(ValueError):
    """A new password that is too short, too long or the account's own name."""


def normal(password: str) -> str:
    """The same password typed on another keyboard: Unicode NFKC."""
    return unicodedata.normalize("NFKC", password)


def check_new(login: str, password: str) -> None:
    """Refuses an unfit new password: length counts, composition doesn't (NIST SP 800-63B 5.1.1.2).

    Raises:
        UnfitPassword: what is wrong with it.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise UnfitPassword(f"expected {MIN_LENGTH} to {MAX_LENGTH} characters, got {len(password)}")
    if password.casefold() == login.casefold() or len(set(password)) < 5:
        raise UnfitPassword("expected something harder to guess than the name or a few repeated characters")


async def hashed(password: str) -> str:
    """The argon2id hash of a password, about 30 ms in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, normal(password))


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))


async def verified(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the stored hash. Without one the same work is done for nothing, so that an
    unknown name takes as long as a wrong password.
    """
    return await asyncio.get_running_loop().run_in_executor(_pool, _verify, stored, password)


def _verify(stored: str | None, password: str) -> bool:
    try:
        matches = _hasher.verify(stored or _nobodys_hash(), normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and stored is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)
