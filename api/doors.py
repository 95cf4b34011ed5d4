"""Which doors are open to whom. Everything that isn't named here is closed to whoever hasn't signed in.

The guard compares the very path that the router matches, so no spelling of an address can pass one and mean another.
"""

from dataclasses import dataclass

READING = frozenset({"GET", "HEAD"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing and so need no check of origin."""


@dataclass(frozen=True, slots=True)
class Door:
    """A public door. `path` ends in `*` when everything below is meant."""

    path: str
    methods: frozenset[str]
    reason: str

    def fits(self, method: str, path: str) -> bool:
        """Whether this door is the one that is knocked at."""
        if method not in self.methods:
            return False
        return path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path


_DEVICE = "checks a device token itself"
PUBLIC: tuple[Door, ...] = (
    Door("/signin", READING, "the sign-in page"),
    Door("/api/v1/session", frozenset({"POST"}), "signing in; throttled, and closed to other origins"),
    Door("/health", READING, "for the supervisor and the load balancer; tells a word, no details"),
    Door("/assets/*", READING, "our own css, js, fonts, icons and the coast"),
    Door("/_dash-component-suites/*", READING, "scripts of the component libraries"),
    Door("/_favicon.ico", READING, "Dash's icon"),
    Door("/texts/*", READING, "catalogue for scripts; holds no data"),
    Door("/api/v1/positions", frozenset({"POST"}), _DEVICE),
    Door("/api/v1/positions/osmand", frozenset({"GET", "POST"}), _DEVICE),
    Door("/api/v1/positions/owntracks", frozenset({"POST"}), _DEVICE),
    Door("/api/v1/shift", frozenset({"POST"}), _DEVICE),
)

SOCKETS = frozenset({"/ws/live"})
"""Sockets that exist for whoever has signed in. Dash's own is not in use and stays shut."""

WALL_PATH = "/"
WALL_READS: tuple[str, ...] = (
    "/tiles/*",
    "/api/v1/live/snapshot",
    "/api/v1/map/*",
    "/api/v1/risk/*",
    "/api/v1/trails",
    "/_dash-layout",
    "/_dash-dependencies",
    "/_reload-hash",
)
"""What a wall token may read besides the wall page itself and the live socket."""
CALLBACK = "/_dash-update-component"
WALL_CALLBACK_MODULES: tuple[str, ...] = ("pages.wall", "components.", "dash.")
"""Modules whose callbacks a wall token may run: the wall's own, shared parts, and Dash's page switch."""
API_READS: tuple[str, ...] = ("/api/*", "/tiles/*")
"""What an api token may read."""
API_WRITES: tuple[str, ...] = ("/api/v1/tickets",)
"""Where an api token may also post: suspicions of other systems. Whether its role may, the door itself asks."""
MACHINE: tuple[str, ...] = ("/api", "/tiles", "/texts", "/ws", "/health", "/assets")
"""Where answers are for programs: no page of ours lies below these, and whoever isn't signed in gets an error, not the
sign-in page."""


def is_public(method: str, path: str) -> bool:
    """Whether anyone may knock."""
    return any(door.fits(method, path) for door in PUBLIC)


def below(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether `path` is one of `patterns`, of which those that end in `*` mean everything below."""
    return any(path.startswith(p[:-1]) if p.endswith("*") else path == p for p in patterns)


def is_machine(path: str) -> bool:
    """Whether a program asks here rather than a person's browser for a page."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in MACHINE) or path.startswith("/_")


def token_may(kind: str, method: str, path: str) -> bool:
    """What a token may do at all; a person's session may knock everywhere."""
    if kind == "wall":
        return (method in READING and (path == WALL_PATH or below(path, WALL_READS))) or (
            method == "POST" and path == CALLBACK
        )
    return (method in READING and below(path, API_READS)) or (method == "POST" and below(path, API_WRITES))
