"""The desk shell: top bar, breadcrumb, head with the figures that matter, and the cards that desk pages are made of.

A page's layout returns `desk(...)`. At the desk the light theme is the default; theme and language are cookies of this
browser, set by `assets/js/desk/desk.js`, which then loads the page anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dash
from dash import ClientsideFunction, Input, Output, clientside_callback, dcc, html
from dash.development.base_component import Component

from components.attributes import attributes
from components.desk_search import search_slot
from components.icons import icon
from components.language import COOKIE, known
from components.notice import empty_state
from components.theme import THEME_COOKIE, Theme, known_theme
from data_access.scope import Role, Viewer, current_viewer
from i18n import Language, t
from settings import get_settings

Kind = Literal["plain", "good", "warn", "late", "off"]
PEOPLE: frozenset[Role] = frozenset({"admin", "manager", "supervisor", "lead", "inspector"})
"""Roles that sign in; `wall` and `gis` are tokens of screens and systems."""
LEADERS: frozenset[Role] = PEOPLE - {"inspector"}
_SIGNS: dict[Kind, str] = {
    "good": "circle-check",
    "warn": "alert-triangle",
    "late": "clock-exclamation",
    "off": "minus",
}


@dataclass(frozen=True, slots=True)
class Destination:
    """One entry of the navigation, named by `desk.nav_<key>`. In `href`, `{unit}` stands for the viewer's own unit."""

    key: str
    href: str
    icon: str
    roles: frozenset[Role] = PEOPLE

    @property
    def registered(self) -> bool:
        """Whether a page stands behind the entry: an entry without one is not shown."""
        plain = self.href.split("/{")[0] or "/"
        for page in dash.page_registry.values():
            template = page.get("path_template") or ""
            if page["path"] == self.href or ("{" in self.href and template.split("/<")[0] == plain):
                return True
        return False

    def address(self, viewer: Viewer | None) -> str:
        """Where the entry leads this viewer."""
        return self.href.replace("{unit}", viewer.org_path.rsplit(".", 1)[-1] if viewer else "")


NAVIGATION: tuple[Destination, ...] = (
    Destination("wall", "/", "device-tv"),
    Destination("field", "/field", "device-mobile", frozenset({"inspector"})),
    Destination("tickets", "/tickets", "clipboard-list"),
    Destination("risks", "/risks", "flame"),
    Destination("work", "/risks/work", "list-details"),
    Destination("trends", "/trends", "chart-line", LEADERS),
    Destination("regions", "/regions/{unit}", "map-2", LEADERS),
    Destination("rules", "/rules", "adjustments", LEADERS),
    Destination("imports", "/imports", "file-import", frozenset({"admin"})),
)
"""The entries in their order. A new page adds its row here and its name to `i18n/*/desk.yaml`."""


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; without `href` it is where one is."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the figures at the head: label above, value with its unit, note below. A kind also shows a sign."""

    label: str
    value: str
    note: str = ""
    kind: Kind = "plain"


def request_cookies() -> dict[str, str]:
    """The cookies of the request being answered; none outside of one."""
    try:
        return dict(dash.get_app().backend.request_adapter().cookies)
    except Exception:  # outside a request, and while the pages are first read, there is nobody to ask
        return {}


def request_language(lang: str | None) -> Language:
    """The address (`?lang=`) decides, then the choice kept on this screen, then the account."""
    viewer = current_viewer.get()
    return (
        known(lang)
        or known(request_cookies().get(COOKIE))
        or (viewer.language if viewer else get_settings().web.default_language)
    )


def request_theme() -> Theme:
    """The theme chosen on this screen, else light: the desk's default."""
    return known_theme(request_cookies().get(THEME_COOKIE)) or "light"


def destinations(viewer: Viewer | None) -> list[Destination]:
    """The entries that this viewer's role sees and behind which a page stands."""
    return [one for one in NAVIGATION if (viewer is None or viewer.role in one.roles) and one.registered]


def link(text: Any, href: str, *, className: str = "", **more: Any) -> Component:  # noqa: N803 - Dash's name
    """A link within the product. The wall is loaded anew: it has a theme and scripts of its own."""
    if href.split("?")[0] == "/" or href.startswith(("/api/", "/signin")):
        return html.A(text, href=href, className=className, **more)
    return dcc.Link(text, href=href, className=className, **more)


def _navigation(active: str, viewer: Viewer | None, language: Language) -> html.Nav:
    return html.Nav(
        [
            link(
                [icon(one.icon), html.Span(t(f"desk.nav_{one.key}", language))],
                one.address(viewer),
                className="topbar__entry is-here" if one.key == active else "topbar__entry",
            )
            for one in destinations(viewer)
        ],
        className="topbar__nav",
        **attributes({"aria-label": t("desk.navigation", language)}),
    )


def _tool(action: str, icon_name: str, label: str, text: str = "") -> html.Button:
    return html.Button(
        [icon(icon_name), *([html.Span(text)] if text else [])],
        type="button",
        className="button button--bare",
        title=label,
        **attributes({"data-desk": action, "aria-label": label}),
    )


def _top_bar(active: str, language: Language, theme: Theme) -> html.Header:
    viewer = current_viewer.get()
    person: list[Any] = []
    if viewer is not None:
        role = t(f"desk.role_{viewer.role}", language)
        person = [
            html.Span(
                [icon("user"), html.Span(viewer.display_name or role, className="topbar__name")],
                className="topbar__person",
                title=role,
            )
        ]
    return html.Header(
        [
            link("gridaudit", "/", className="topbar__brand"),
            _navigation(active, viewer, language),
            search_slot(language),
            html.Div(
                [
                    _tool(
                        "language",
                        "language",
                        t("desk.switch_language", language),
                        t("common.other_language", language),
                    ),
                    _tool(
                        "theme",
                        "moon" if theme == "light" else "sun",
                        t("desk.to_dark" if theme == "light" else "desk.to_light", language),
                    ),
                    *person,
                    _tool("sign-out", "logout", t("desk.sign_out", language)),
                ],
                className="topbar__tools",
                role="group",
                **attributes({"aria-label": t("desk.tools", language)}),
            ),
        ],
        className="topbar",
    )


def _breadcrumb(crumbs: Sequence[Crumb], language: Language) -> html.Nav | None:
    if not crumbs:
        return None
    steps = [
        html.Li(
            link(crumb.text, crumb.href)
            if crumb.href
            else html.Span(crumb.text, **attributes({"aria-current": "page"} if i == len(crumbs) - 1 else {}))
        )
        for i, crumb in enumerate(crumbs)
    ]
    return html.Nav(html.Ol(steps), className="crumbs", **attributes({"aria-label": t("desk.breadcrumb", language)}))


def key_figures(figures: Sequence[KeyFigure], *, id: str | None = None) -> html.Dl:
    """Figures in a row: 28 px, tabular, label above, note below."""
    shown = [
        html.Div(
            [
                html.Dt(figure.label),
                html.Dd(
                    [
                        *([icon(_SIGNS[figure.kind])] if figure.kind in _SIGNS else []),
                        html.Span(figure.value, className="number"),
                    ],
                    className="key__value",
                ),
                html.Dd(figure.note, className="key__note") if figure.note else None,
            ],
            className=f"key key--{figure.kind}",
        )
        for figure in figures
    ]
    return html.Dl(shown, className="keys", **attributes({"id": id} if id else {}))


def desk(
    *,
    active: str,
    language: Language,
    title: str,
    crumbs: Sequence[Crumb] = (),
    figures: Sequence[KeyFigure] = (),
    actions: Sequence[Any] = (),
    marks: Sequence[Any] = (),
    body: Any,
    wide: bool = False,
) -> html.Div:
    """A desk page. `active` is a navigation key, `wide` takes the whole width of large screens (maps, big tables).

    `marks` stand beside the title (state, level, demo mark); `actions` at the right of the head.
    """
    theme = request_theme()
    head = html.Div(
        [
            _breadcrumb(crumbs, language),
            html.Div(
                [
                    html.Div([html.H1(title), *marks], className="desk__title"),
                    html.Div(list(actions), className="desk__actions") if actions else None,
                ],
                className="desk__line",
            ),
            key_figures(figures) if figures else None,
        ],
        className="desk__head",
    )
    main = html.Main([head, *(body if isinstance(body, (list, tuple)) else [body])], id="desk-main", tabIndex=-1)
    return html.Div(
        [
            html.A(t("desk.skip", language), href="#desk-main", className="skip"),
            _top_bar(active, language, theme),
            main,
            dcc.Store(id="desk-theme", data=theme),
            html.Div(id="desk-dressed", hidden=True),
        ],
        id="desk",
        className="desk desk--wide" if wide else "desk",
        lang="zh-CN" if language == "zh" else "en",
        **attributes({"data-theme": theme, "data-language": language}),
    )


clientside_callback(
    ClientsideFunction("desk", "dress"),
    Output("desk-dressed", "title"),
    Input("desk-theme", "data"),
)


def section(
    title: str,
    *children: Any,
    id: str | None = None,
    actions: Sequence[Any] = (),
    note: str = "",
    className: str = "",  # noqa: N803 - Dash's name
) -> html.Section:
    """A card with a heading; `note` says in quiet words what it shows (unit, period, number of cases)."""
    head = html.Div(
        [
            html.H2(title),
            html.Span(note, className="section__note") if note else None,
            html.Div(list(actions), className="section__actions") if actions else None,
        ],
        className="section__head",
    )
    name = f"section {className}".strip()
    return html.Section([head, *children], className=name, **attributes({"id": id} if id else {}))


def columns(*children: Any, template: str = "minmax(0, 1fr) minmax(0, 1fr)", even: bool = False) -> html.Div:
    """Children side by side as `template` (CSS grid columns) says, `even`: equally high. One column on a phone."""
    name = "columns columns--even" if even else "columns"
    return html.Div(list(children), className=name, style={"--columns": template})


def stack(*children: Any) -> html.Div:
    """Children one below the other, in one column of `columns`."""
    return html.Div(list(children), className="stack")


def facts(pairs: Sequence[tuple[str, Any]]) -> html.Dl:
    """The file of a thing: label and value; what is not known (None) is left out."""
    return html.Dl(
        [part for label, value in pairs if value is not None for part in (html.Dt(label), html.Dd(value))],
        className="file",
    )


def skeleton(height: str = "120px") -> html.Div:
    """A place kept for what is still coming, as high as it will be, so that nothing jumps."""
    return html.Div(className="waiting", style={"height": height}, **attributes({"aria-hidden": "true"}))


def loading(label: str, height: str = "120px") -> html.Div:
    """A designed waiting state that says what is being waited for."""
    return html.Div(
        [html.Span(className="waiting__bar"), html.Span(label)],
        className="waiting waiting--said",
        style={"height": height},
        role="status",
    )


RETRY_SECONDS = 30
"""A page that could not be made tries again by itself: a wall screen has nobody to press a button."""


def page_failed(message: str, reference: str, language: Language) -> html.Div:
    """The page in place of one that could not be made: what happened in safe words, the reference, the ways out."""
    retry = html.Button(
        [icon("refresh"), t("common.retry", language)],
        type="button",
        className="button",
        **attributes({"data-desk": "reload"}),
    )
    shown = html.Div(
        [
            empty_state(message, t("common.reference", language, reference=reference), "plug-connected-x"),
            html.Div(
                [retry, link([icon("device-tv"), t("desk.home", language)], "/", className="button")],
                className="not-found__ways",
            ),
        ],
        className="section not-found",
        role="alert",
        **attributes({"data-retry-seconds": str(RETRY_SECONDS)}),
    )
    return desk(active="", language=language, title=t("desk.failed", language), body=shown)


def not_found(language: Language, what: str = "") -> html.Div:
    """The thing is gone or out of scope (the answer is the same for both), with a way out."""
    name = what or t("desk.something", language)
    return html.Div(
        [
            empty_state(
                t("desk.not_found_title", language, what=name), t("desk.not_found_text", language), "map-pin-off"
            ),
            html.Div(
                [
                    html.Button(
                        [icon("chevron-left"), t("desk.back", language)],
                        type="button",
                        className="button",
                        **attributes({"data-desk": "back"}),
                    ),
                    link([icon("device-tv"), t("desk.home", language)], "/", className="button"),
                ],
                className="not-found__ways",
            ),
        ],
        className="section not-found",
    )
