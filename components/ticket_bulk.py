"""Dispatching many tickets at once: the bar over the table, the dialog, what would go and what went."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from components import format as fmt
from components.attributes import attributes
from components.icons import icon
from components.map_words import anomaly_name, status_word
from components.table import Column, table
from data_access.ticket_bulk import Result, Verdict
from i18n import Language, UnknownText, t


def bulk_bar(language: Language) -> list[Any]:
    """Shown while rows are selected: how many, what can be done with them."""
    return [
        html.Div(
            [
                html.Span(
                    id="tickets-selected",
                    className="tickets__selected number",
                    **attributes({"data-text": t("ticket_list.selected", language, n="{n}"), "role": "status"}),
                ),
                html.Button(
                    [icon("share"), t("ticket_list.dispatch", language)],
                    id="tickets-bulk-open",
                    type="button",
                    className="button",
                ),
                html.Button(
                    [icon("x"), t("ticket_list.deselect", language)],
                    id="tickets-deselect",
                    type="button",
                    className="button button--bare",
                ),
            ],
            id="tickets-bulk-bar",
            className="tickets__bulk",
            hidden=True,
        )
    ]


def bulk_dialog(language: Language) -> html.Div:
    """Choose where to, see what would happen, do it, see what happened."""
    return html.Div(
        [
            dmc.Modal(
                id="tickets-bulk",
                title=t("ticket_list.bulk_title", language),
                opened=False,
                size=760,
                closeButtonProps={"aria-label": t("common.close", language)},
                children=html.Div(
                    [
                        dmc.Select(
                            id="tickets-bulk-target",
                            label=t("ticket_list.bulk_target", language),
                            description=t("ticket_list.bulk_hint", language),
                            placeholder=t("ticket_list.bulk_choose", language),
                            nothingFoundMessage=t("ticket_list.bulk_none", language),
                            searchable=True,
                            clearable=True,
                            limit=60,
                            maxDropdownHeight=320,
                            data=[],
                            comboboxProps={"withinPortal": True},
                        ),
                        dcc.Loading(
                            html.Div(id="tickets-bulk-preview", className="bulk__preview"),
                            overlay_style={"visibility": "visible", "opacity": 0.5},
                            delay_show=200,
                            custom_spinner=html.Div(t("desk.loading", language), className="bulk__busy"),
                        ),
                        html.Div(
                            html.Button(
                                t("ticket_list.dispatch", language),
                                id="tickets-bulk-commit",
                                type="button",
                                className="button button--main",
                                disabled=True,
                            ),
                            className="bulk__foot",
                        ),
                    ],
                    className="bulk",
                ),
            ),
            dcc.Store(id="tickets-bulk-batch"),
            dcc.Store(id="tickets-bulk-plan"),
            dcc.Store(id="tickets-bulk-done"),
            dcc.Store(id="tickets-picked", data=[]),
        ]
    )


def targets(
    units: Sequence[Mapping[str, Any]],
    inspectors: Sequence[Mapping[str, Any]],
    chosen: int,
    own: int,
    language: Language,
) -> list[dict[str, Any]]:
    """Where tickets can go, in groups: each to its own unit below level `own`, one unit, one inspector with reasons."""
    name = f"name_{language}"
    by_path = {unit["org_path"]: unit[name] for unit in units}
    groups = [
        {
            "group": t("ticket_list.target_own", language),
            "items": [
                {"value": f"own:{level}", "label": t(f"ticket_list.target_own_{level}", language)}
                for level in (1, 2, 3)
                if level > own
            ],
        },
        {
            "group": t("ticket_list.target_inspector", language),
            "items": [
                {"value": f"inspector:{one['number']}", "label": _reasons(one, chosen, language)} for one in inspectors
            ],
        },
        {
            "group": t("ticket_list.target_unit", language),
            "items": [
                {
                    "value": f"unit:{unit['code']}",
                    "label": " · ".join(filter(None, (unit[name], by_path.get(unit["org_path"].rsplit(".", 1)[0])))),
                }
                for unit in units
                if unit["org_path"].count(".") > own
            ],
        },
    ]
    return [group for group in groups if group["items"]]


def _reasons(one: Mapping[str, Any], chosen: int, language: Language) -> str:
    """An inspector with what speaks for or against."""
    said = [
        one["name"],
        one[f"unit_{language}"],
        t("ticket_list.on_shift" if one["on_shift"] else "ticket_list.off_shift", language),
        t("ticket_list.open_work", language, n=fmt.number(one["open"], language)),
    ]
    if one["own_ground"]:
        said.append(t("ticket_list.own_ground", language, n=one["own_ground"], of=chosen))
    return " · ".join(said)


def reason(key: str, language: Language) -> str:
    """The words for why not; a plain sentence where there are none."""
    try:
        return t(key, language)
    except UnknownText:
        return t("ticket_list.why_other", language)


def _why(verdict: Verdict, language: Language) -> str:
    if verdict.allowed:
        return t("ticket_list.will_go", language)
    if verdict.faults:
        return "; ".join(reason(f"tickets.fault_{fault.problem}", language) for fault in verdict.faults)
    return reason(f"tickets.why_{verdict.why}", language)


def _mark(good: bool, words: str) -> html.Span:
    kind = "good" if good else "late"
    sign = "circle-check" if good else "x"
    return html.Span([icon(sign), html.Span(words)], className=f"state-word state-word--{kind} bulk__why")


def preview_of(verdicts: Sequence[Verdict], missing: int, language: Language) -> list[Any]:
    """Which will go, which not and why."""
    going = sum(verdict.allowed for verdict in verdicts)
    said = t("ticket_list.preview", language, going=going, staying=len(verdicts) - going + missing)
    columns = [
        Column(t("ticket_list.head_number", language), lambda v: v["of"].number),
        Column(t("ticket_list.head_anomaly", language), lambda v: anomaly_name(v["of"].anomaly_code, language)),
        Column(t("ticket_list.head_status", language), lambda v: status_word(v["of"].status, language)),
        Column(t("ticket_list.head_outcome", language), lambda v: _mark(v["of"].allowed, _why(v["of"], language))),
    ]
    # What stays behind is what one must look at.
    rows = [{"of": verdict} for verdict in sorted(verdicts, key=lambda verdict: (verdict.allowed, verdict.number))]
    listed = table(columns, rows, caption=said, empty=t("ticket_list.nothing", language), key="preview")
    return [html.P(said, className="bulk__said", role="status"), html.Div(listed, className="bulk__list")]


def report_of(results: Sequence[Result], language: Language) -> list[Any]:
    """What became of each."""
    done = sum(result.code == "done" for result in results)
    said = t("ticket_list.report", language, done=done, of=len(results))
    columns = [
        Column(
            t("ticket_list.head_number", language), lambda r: html.A(r["of"].number, href=f"/tickets/{r['of'].number}")
        ),
        Column(
            t("ticket_list.head_outcome", language),
            lambda r: _mark(r["of"].code == "done", _became(r["of"], language)),
        ),
    ]
    rows = [{"of": result} for result in sorted(results, key=lambda result: (result.code == "done", result.number))]
    listed = table(columns, rows, caption=said, empty=t("ticket_list.nothing", language), key="report")
    return [html.P(said, className="bulk__said", role="status"), html.Div(listed, className="bulk__list")]


def _became(result: Result, language: Language) -> str:
    if result.code == "done":
        return t("ticket_list.went", language)
    if result.code == "not_allowed":
        return reason(f"tickets.why_{result.why}", language)
    if result.code == "fields_wrong":
        return reason(f"tickets.fault_{result.why}", language)
    return t("ticket_list.changed_meanwhile" if result.code == "stale" else "ticket_list.why_other", language)
