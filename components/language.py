"""In which language to answer: the choice made on this screen, else the account's, else the browser's."""

from typing import get_args

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from data_access.scope import current_viewer
from i18n import LANGUAGES, Language
from settings import get_settings

COOKIE = "gridaudit_language"
"""Set by the language switch of any page; holds `en` or `zh`, readable by scripts."""


def cookies_of(scope: Scope) -> dict[str, str]:
    """The cookies of a request or socket."""
    header = Headers(scope=scope).get("cookie")
    return cookie_parser(header) if header else {}


def known(value: object) -> Language | None:
    """The value when it names a language that we have."""
    return next((language for language in get_args(Language) if language == value), None)


def chosen_language(scope: Scope) -> Language | None:
    """The language chosen on this screen, if one was."""
    return known(cookies_of(scope).get(COOKIE))


def language_of(scope: Scope) -> Language:
    """The language of the answer to this request."""
    viewer = current_viewer.get()
    return chosen_language(scope) or (viewer.language if viewer else None) or accepted(scope)


def accepted(scope: Scope) -> Language:
    """The first language of the browser's list that we have, else the default of the settings."""
    for part in Headers(scope=scope).get("accept-language", "")[:200].split(","):
        primary = part.split(";")[0].strip().lower().split("-")[0]
        if primary in LANGUAGES:
            return known(primary) or get_settings().web.default_language
    return get_settings().web.default_language
