"""The cards: an inspector, a ticket, a risk point. What is known, in words, with the ways on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dash import html

from components import format as fmt
from components.attributes import attributes
from components.icons import icon
from components.language import known
from components.map_words import anomaly_name, deadline_kind, pill, state_pill, status_word
from components.notice import empty_state
from components.object_links import address_of
from components.ticket_score import Part, score_parts
from data_access import cards, tracks
from data_access.scope import Viewer, current_viewer
from i18n import Language, t

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
    return html.Button(shown or key, type="button", className="go", **attributes({"data-select": f"{kind}:{key}"}))


def _press(action: str, icon_name: str, text: str, key: str = "") -> html.Button:
    return html.Button(
        [icon(icon_name), text],
        type="button",
        className="button",
        **attributes({"data-action": action, "data-key": key}),
    )


def _page_button(kind: str, key: str, language: Language) -> html.A | None:
    """The way from the wall to a thing's own page; none for screens, which have only the wall."""
    viewer, address = current_viewer.get(), address_of(kind, key)
    if address is None or viewer is None or viewer.kind != "user":
        return None
    return html.A([icon("external-link"), t("wall.card_page", language)], href=address, className="button")


def _head(photo: Any, title: str, marks: Sequence[Any], sub: str, *, square: str = "") -> html.Div:
    look = f"card__photo card__photo--square card__photo--{square}" if square else "card__photo"
    return html.Div(
        [
            html.Div(photo, className=look, **attributes({"aria-hidden": "true"})),
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
                    f"{fmt.clock(fmt.from_milliseconds(s['arrived_ms']), language)}–"
                    f"{fmt.clock(fmt.from_milliseconds(s['left_ms']), language)}",
                    className="number",
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


def _tickets(rows: Sequence[Card], title: str, now: datetime, language: Language) -> html.Div | None:
    if not rows:
        return None
    lines = []
    for row in rows:
        due = row.get("due_at")
        what = anomaly_name(row["anomaly_code"], language) if "anomaly_code" in row else ""
        when = fmt.deadline(due, now, language) if due else fmt.day(row.get("opened_at"), language)
        words = " · ".join(part for part in (status_word(row["status"], language), what, when) if part)
        lines.append(
            html.Li(
                [
                    html.Span(fmt.roman(row["level"]) if row.get("level") else "", className="steps__n"),
                    _go("ticket", row["number"], language, empty=""),
                    html.Span(words, className="steps__what"),
                ]
            )
        )
    return html.Div([html.H3(title), html.Ol(lines, className="steps")])


def inspector_card(card: Card, now: datetime, language: Language) -> html.Div:
    """Photo placeholder, unit, state, ticket, speed, battery, age of the last fix, distance and stops of today."""
    speed, battery = card["speed_kmh"], card["battery_percent"]
    known_place = card["fixed_at"] is not None
    track = card.get("track")
    work = t("wall.card_work_text", language, open=len(card["tickets"]), closed=card["closed_today"])
    return html.Div(
        [
            _head(
                icon("user"),
                card["name"],
                [*([state_pill(card, now, language)] if known_place else []), *_demo(card, language)],
                f"{card[f'unit_{language}']} · {card['number']}",
            ),
            _facts(
                [
                    (
                        "ticket",
                        _go("ticket", card["ticket_number"], language, empty=t("wall.card_no_ticket", language)),
                    ),
                    ("work", work),
                    ("fix", _ago(card["fixed_at"], now, language)),
                    ("speed", None if speed is None else t("common.speed", language, n=fmt.number(speed, language))),
                    ("battery", None if battery is None else f"{battery} %"),
                    ("shift", fmt.clock(card["shift_started_at"], language) if card["shift_started_at"] else None),
                    ("distance", fmt.distance(track["distance_m"], language) if track else None),
                    ("phone", card["phone"]),
                ],
                language,
            ),
            html.Div(
                [
                    _page_button("inspector", card["number"], language),
                    _press("track", "route", t("wall.card_track", language), card["number"]),
                    _press("replay", "player-play", t("wall.card_replay", language), card["number"]),
                    _press("copy-link", "link", t("wall.card_link", language)),
                ],
                className="card__actions",
            ),
            _tickets(card["tickets"], t("wall.card_tickets", language), now, language),
            _stops(track["stops"], language) if track else None,
        ],
        className="card",
    )


def ticket_card(card: Card, now: datetime, language: Language) -> html.Div:
    """Status, level, deadline in words, type, district, handler, last events."""
    due = card["due_at"]
    left = None if due is None or card["closed_at"] else (due - now).total_seconds()
    marks = [pill("plain", status_word(card["status"], language))]
    if left is not None:
        marks.append(pill(deadline_kind(left), fmt.deadline(due, now, language)))
    if card["finding"]:
        marks.append(pill("plain", t(f"wall.finding_{card['finding']}", language)))
    events = [
        html.Li(
            [
                html.Span(str(event["sequence"]), className="steps__n number"),
                html.Span(fmt.moment(event["at"], language), className="number"),
                html.Span(
                    [status_word(event["to_status"], language), html.Span(f" · {event['actor']}", className="quiet")],
                    className="steps__what",
                ),
            ]
        )
        for event in card["events"]
    ]
    none = t("wall.card_events_none", language)
    handler = _go(
        "inspector",
        card["handler_number"],
        language,
        empty=t("wall.unassigned", language),
        shown=card["handler"],
    )
    return html.Div(
        [
            _head(
                fmt.roman(card["level"]),
                card["number"],
                [*marks, *_demo(card, language)],
                f"{card[f'anomaly_{language}']} · {card['anomaly_code']}",
                square=deadline_kind(left),
            ),
            _facts(
                [
                    ("business", card[f"business_{language}"]),
                    ("unit", card[f"unit_{language}"]),
                    ("district", _district(card)),
                    ("customer", _customer(card)),
                    ("handler", handler),
                    ("reviewer", card["reviewer"]),
                    ("opened", fmt.moment(card["opened_at"], language)),
                    ("deadline", fmt.moment(due, language) if due else None),
                    ("returns", fmt.number(card["return_count"], language) if card["return_count"] else None),
                ],
                language,
            ),
            html.Div(
                [
                    _page_button("ticket", card["number"], language),
                    _press("copy-link", "link", t("wall.card_link", language)),
                ],
                className="card__actions",
            ),
            html.Div(
                [
                    html.H3(t("wall.card_events", language)),
                    html.Ol(events, className="steps") if events else html.P(none, className="quiet"),
                ]
            ),
        ],
        className="card",
    )


def _page(kind: str, key: str, text: str) -> Any:
    """A way to the page of a thing; a screen in a hall has no desk pages and shows plain text."""
    viewer = current_viewer.get()
    address = address_of(kind, key) if viewer is not None and viewer.kind == "user" else None
    return text if address is None else html.A(text, href=address)


def _district(card: Card) -> Any:
    if not card["district_code"]:
        return None
    capacity = f" · {card['capacity_kva']} kVA" if card["capacity_kva"] else ""
    return _page("district", card["district_code"], f"{card['district'] or card['district_code']}{capacity}")


def _customer(card: Card) -> Any:
    if not card["customer_number"]:
        return None
    text = f"{card['customer'] or ''} {card['customer_number']}".strip()
    return _page("customer", card["customer_number"], text)


def _part(part: Part, language: Language) -> html.Div:
    """One part of a score with its bar; the length is its share of the most that this part can give."""
    share = max(Decimal(0), min(Decimal(100), part.points * 100 / part.most))
    return html.Div(
        [
            html.Span(part.word),
            html.Span(f"{fmt.number(part.points, language, 1)} / {part.most}", className="number"),
            html.Span(html.Span(className="part__bar", style={"width": f"{share:.0f}%"}), className="part__room"),
        ],
        className="part",
    )


def risk_card(card: Card, now: datetime, language: Language) -> html.Div:
    """A risk point: type, level, score and why, what is at stake, where."""
    parts = [_part(part, language) for part in score_parts(card["score_parts"], language)]
    return html.Div(
        [
            _head(
                fmt.roman(card["level"]),
                card[f"anomaly_{language}"],
                [pill("plain", t(f"wall.risk_state_{card['state']}", language))],
                f"{card['number']} · {card['anomaly_code']}",
                square="risk",
            ),
            _facts(
                [
                    ("score", html.Strong(f"{fmt.number(card['score'], language)} / 100")),
                    ("exposure", fmt.yuan(card["exposure_yuan"], language)),
                    ("business", card[f"business_{language}"]),
                    ("unit", card[f"unit_{language}"]),
                    ("district", _district(card)),
                    ("customer", _customer(card)),
                    ("detected", fmt.moment(card["detected_at"], language)),
                ],
                language,
            ),
            html.Div(
                [
                    _page_button("risk", card["number"], language),
                    _press("copy-link", "link", t("wall.card_link", language)),
                ],
                className="card__actions",
            ),
            html.Div([html.H3(t("wall.card_why", language)), html.Div(parts, className="parts")]) if parts else None,
            _tickets(card["tickets"], t("wall.card_district_tickets", language), now, language),
        ],
        className="card",
    )


_VIEWS = {"inspector": inspector_card, "ticket": ticket_card, "risk": risk_card}
_FIND = {"inspector": cards.inspector_card, "ticket": cards.ticket_card, "risk": cards.risk_card}


async def card_of(viewer: Viewer, data: Any) -> Any:
    """The card that the script asks for; says so where the thing is gone or out of scope.

    An inspector's card shows today's stops, which is a look at a track: it is logged as one, and left out where the
    viewer is a screen and not a person.
    """
    kind, key = (data.get("kind"), data.get("key")) if isinstance(data, dict) else (None, None)
    if not isinstance(kind, str) or kind not in _VIEWS or not isinstance(key, str):
        return None
    language, key = known(data.get("language")) or "en", key.replace("\0", "")
    card = await _FIND[kind](viewer, key)
    if card is None:
        return empty_state(t("wall.not_found", language), name="map-pin-off")
    if kind == "inspector" and viewer.kind == "user" and card["fixed_at"] is not None:
        card["track"] = await tracks.day_track(viewer, key, tracks.today())
    return html.Div(_VIEWS[kind](card, datetime.now(UTC), language), key=str(data.get("n", 0)), className="card-room")
