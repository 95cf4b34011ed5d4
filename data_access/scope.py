"""Who is looking: the viewer, and the database scope that follows from it.

Every transaction of the product begins by taking a role and a scope (`engine.reading`, `engine.writing`,
`engine.system`). The web login itself may read nothing, so a forgotten scope shows nothing.
"""

import hashlib
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Role = Literal["admin", "manager", "supervisor", "lead", "inspector", "wall", "gis"]
ROLES: tuple[Role, ...] = ("admin", "manager", "supervisor", "lead", "inspector", "wall", "gis")

SEES_COLLEAGUES: frozenset[str] = frozenset({"admin", "manager", "supervisor", "lead", "wall"})
"""Roles that may see positions of others; an inspector sees the own track only (domain sheet 1.8)."""
SEES_PERSONAL_DATA: frozenset[str] = frozenset({"admin", "supervisor"})
"""Roles that may ask for unmasked names, phones and addresses; each reveal is logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who has signed in, or a token that stands for a screen or a system.

    `org_path` is an ltree path such as `jibei.1302.130202`: everything at or below it is in scope.
    """

    subject: str
    role: Role
    org_path: str
    kind: Literal["user", "wall", "api"] = "user"
    user_id: str | None = None
    employee_number: str | None = None
    session_key: str | None = None
    """Id of the session's or token's row: it stays when the secret is changed, and says nothing about the secret."""
    language: Literal["en", "zh"] = "zh"
    display_name: str = ""

    @property
    def scope_key(self) -> str:
        """Equal for viewers with equal rights over rows, different otherwise: the key of every shared cache."""
        own = "" if self.role in SEES_COLLEAGUES else (self.employee_number or self.subject)
        sight = "all" if self.role in SEES_COLLEAGUES else f"own:{self.role}"
        return hashlib.sha256(f"{self.org_path}|{sight}|{own}".encode()).hexdigest()[:16]

    @property
    def sees_colleagues(self) -> bool:
        """Whether positions of other people may be shown."""
        return self.role in SEES_COLLEAGUES


current_viewer: ContextVar[Viewer | None] = ContextVar("current_viewer", default=None)
"""Set by the door (ASGI middleware) for the time of one request or socket; callbacks run inside it."""


class NotSignedIn(Exception):
    """There is no viewer in this context: the door let something through that it should not have."""


def require_viewer() -> Viewer:
    """The viewer of this request.

    Raises:
        NotSignedIn: when called outside a guarded request.
    """
    viewer = current_viewer.get()
    if viewer is None:
        raise NotSignedIn
    return viewer
