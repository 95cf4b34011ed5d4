"""Where somebody's work begins after signing in."""

HOMES = {"inspector": "/field"}
"""Roles whose work isn't at the wall."""


def home_of(role: str | None) -> str:
    """The first page of a role; the wall stays reachable for all."""
    return HOMES.get(role or "", "/")
