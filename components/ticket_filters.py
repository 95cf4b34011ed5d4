"""The ticket list's filters: ready-made views, and one bar of chips that reads like a sentence.

Every choice is a link to the address that it leads to; `assets/js/desk/tickets.js` follows it without loading the page.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components import format as fmt
from components.attributes import attributes
from components.filters import names
from components.icons import icon
from components.map_words import status_word
from components.ticket_address import VIEWS, Address, toggled
from data_access.ticket_filter import DUE, OPEN_STATUSES, STATES, TicketFilter
from i18n import Language, t

_CLOSED = (90, 95)


def _link(words: Any, href: str, *, chosen: bool, many: bool = False, own_order: bool = False) -> html.A:
    marks = {"data-ticket-view": "", "aria-current": "true" if chosen else "false"}
    if many:
        marks["data-keep-open"] = ""
    if own_order:
        marks["data-own-order"] = ""
    mark = icon("check") if chosen else html.Span(className="choice__room")
    return html.A([mark, html.Span(words)], href=href, className="choice", **attributes(marks))


def _chip(name: str, shown: str, menu: Sequence[Any], language: Language, *, narrowed: bool) -> html.Details:
    return html.Details(
        [
            html.Summary(
                [html.Span(shown), icon("chevron-down")],
                className="chip is-narrowed" if narrowed else "chip",
                title=t(f"ticket_list.filter_{name}", language),
            ),
            html.Div(list(menu), className="choices"),
        ],
        id=f"ticket-chip-{name}",
        className="chip-room",
    )


def _some(words: Sequence[str], nothing: str, language: Language) -> str:
    if not words:
        return nothing
    if len(words) <= 2:
        return t("ticket_list.and", language).join(words)
    return t("filters.some", language, first=words[0], n=len(words) - 1)


def view_bar(at: Address, counts: Mapping[str, int], language: Language, *, with_mine: bool) -> html.Nav:
    """The ready-made views with how many open tickets each holds."""
    entries = []
    for name in VIEWS:
        if name == "mine" and not with_mine:
            continue
        words: list[Any] = [html.Span(t(f"ticket_list.view_{name}", language))]
        if name in counts:
            late = " is-late" if name in ("overdue", "returned") and counts[name] else ""
            words.append(html.Span(fmt.number(counts[name], language), className=f"views__count number{late}"))
        entries.append(
            html.A(
                words,
                href=at.view(name),
                className="views__entry",
                **attributes(
                    {
                        "data-ticket-view": "",
                        "data-own-order": "",
                        "aria-current": "page" if at.view_name == name else "false",
                    }
                ),
            )
        )
    return html.Nav(entries, className="views", **attributes({"aria-label": t("ticket_list.views", language)}))


def filter_bar(at: Address, units: Sequence[Mapping[str, Any]], language: Language) -> html.Div:
    """The sentence. `units` are the ones to choose from (`ticket_list.units_in_scope`)."""
    chosen = at.chosen
    parts: list[Any] = [
        icon("filter"),
        _word("show", language),
        _state_chip(at, language),
        _status_chip(at, language),
        _word("about", language),
        _business_chip(at, language),
        _anomaly_chip(at, language),
        _word("at", language),
        _level_chip(at, language),
        _word("in", language),
        _unit_chip(at, units, language),
    ]
    if chosen.state != "closed":
        parts.append(_due_chip(at, language))
    parts += [_people_chip(at, language), _day_chip(at, language)]
    if chosen.box:
        parts.append(_taken(t("ticket_list.in_map", language), at.href(bbox=None), language))
    parts.append(_search(at, language))
    if at.filters:
        parts.append(
            html.A(
                [icon("x"), t("filters.clear", language)],
                href=at.view("open"),
                className="chip chip--clear",
                **attributes({"data-ticket-view": "", "data-own-order": ""}),
            )
        )
    return html.Div(
        parts, className="sentence", role="toolbar", **attributes({"aria-label": t("filters.label", language)})
    )


def in_words(chosen: TicketFilter, language: Language) -> str:
    """What narrows a list, in words: for files that are read away from the page."""
    known = names(language)
    words = [t(f"ticket_list.state_{chosen.state}", language)]
    words += [status_word(status, language) for status in sorted(chosen.statuses)]
    words += [name for code, name in known["business"].items() if code in chosen.business]
    words += [f"{code} {name}" for code, name in known["anomalies"].items() if code in chosen.anomalies]
    words += [t("wall.level", language, level=fmt.roman(level)) for level in sorted(chosen.levels)]
    if chosen.unit:
        words.append(t("ticket_list.in_unit", language, unit=chosen.unit))
    if chosen.due:
        words.append(t(f"ticket_list.due_{chosen.due}", language))
    if chosen.mine:
        words.append(t("ticket_list.who_mine", language))
    if chosen.handler == "none":
        words.append(t("ticket_list.who_none", language))
    elif chosen.handler:
        words.append(t("ticket_list.who_one", language, number=chosen.handler))
    if chosen.first_day or chosen.last_day:
        words.append(_days(chosen, language))
    if chosen.search:
        words.append(chosen.search)
    if chosen.box:
        words.append(t("ticket_list.in_map", language))
    return " · ".join(words)


def _days(chosen: TicketFilter, language: Language) -> str:
    happened = "closed" if chosen.state == "closed" else "opened"
    first, last = chosen.first_day or "…", chosen.last_day or "…"
    return t(f"ticket_list.days_{happened}", language, first=first, last=last)


def _word(name: str, language: Language) -> html.Span:
    return html.Span(t(f"ticket_list.word_{name}", language), className="sentence__word")


def _taken(words: str, href: str, language: Language) -> html.A:
    return html.A(
        [html.Span(words), icon("x")],
        href=href,
        className="chip is-narrowed",
        title=t("ticket_list.take_away", language),
        **attributes({"data-ticket-view": ""}),
    )


def _state_chip(at: Address, language: Language) -> html.Details:
    menu = [
        _link(
            t(f"ticket_list.state_{state}", language),
            at.href(state=None if state == "open" else state, status=None, due=None, sort=None),
            chosen=at.chosen.state == state,
            own_order=True,
        )
        for state in STATES
    ]
    shown = t(f"ticket_list.state_{at.chosen.state}", language)
    return _chip("state", shown, menu, language, narrowed=at.chosen.state != "open")


def _status_chip(at: Address, language: Language) -> html.Details:
    known = [
        *(sorted(OPEN_STATUSES) if at.chosen.state != "closed" else ()),
        *(_CLOSED if at.chosen.state != "open" else ()),
    ]
    menu = [
        _link(
            status_word(status, language),
            at.href(status=toggled(at.chosen.statuses, status)),
            chosen=status in at.chosen.statuses,
            many=True,
        )
        for status in known
    ]
    words = [status_word(status, language) for status in sorted(at.chosen.statuses)]
    shown = _some(words, t("ticket_list.status_all", language), language)
    return _chip("status", shown, menu, language, narrowed=bool(words))


def _business_chip(at: Address, language: Language) -> html.Details:
    known = names(language)["business"]
    menu = [
        _link(name, at.href(business=toggled(at.chosen.business, code)), chosen=code in at.chosen.business, many=True)
        for code, name in known.items()
    ]
    words = [name for code, name in known.items() if code in at.chosen.business]
    shown = _some(words, t("filters.business_all", language), language)
    return _chip("business", shown, menu, language, narrowed=bool(words))


def _anomaly_chip(at: Address, language: Language) -> html.Details:
    known = names(language)["anomalies"]
    menu = [
        _link(
            [html.Span(code, className="choice__code"), name],
            at.href(anomaly=toggled(at.chosen.anomalies, code)),
            chosen=code in at.chosen.anomalies,
            many=True,
        )
        for code, name in known.items()
        if not at.chosen.business or code[:2] in at.chosen.business
    ]
    words = [name for code, name in known.items() if code in at.chosen.anomalies]
    shown = _some(words, t("filters.anomaly_all", language), language)
    return _chip("anomaly", shown, menu, language, narrowed=bool(words))


def _level_chip(at: Address, language: Language) -> html.Details:
    menu = [
        _link(
            t("wall.level", language, level=fmt.roman(level)),
            at.href(level=toggled(at.chosen.levels, level)),
            chosen=level in at.chosen.levels,
            many=True,
        )
        for level in (1, 2, 3, 4)
    ]
    levels = ", ".join(fmt.roman(level) for level in sorted(at.chosen.levels))
    shown = t("filters.level_some", language, levels=levels) if levels else t("filters.level_all", language)
    return _chip("level", shown, menu, language, narrowed=bool(levels))


def _unit_chip(at: Address, units: Sequence[Mapping[str, Any]], language: Language) -> html.Details:
    field = f"name_{language}"
    highest = min((unit["level"] for unit in units), default=1)
    menu = [_link(t("filters.unit_all", language), at.href(unit=None), chosen=at.chosen.unit is None)]
    menu += [
        _link(
            html.Span(unit[field], className=f"choice__depth-{unit['level'] - highest}"),
            at.href(unit=unit["code"]),
            chosen=at.chosen.unit == unit["code"],
        )
        for unit in units
    ]
    own = next((unit[field] for unit in units if unit["code"] == at.chosen.unit), at.chosen.unit)
    return _chip("unit", own or t("filters.unit_all", language), menu, language, narrowed=bool(at.chosen.unit))


def _due_chip(at: Address, language: Language) -> html.Details:
    menu = [
        _link(
            t(f"ticket_list.due_{name or 'any'}", language),
            at.href(due=name or None),
            chosen=(at.chosen.due or "") == name,
        )
        for name in ("", *DUE)
    ]
    shown = t(f"ticket_list.due_{at.chosen.due or 'any'}", language)
    return _chip("due", shown, menu, language, narrowed=bool(at.chosen.due))


def _people_chip(at: Address, language: Language) -> html.Details:
    kind = "mine" if at.chosen.mine else "none" if at.chosen.handler == "none" else "any"
    ways = {"any": at.href(mine=None, handler=None), "mine": at.href(mine="1", handler=None),
            "none": at.href(mine=None, handler="none")}  # fmt: skip
    menu = [_link(t(f"ticket_list.who_{name}", language), href, chosen=kind == name) for name, href in ways.items()]
    shown = t(f"ticket_list.who_{kind}", language)
    if at.chosen.handler and kind == "any":
        shown = t("ticket_list.who_one", language, number=at.chosen.handler)
    return _chip("people", shown, menu, language, narrowed=kind != "any" or bool(at.chosen.handler))


def _day_chip(at: Address, language: Language) -> html.Details:
    """Days are typed into fields of the browser's own, which every keyboard and phone knows."""
    first, last = at.chosen.first_day, at.chosen.last_day
    fields = [
        html.Label(
            [
                html.Span(t(f"filters.{name}", language)),
                html.Span(
                    className="sentence__field",
                    **attributes({"data-ticket-field": name, "data-kind": "date", "data-value": str(day or "")}),
                ),
            ],
            className="choices__field",
        )
        for name, day in (("from", first), ("to", last))
    ]
    happened = "closed" if at.chosen.state == "closed" else "opened"
    any_day = t(f"ticket_list.days_{happened}_any", language)
    shown = _days(at.chosen, language) if first or last else any_day
    menu = [
        *fields,
        _link(t("filters.period_all", language), at.href(**{"from": None, "to": None}), chosen=not (first or last)),
    ]
    return _chip("days", shown, menu, language, narrowed=bool(first or last))


def _search(at: Address, language: Language) -> html.Span:
    return html.Span(
        [
            icon("search"),
            html.Span(
                className="sentence__field",
                **attributes(
                    {
                        "data-ticket-field": "q",
                        "data-kind": "search",
                        "data-value": at.chosen.search or "",
                        "data-label": t("ticket_list.search", language),
                    }
                ),
            ),
        ],
        className="sentence__search",
    )
