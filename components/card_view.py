"""The cards: an inspector, a ticket, a risk point. What is known, in words, with the ways on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dash import html

from components import format as fmt
from components.icons import icon
from components.language import known
from components.map_words import anomaly_name, deadline_kind, pill, state_pill, status_word
from components.notice import empty_state
from data_access.scope import Viewer
from i18n import Language, UnknownText, t

Card = Mapping[str, Any]


def _facts(pairs: Sequence[tuple[str, Any]], language: Language) -> html.Dl:
    return html.Dl(
        [
            part
            for key, value in pairs
            if value is not None
            for part in (html.Dt(t(f"wall.card_{key}", language)), html.Dd(value))
        ],
        className="facts",
    )


def _go(kind: str, key: str | None, language: Language, *, empty: str, shown: str | None = None) -> Any:
    if not key:
        return html.Span(empty, className="quiet")
    return html.Button(shown or key, type="button", className="go", **{"data-select": f"{kind}:{key}"})


def _press(action: str, icon_name: str, text: str, key: str = "") -> html.Button:
    return html.Button(
        [icon(icon_name), text], type="button", className="button", **{"data-action": action, "data-key": key}
    )


def _head(photo: Any, title: str, marks: Sequence[Any], sub: str, *, square: str = "") -> html.Div:
    look = f"card__photo card__photo--square card__photo--{square}" if square else "card__photo"
    return html.Div(
        [
            html.Div(photo, className=look, **{"aria-hidden": "true"}),
            html.Div(
                [
                    html.H2(title, className="card__title"),
                    html.P(sub, className="card__sub"),
                    html.P([part for mark in marks for part in (mark, " ")]),
                ]
            ),
        ],
        className="card__head",
    )


def _demo(card: Card, language: Language) -> list[Any]:
    return [html.Span(t("common.demo", language), className="demo-mark")] if card.get("is_demo") else []


def _ago(moment: datetime | None, now: datetime, language: Language) -> str | None:
    if moment is None:
        return None
    return t("wall.card_ago", language, age=fmt.duration((now - moment).total_seconds(), language))


def _stops(stops: Sequence[Card], language: Language) -> html.Div:
    rows = [
        html.Li(
            [
                html.Span(str(i), className="steps__n number"),
                html.Span(
                    f"{fmt.clock(s['arrived_at'], language)}–{fmt.clock(s['left_at'], language)}", className="number"
                ),
                html.Span(
                    [fmt.duration(s["dwell_s"], language), f" · {s['near']}" if s.get("near") else ""],
                    className="steps__what",
                ),
            ]
        )
        for i, s in enumerate(stops, 1)
    ]
    body = html.Ol(rows, className="steps") if rows else html.P(t("wall.card_stops_none", language), className="quiet")
    return html.Div([html.H3(t("wall.card_stops", language)), body])


def inspector_card(card: Card, now: datetime, language: Language) -> html.Div:
    """Photo placeholder, unit, state, ticket, speed, battery, age of the last fix, distance and stops of today."""
    speed = card.get("speed_kmh")
    battery = card.get("battery_percent")
    return html.Div(
        [
            _head(
                icon("user"),
                card["name"],
                [state_pill(card, now, language), *_demo(card, language)],
                card.get(f"unit_{language}") or "",
            ),
            _facts(
                [
                    (
                        "ticket",
                        _go("ticket", card.get("ticket_number"), language, empty=t("wall.card_no_ticket", language)),
                    ),
                    ("speed", None if speed is None else t("common.speed", language, n=fmt.number(speed, language))),
                    ("battery", None if battery is None else f"{battery} %"),
                    ("fix", _ago(card.get("fixed_at"), now, language)),
                    ("distance", fmt.distance(card.get("distance_m"), language)),
                    ("phone", card.get("phone")),
                ],
                language,
            ),
            html.Div(
                [
                    _press("track", "route", t("wall.card_track", language), card["number"]),
                    _press("replay", "player-play", t("wall.card_replay", language), card["number"]),
                    _press("copy-link", "link", t("wall.card_link", language)),
                ],
                className="card__actions",
            ),
            _stops(card.get("stops") or [], language),
        ],
        className="card",
    )


def ticket_card(card: Card, now: datetime, language: Language) -> html.Div:
    """Status, level, deadline in words, type, district, handler, last events."""
    due = card.get("due_at")
    left = None if due is None or card.get("closed_at") else (due - now).total_seconds()
    marks = [pill("plain", status_word(card["status"], language))]
    if left is not None:
        marks.append(pill(deadline_kind(left), fmt.deadline(due, now, language)))
    events = [
        html.Li(
            [
                html.Span(str(i), className="steps__n number"),
                html.Span(fmt.moment(event["at"], language), className="number"),
                html.Span(
                    [status_word(event["to_status"], language), f" · {event['actor']}" if event.get("actor") else ""],
                    className="steps__what",
                ),
            ]
        )
        for i, event in enumerate(card.get("events") or [], 1)
    ]
    none = t("wall.card_events_none", language)
    return html.Div(
        [
            _head(
                fmt.roman(card["level"]),
                card["number"],
                [*marks, *_demo(card, language)],
                f"{anomaly_name(card['anomaly_code'], language)} · {card['anomaly_code']}",
                square=deadline_kind(left),
            ),
            _facts(
                [
                    ("unit", card.get(f"unit_{language}")),
                    ("district", card.get("district_name") or card.get("district_code")),
                    (
                        "handler",
                        _go(
                            "inspector",
                            card.get("handler_number"),
                            language,
                            empty=t("wall.unassigned", language),
                            shown=card.get("handler_name"),
                        ),
                    ),
                    ("reviewer", card.get("reviewer_name")),
                    ("opened", fmt.moment(card.get("opened_at"), language)),
                    ("deadline", fmt.moment(due, language) if due else None),
                    ("returns", fmt.number(card["return_count"], language) if card.get("return_count") else None),
                ],
                language,
            ),
            html.Div([_press("copy-link", "link", t("wall.card_link", language))], className="card__actions"),
            html.Div(
                [
                    html.H3(t("wall.card_events", language)),
                    html.Ol(events, className="steps") if events else html.P(none, className="quiet"),
                ]
            ),
        ],
        className="card",
    )


def _part(name: str, value: Any, language: Language) -> html.Div | None:
    try:
        word = t(f"wall.part_{name}", language)
    except UnknownText:
        return None
    size = Decimal(str(value))
    return html.Div(
        [
            html.Span(word),
            html.Span(fmt.number(size, language, 1), className="number"),
            html.Span(
                html.Span(className="part__bar", style={"width": f"{min(Decimal(100), size * 100 / 40):.0f}%"}),
                className="part__room",
            ),
        ],
        className="part",
    )


def risk_card(card: Card, now: datetime, language: Language) -> html.Div:
    """A risk point: type, level, score and why, what is at stake, where."""
    parts = [
        _part(name, value, language) for name, value in (card.get("score_parts") or {}).items() if _is_number(value)
    ]
    return html.Div(
        [
            _head(
                fmt.roman(card["level"]),
                anomaly_name(card["anomaly_code"], language),
                [pill("plain", t(f"wall.risk_state_{card['state']}", language)), *_demo(card, language)],
                f"{card['number']} · {card['anomaly_code']}",
                square="risk",
            ),
            _facts(
                [
                    ("score", fmt.number(card["score"], language)),
                    ("exposure", fmt.yuan(card["exposure_yuan"], language)),
                    ("unit", card.get(f"unit_{language}")),
                    ("district", card.get("district_name") or card.get("district_code")),
                    ("customer", card.get("customer_number")),
                    ("detected", fmt.moment(card["detected_at"], language)),
                    (
                        "ticket",
                        _go("ticket", card.get("ticket_number"), language, empty=t("wall.card_no_ticket", language)),
                    ),
                ],
                language,
            ),
            html.Div([_press("copy-link", "link", t("wall.card_link", language))], className="card__actions"),
            html.Div([html.H3(t("wall.card_why", language)), html.Div(parts, className="parts")]) if parts else None,
        ],
        className="card",
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


_CARDS = {"inspector": inspector_card, "ticket": ticket_card, "risk": risk_card}


async def card_of(viewer: Viewer, data: Any) -> Any:
    """The card that the script asks for; says so where the thing is gone or out of scope. One data call."""
    if not isinstance(data, dict) or data.get("kind") not in _CARDS or not isinstance(data.get("key"), str):
        return None
    language = known(data.get("language")) or "en"
    from data_access import cards

    find = {"inspector": cards.inspector_card, "ticket": cards.ticket_card, "risk": cards.risk_card}[data["kind"]]
    card = await find(viewer, data["key"])
    if card is None:
        return empty_state(t("wall.not_found", language), name="map-pin-off")
    return _CARDS[data["kind"]](card, datetime.now(UTC), language)
