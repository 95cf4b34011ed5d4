"""What happened to a ticket, newest first: who did what when, with every value that they gave."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.attributes import attributes
from components.icons import icon
from components.ticket_words import ICONS, Names, event_fields, full_moment, sentence
from i18n import Language, t

Event = Mapping[str, Any]
LONG = 60
"""Characters from which a value gets a line of its own."""


def _values(event: Event, names: Names, language: Language) -> list[Any]:
    shown: list[Any] = []
    for label, value in event_fields(event["body"], names, language):
        look = "happening__value happening__value--long" if len(value) > LONG or "\n" in value else "happening__value"
        shown.append(html.Div([html.Dt(label), html.Dd(value)], className=look))
    return [html.Dl(shown, className="happening__values")] if shown else []


def event_line(event: Event, names: Names, language: Language) -> html.Li:
    """One event."""
    person = names.person(event["actor"], language) or ""
    unit = event.get(f"unit_{language}")
    who = f"{person} · {unit}" if unit else person
    return html.Li(
        [
            html.Span(icon(ICONS[event["kind"]]) if event["kind"] in ICONS else None, className="happening__sign"),
            html.Div(
                [
                    html.P(
                        [
                            html.Strong(sentence(event, language)),
                            html.Span(who, className="happening__who"),
                            html.Span(
                                full_moment(event["at"], language),
                                className="happening__when number",
                                title=f"{event['at'].isoformat()} · #{event['sequence']}",
                            ),
                        ],
                        className="happening__line",
                    ),
                    *_values(event, names, language),
                ],
                className="happening__what",
            ),
        ],
        className="happening",
        **attributes({"data-event": str(event["sequence"])}),
    )


def timeline(events: Sequence[Event], names: Names, language: Language) -> html.Ol:
    """All events, newest first."""
    return html.Ol(
        [event_line(event, names, language) for event in reversed(events)],
        className="timeline",
        **attributes({"aria-label": t("ticket_page.timeline", language)}),
    )
