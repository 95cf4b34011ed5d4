"""The state of a page in its address: what is chosen on it is mirrored into the query, so that a link shows the same.

Controls that only change a part of the page write the address in the browser (`assets/js/desk/view_state.js`), without
a step in the history; choices that change the whole page (another month) are links.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from dash import ClientsideFunction, Input, Output, clientside_callback, html
from dash.development.base_component import Component

from components.attributes import attributes
from components.desk import link
from components.icons import icon
from data_access.bill_input import month_after
from data_access.months import month_back
from i18n import Language, t
from settings import DISPLAY_ZONE

EARLIEST = date(2000, 1, 1)


def mirror(page: str, inputs: Sequence[Input]) -> Component:
    """Keeps `inputs` in the address: an input of id `district-tab` is the parameter `tab`. Put the answer on the page.

    To be called once, when the page's module is loaded.
    """
    target = f"{page}-address"
    clientside_callback(ClientsideFunction("viewState", "mirror"), Output(target, "title"), *inputs)
    return html.Div(id=target, hidden=True)


def running_month() -> date:
    """The first day of the month that it is now (Asia/Shanghai)."""
    return datetime.now(DISPLAY_ZONE).date().replace(day=1)


def month_of(text: str | None, default: date) -> date:
    """A month `YYYY-MM` of the address; the default for anything else, and for what lies in the future."""
    try:
        month = date.fromisoformat(f"{text}-01") if text and len(text) == 7 else default
    except ValueError:
        return default
    return month if EARLIEST <= month <= running_month() else default


def one_of(text: str | None, allowed: Sequence[str], default: str) -> str:
    """A word of the address, if it is one of `allowed`."""
    return text if text is not None and text in allowed else default


def address(path: str, state: Mapping[str, str | None]) -> str:
    """An address with the given state; what is None is left out."""
    query = urlencode({name: value for name, value in state.items() if value})
    return f"{path}?{query}" if query else path


def _step(name: str, label: str, href: str) -> Component:
    """An arrow with its name for who can't see it."""
    return link([icon(name), html.Span(label, className="visually-hidden")], href, className="button", title=label)


def month_steps(path: str, state: Mapping[str, str | None], month: date, language: Language) -> Component:
    """The month before, this one, the next: links that keep the rest of the state."""
    before, after = month_back(month, 1), month_after(month)
    steps = [
        _step("chevron-left", t("drill.month_before", language), address(path, {**state, "month": f"{before:%Y-%m}"})),
        html.Span(f"{month:%Y-%m}", className="month-steps__now number"),
    ]
    if after <= running_month():
        to = address(path, {**state, "month": f"{after:%Y-%m}"})
        steps.append(_step("chevron-right", t("drill.month_after", language), to))
    label = attributes({"aria-label": t("drill.month", language)})
    return html.Div(steps, className="month-steps", role="group", **label)


def choices(
    path: str, state: Mapping[str, str | None], name: str, options: Mapping[str, str], chosen: str
) -> Component:
    """A row of links of which one holds: `options` maps a value of the parameter `name` to its word."""
    return html.Div(
        [
            link(
                html.Span(word, **attributes({"aria-current": "true"} if value == chosen else {})),
                address(path, {**state, name: value}),
                className="choice is-chosen" if value == chosen else "choice",
            )
            for value, word in options.items()
        ],
        className="one-of",
    )
