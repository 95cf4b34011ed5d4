"""The inspector's phone: a plain page outside Dash, because a phone with a bad network needs small pages.

The server gives a shell with the texts of one language; small modules in `assets/field/` fetch the rest from
`/api/v1/field` and the tickets' doors. Everything that the shell needs lies under a folder named by its content, so
that a phone keeps it for good and the worker can open the shell without a network. The worker keeps the shell alone:
no answer with data in it.
"""

import hashlib
import json
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from components.language import COOKIE, known, language_of
from components.plain_page import LANG, plain_page
from data_access.scope import Viewer, require_viewer
from i18n import Language, catalogue, t
from settings import ROOT

router = APIRouter(include_in_schema=False)

FOLDER = ROOT / "assets" / "field"
KINDS = {".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml"}
STYLES = ("tokens.css", "base.css", "icons/icons.css")
"""Shared looks, from `assets/`."""
SUBJECTS = ("field.", "status.ticket_", "tickets.", "evidence.", "common.")
TABS = (("tickets", "clipboard-list"), ("track", "route"), ("shift", "clock"), ("me", "user"))
SIZES = (192, 512)
FOREVER = "private, max-age=31536000, immutable"


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    """Everything in the folder, read once: name → content."""
    return {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS}


@lru_cache(maxsize=1)
def version() -> str:
    """Names the shell's content: scripts, looks and texts. Another content has another name."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name, content in _files().items():
        digest.update(name.encode() + content)
    for style in STYLES:
        digest.update((ROOT / "assets" / style).read_bytes())
    for language in LANG:
        digest.update(_texts(known(language) or "zh").encode())
    return digest.hexdigest()[:16]


def _texts(language: Language) -> str:
    texts = {key: value for key, value in catalogue(language).items() if key.startswith(SUBJECTS)}
    # `</` would end the element that holds them.
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace("</", "<\\/")


def owner_of(viewer: Viewer) -> str:
    """Under which name the phone keeps what this person typed: another person's sign-in must not find it."""
    return hashlib.sha256(f"field|{viewer.subject}".encode()).hexdigest()[:16]


def shell(viewer: Viewer, language: Language) -> str:
    """The whole page without any data but whose phone this is."""

    def say(key: str) -> str:
        return escape(t(f"field.{key}", language))

    folder = f"/field/files/{version()}"
    styles = "".join(f'<link rel="stylesheet" href="/assets/{style}?m={version()}">' for style in STYLES)
    tabs = "".join(
        f'<a class="tab" href="#{name}" data-tab="{name}"><span class="icon icon-{icon}" aria-hidden="true"></span>'
        f'<span class="tab__name">{say(f"tab_{name}")}</span></a>'
        for name, icon in TABS
    )
    return (
        f'<!doctype html><html lang="{LANG[language]}" data-theme="light"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">'
        '<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">'
        '<meta name="theme-color" content="#F6F8FB"><meta name="format-detection" content="telephone=no">'
        '<meta name="mobile-web-app-capable" content="yes">'
        f'<meta name="apple-mobile-web-app-title" content="{say("app_short")}">'
        f'<title>{say("app_name")}</title><link rel="icon" href="{folder}/icon.svg">'
        f'<link rel="apple-touch-icon" href="{folder}/icon-192.png">'
        f'<link rel="manifest" href="/field/manifest.webmanifest?language={language}" crossorigin="use-credentials">'
        f'{styles}<link rel="stylesheet" href="{folder}/field.css"><script src="{folder}/early.js"></script>'
        f'<script type="module" src="{folder}/main.js"></script></head>'
        f'<body class="phone" data-owner="{owner_of(viewer)}" data-employee="{escape(viewer.employee_number or "")}"'
        f' data-version="{version()}" data-language="{language}">'
        f'<a class="skip" href="#screen">{say("skip")}</a>'
        '<header class="head"><div id="head" class="head__title"></div>'
        '<button id="network" class="network" type="button" aria-live="polite"></button></header>'
        '<div id="banner" class="banner" role="status" hidden></div>'
        f'<main id="screen" class="screen" tabindex="-1"><p class="quiet loading">{say("loading")}</p></main>'
        '<div id="dock" class="dock" hidden></div>'
        f'<nav class="tabs" aria-label="{say("tabs")}">{tabs}</nav>'
        '<div id="sheet" class="sheet" hidden></div><div id="said" class="visually-hidden" aria-live="assertive"></div>'
        f'<noscript><p class="screen">{say("no_script")}</p></noscript>'
        f'<script id="texts" type="application/json">{_texts(language)}</script></body></html>'
    )


def _not_for(viewer: Viewer, language: Language) -> Response:
    """What somebody sees who is no inspector."""
    title = escape(t("field.others_title", language))
    words = escape(t("field.others_text", language, name=viewer.display_name or viewer.subject))
    home = f'<a class="button" href="/">{escape(t("field.others_home", language))}</a>'
    body = (
        '<main class="door__card"><p class="door__brand">gridaudit</p>'
        f'<h1 class="door__title">{title}</h1><p class="door__text">{words}</p><p class="door__text">{home}</p></main>'
    )
    return HTMLResponse(plain_page(t("field.app_name", language), body, language), 403)


@router.get("/field")
async def field(request: Request) -> Response:
    """The page. `?language=` switches the language of this phone."""
    viewer = require_viewer()
    switched = known(dict(parse_qsl(request.scope["query_string"].decode("latin-1"))).get("language"))
    if switched:
        response: Response = RedirectResponse("/field", 303)
        response.set_cookie(COOKIE, switched, max_age=400 * 86_400, samesite="lax")
        return response
    language = language_of(request.scope)
    if viewer.role != "inspector" or viewer.employee_number is None:
        return _not_for(viewer, language)
    return HTMLResponse(shell(viewer, language), headers={"Cache-Control": "no-store"})


@router.get("/field/files/{wanted}/{name}")
async def file(wanted: str, name: str) -> Response:
    """A script, style or picture of the page. Only files that lie in the folder have a name here."""
    content = _files().get(name)
    if content is None:
        return Response(status_code=404)
    keep = FOREVER if wanted == version() else "no-store"
    return Response(content, media_type=KINDS[Path(name).suffix], headers={"Cache-Control": keep})


@router.get("/field/worker.js")
async def worker() -> Response:
    """The service worker, with the list of what the shell consists of."""
    folder = f"/field/files/{version()}"
    kept = [f"{folder}/{name}" for name in _files() if name != "worker.js" and not name.endswith(".png")]
    kept += [f"/assets/{style}?m={version()}" for style in STYLES]
    head = f"const VERSION = {json.dumps(version())};\nconst FILES = {json.dumps(kept)};\n"
    return Response(
        head + _files()["worker.js"].decode(),
        media_type="text/javascript",
        headers={"Cache-Control": "no-store", "Service-Worker-Allowed": "/field"},
    )


@router.get("/field/manifest.webmanifest")
async def manifest(request: Request) -> Response:
    """What a phone needs to put the page beside its apps."""
    asked = dict(parse_qsl(request.scope["query_string"].decode("latin-1"))).get("language")
    language = known(asked) or language_of(request.scope)
    folder = f"/field/files/{version()}"
    icons = [
        {"src": f"{folder}/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in SIZES
        for purpose in ("any", "maskable")
    ]
    content = {
        "id": "/field",
        "name": t("field.app_name", language),
        "short_name": t("field.app_short", language),
        "description": t("field.app_text", language),
        "lang": LANG[language],
        "start_url": "/field",
        "scope": "/field",
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#F6F8FB",
        "theme_color": "#F6F8FB",
        "icons": icons,
    }
    return JSONResponse(content, media_type="application/manifest+json")
