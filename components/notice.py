"""Notices: what went wrong or is missing, in safe words, with the reference under which the log has the rest."""

from typing import Any, Literal

from dash import html

from components.attributes import attributes
from components.icons import icon
from i18n import Language, t

NOTICE_ID = "notice"
"""The region in which a page shows an error that no part of it expected."""
Kind = Literal["info", "warn", "late"]
_ICONS: dict[Kind, str] = {"info": "info-circle", "warn": "alert-triangle", "late": "plug-connected-x"}


def notice(text: str, language: Language, *, kind: Kind = "warn", reference: str = "") -> html.Div:
    """One notice. `text` is safe for users; `reference` leads to the detail in the log."""
    words: list[Any] = [html.Div(text)]
    if reference:
        words.append(html.Div(t("common.reference", language, reference=reference), className="notice__reference"))
    return html.Div([icon(_ICONS[kind]), html.Div(words)], className=f"notice notice--{kind}", role="status")


def notice_region() -> html.Div:
    """Where errors of a page appear; announced by screen readers."""
    return html.Div(id=NOTICE_ID, className="notice-region", **attributes({"aria-live": "polite"}))


def empty_state(text: str, hint: str = "", name: str = "check") -> html.Div:
    """What stands where a list would be when there is nothing to list, with a way out where there is one."""
    words: list[Any] = [html.P(text, className="empty__text")]
    if hint:
        words.append(html.P(hint, className="empty__hint quiet"))
    return html.Div([icon(name), *words], className="empty")
