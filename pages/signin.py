"""The sign-in page: plain HTML outside Dash, so that nobody who hasn't signed in needs a single callback.

Not one of Dash's pages: it is served by a route of its own. The form posts by script to `POST /api/v1/session`.
"""

import time
from functools import lru_cache
from html import escape
from typing import get_args
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from components.home import home_of
from components.language import COOKIE, known, language_of
from components.plain_page import plain_page
from data_access.scope import current_viewer
from data_access.users import data_is_demo
from i18n import Language, t
from settings import ROOT

router = APIRouter(include_in_schema=False)

DEMO_KEEP_SECONDS = 30.0
_demo: tuple[float, bool] = (0.0, False)


def safe_next(wanted: str | None) -> str:
    """Where to go after signing in: an address of our own, relative, or the wall.

    A browser reads `//host`, `/\\host` and addresses with control characters in them as other sites.
    """
    if not wanted or len(wanted) > 2_000 or not wanted.startswith("/") or wanted.startswith(("//", "/signin")):
        return "/"
    return "/" if any(character <= " " or character in "\\\x7f" for character in wanted) else wanted


async def _is_demo() -> bool:
    """Whether to say that the data is demo data. Without a database the page still stands."""
    global _demo
    if _demo[0] < time.monotonic():
        try:
            _demo = (time.monotonic() + DEMO_KEEP_SECONDS, await data_is_demo())
        except Exception:
            return False
    return _demo[1]


@lru_cache(maxsize=1)
def _script() -> str:
    """The script's address, with its version so that it may be kept for good."""
    stamp = int((ROOT / "assets" / "signin" / "signin.js").stat().st_mtime)
    return f'<script src="/assets/signin/signin.js?m={stamp}" defer></script>'


def _switch(language: Language, wanted: str) -> str:
    links = []
    for other in get_args(Language):
        query = urlencode({"language": other, **({"next": wanted} if wanted != "/" else {})})
        current = ' aria-current="true"' if other == language else ""
        name = escape(t("signin.language_name", other))
        links.append(f'<a class="door__language" href="/signin?{escape(query)}" lang="{other}"{current}>{name}</a>')
    return f'<nav class="door__languages" aria-label="{escape(t("signin.language", language))}">{"".join(links)}</nav>'


def page(language: Language, wanted: str, *, demo: bool) -> str:
    """The whole page. `wanted` is where to go afterwards, already made safe."""

    def say(key: str) -> str:
        return escape(t(f"signin.{key}", language))

    mark = f'<p class="door__demo"><span class="demo-mark">{say("demo_mark")}</span> {say("demo_hint")}</p>'

    body = (
        '<div class="door__field-of-work" aria-hidden="true"></div>'
        f'<header class="door__head"><p class="door__brand">gridaudit</p>{_switch(language, wanted)}</header>'
        f'<main class="door__card"><h1 class="door__title">{say("title")}</h1>'
        f'<p class="door__text">{say("purpose")}</p>'
        f'<form id="signin" method="post" action="/api/v1/session" novalidate data-next="{escape(wanted)}"'
        f' data-missing-login="{say("missing_login")}" data-missing-password="{say("missing_password")}"'
        f' data-unreachable="{say("unreachable")}" data-busy="{say("busy")}" data-submit="{say("submit")}"'
        f' data-show="{say("show_password")}" data-hide="{say("hide_password")}">'
        f'<label class="door__label" for="login">{say("login")}</label>'
        '<input class="door__input" id="login" name="login" type="text" autocomplete="username" autocapitalize="none"'
        ' spellcheck="false" maxlength="200" required autofocus aria-describedby="problem">'
        f'<label class="door__label" for="password">{say("password")}</label>'
        '<div class="door__field"><input class="door__input" id="password" name="password" type="password"'
        ' autocomplete="current-password" maxlength="256" required aria-describedby="caps problem">'
        f'<button class="door__reveal" id="reveal" type="button" aria-pressed="false">{say("show_password")}</button>'
        "</div>"
        f'<p class="door__caps" id="caps" role="status" data-text="{say("caps_lock")}"></p>'
        f'<button class="door__submit" id="submit" type="submit">{say("submit")}</button>'
        '<p class="door__problem" id="problem" role="alert" tabindex="-1"></p></form>'
        f"<noscript><p class='door__text'>{say('no_script')}</p></noscript></main>"
        f'<footer class="door__foot">{mark if demo else ""}<p>{say("help")}</p></footer>'
    )
    return plain_page(t("signin.page_title", language), body, language, head=_script())


@router.get("/signin")
async def signin(request: Request) -> Response:
    """The page; somebody who is signed in goes on at once. `?language=` switches the language of this browser."""
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1")))
    wanted = safe_next(query.get("next"))
    viewer = current_viewer.get()
    if viewer is not None:
        wanted = home_of(viewer.role) if wanted == "/" else wanted
        return RedirectResponse(wanted, 303, headers={"Cache-Control": "no-store"})
    switched = known(query.get("language"))
    response = HTMLResponse(page(switched or language_of(request.scope), wanted, demo=await _is_demo()))
    if switched:
        response.set_cookie(COOKIE, switched, max_age=400 * 86_400, samesite="lax")
    return response
