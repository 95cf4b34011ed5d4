"""The dialog for a ticket by hand: what it is about, which suspicion, what was seen."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from audit.catalogue import catalogue
from components import format as fmt
from components.icons import icon
from components.notice import notice
from i18n import Language, t


def new_dialog(language: Language) -> html.Div:
    """The dialog, closed."""
    field = "name_zh" if language == "zh" else "name_en"
    known = catalogue()
    topics = [
        {
            "group": getattr(business, field),
            "items": [
                {"value": kind.code, "label": f"{kind.code} {getattr(kind, field)}"}
                for kind in known.anomaly_types
                if kind.business_type == business.code
            ],
        }
        for business in known.business_types
    ]
    levels = [{"value": str(n), "label": t("wall.level", language, level=fmt.roman(n))} for n in (1, 2, 3, 4)]
    content = html.Div(
        [
            dmc.TextInput(
                id="tickets-new-object",
                label=t("ticket_list.new_object", language),
                description=t("ticket_list.new_object_hint", language),
                debounce=400,
                required=True,
                **{"data-autofocus": True},
            ),
            html.Div(id="tickets-new-found", className="new__found", role="status"),
            dmc.Select(
                id="tickets-new-topic",
                label=t("ticket_list.new_topic", language),
                placeholder=t("ticket_list.new_topic_choose", language),
                data=topics,
                searchable=True,
                required=True,
                maxDropdownHeight=280,
                comboboxProps={"withinPortal": True},
            ),
            dmc.Select(
                id="tickets-new-level",
                label=t("ticket_list.new_level", language),
                placeholder=t("ticket_list.new_level_default", language),
                data=levels,
                clearable=True,
                comboboxProps={"withinPortal": True},
            ),
            dmc.Textarea(
                id="tickets-new-text",
                label=t("ticket_list.new_text", language),
                description=t("ticket_list.new_text_hint", language),
                autosize=True,
                minRows=3,
                maxRows=8,
            ),
            html.Div(id="tickets-new-said", role="status"),
            html.Div(
                html.Button(
                    t("ticket_list.create", language),
                    id="tickets-new-create",
                    type="button",
                    className="button button--main",
                    disabled=True,
                ),
                className="bulk__foot",
            ),
        ],
        className="bulk",
    )
    return html.Div(
        [
            dmc.Modal(
                content,
                id="tickets-new-dialog",
                title=t("ticket_list.new", language),
                opened=False,
                size=560,
                closeButtonProps={"aria-label": t("common.close", language)},
            ),
            dcc.Store(id="tickets-new-subject"),
            dcc.Store(id="tickets-new-change"),
        ]
    )


def found_of(objects: Sequence[Mapping[str, Any]], asked: str, language: Language) -> Any:
    """What lies under a number: the customer or district with its place, or that there is none."""
    if not objects:
        return notice(t("ticket_list.new_unknown", language, number=asked), language)
    one = objects[0]
    words = [t(f"ticket_list.new_{one['kind']}", language), one["number"]]
    words += [part for part in (one["district"], one[f"unit_{language}"]) if part]
    return html.Div([icon("circle-check"), html.Span(" · ".join(words))], className="state-word state-word--good")


def created_of(number: str, *, merged: bool, language: Language) -> html.Div:
    """What came of it, said clearly: a new ticket, or one that was open already and now knows of this too."""
    words = t("ticket_list.merged" if merged else "ticket_list.created", language, number=number)
    way = dcc.Link(
        [t("ticket_list.open", language), icon("arrow-right")], href=f"/tickets/{number}", className="button"
    )
    return html.Div([notice(words, language, kind="warn" if merged else "info"), way], className="new__made")
