"""A ticket's page put together: head, actions, clock, file, evidence, timeline."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components import format as fmt
from components.attributes import attributes
from components.desk import Crumb, KeyFigure, columns, section, stack
from components.icons import icon
from components.map_words import pill, status_word
from components.object_links import unit_crumbs
from components.ticket_actions import actions_view, missing_words
from components.ticket_amounts import amounts_view, figures, has_amounts
from components.ticket_cards import problem_card, similar_list, what, where, who, why
from components.ticket_case import Case
from components.ticket_evidence import check_in_rows, gallery
from components.ticket_map import ticket_map
from components.ticket_stages import in_words, stage_track
from components.ticket_timeline import timeline
from components.ticket_words import finding_word
from i18n import Language, t

_URGENCY = {"overdue": "late", "soon": "warn", "in_time": "plain", "stopped": "off"}


def crumbs(case: Case, language: Language) -> list[Crumb]:
    """Tickets, the units down to the object's, the number."""
    return [
        Crumb(t("ticket_page.tickets", language), "/tickets" if _has_list() else None),
        *unit_crumbs([{"code": code, "name_zh": zh, "name_en": en} for code, zh, en in case.line], language),
        Crumb(case.row["number"]),
    ]


def _has_list() -> bool:
    import dash

    return any(page["path"] == "/tickets" for page in dash.page_registry.values())


def title(case: Case, language: Language) -> str:
    """What it is about."""
    return str(case.row[f"anomaly_{language}"])


def marks(case: Case, language: Language) -> list[Any]:
    """Number, level, status, finding, request, demo."""
    row, clock = case.row, case.page.clock
    found: list[Any] = [
        html.Span(row["number"], className="number ticket-number"),
        pill("plain", t("wall.level", language, level=fmt.roman(row["level"]))),
        pill(_URGENCY[clock.urgency] if not row["closed_at"] else "off", status_word(row["status"], language)),
    ]
    if row["finding"]:
        found.append(
            pill("good" if row["finding"] == "true" else "plain", finding_word(row["finding"], language) or "")
        )
    if row["escalated_at"]:
        found.append(pill("late", t("ticket_page.escalated", language)))
    if row["request"]:
        kind = row["request"].get("kind", "extension")
        found.append(pill("warn", t(f"ticket_page.asked_{kind}", language)))
    if row["is_demo"]:
        found.append(html.Span(t("common.demo", language), className="demo-mark"))
    return found


def head_figures(case: Case, language: Language) -> list[KeyFigure]:
    """The deadline now, what is at stake or came of it, how long it has been open."""
    row, clock = case.row, case.page.clock
    found = []
    if row["closed_at"]:
        found.append(
            KeyFigure(
                t("ticket_page.closed", language),
                fmt.day(row["closed_at"], language),
                status_word(row["status"], language),
            )
        )
    else:
        found.append(
            KeyFigure(
                t("ticket_page.deadline", language),
                t("ticket_page.stopped", language)
                if clock.urgency == "stopped"
                else fmt.deadline(clock.due_at, case.now, language),
                fmt.moment(clock.due_at, language),
                "plain" if clock.urgency == "in_time" else _URGENCY[clock.urgency],  # type: ignore[arg-type]
            )
        )
    if has_amounts(row):
        found += figures(row, language)[1:]
    elif case.page.risk:
        found.append(
            KeyFigure(t("ticket_page.exposure", language), fmt.yuan(case.page.risk["exposure_yuan"], language))
        )
    open_for = (row["closed_at"] or case.now) - row["opened_at"]
    found.append(
        KeyFigure(
            t("ticket_page.took" if row["closed_at"] else "ticket_page.open_for", language),
            fmt.duration(open_for.total_seconds(), language),
            fmt.moment(row["opened_at"], language),
        )
    )
    return found


def head_actions(number: str, language: Language) -> list[Any]:
    """What one takes along: the case file, the page on paper."""
    return [
        html.A(
            [icon("report"), t("ticket_page.case_file", language)],
            href=f"/api/v1/tickets/{number}/case-file.pdf?lang={language}",
            className="button",
            target="_blank",
        ),
        html.Button(
            [icon("printer"), t("ticket_page.print", language)],
            type="button",
            className="button",
            **attributes({"data-desk": "print"}),
        ),
    ]


def _request(case: Case, language: Language) -> Any:
    """What the handler asked for and nobody decided yet."""
    asked = case.row["request"]
    if not asked:
        return None
    words = t(
        f"ticket_page.request_{asked.get('kind', 'extension')}",
        language,
        name=case.names.person(asked.get("by"), language) or "",
        n=asked.get("days", ""),
    )
    return html.Div(
        [icon("clock"), html.Div([html.Strong(words), html.Div(asked.get("reason", ""))])],
        className="notice notice--warn",
    )


def _doing(case: Case, language: Language) -> html.Section:
    missing = case.page.missing
    note = (
        t("ticket_page.missing", language, what=missing_words(missing, language))
        if missing and case.row["finding"]
        else ""
    )
    return section(
        t("ticket_page.actions", language),
        _request(case, language),
        actions_view(case.page.offers, language),
        html.P(note, className="quiet") if note else None,
        id="ticket-actions",
    )


def body(case: Case, language: Language) -> list[Any]:
    """Everything below the head."""
    row, page, names = case.row, case.page, case.names
    may_add = any(offer.action == "add_evidence" and offer.allowed for offer in page.offers)
    clock = in_words(case.stages, page.clock.due_at, case.now, language)
    left: Sequence[Any] = (
        _doing(case, language),
        section(
            t("ticket_page.clock_title", language),
            stage_track(case.stages, language),
            html.P(clock, className="clock-words") if clock else None,
            note=t("ticket_page.clock_note", language),
        ),
        columns(
            section(t("ticket_page.what", language), what(row, language)),
            section(t("ticket_page.why", language), why(page.risk, language)),
        ),
        section(
            t("ticket_page.evidence", language),
            gallery(row["number"], page.evidence, names, language, may_add=may_add),
            note=t("ticket_page.files", language, n=len(page.evidence)) if page.evidence else "",
            id="ticket-evidence",
        ),
        section(t("ticket_page.amounts", language), amounts_view(row, language), id="ticket-amounts")
        if row["finding"] == "true" or has_amounts(row)
        else None,
        section(
            t("ticket_page.timeline", language),
            timeline(page.events, names, language),
            note=t("ticket_page.events", language, n=len(page.events)),
            id="ticket-timeline",
        ),
    )
    right: Sequence[Any] = (
        section(
            t("ticket_page.where", language),
            ticket_map(row, page.check_ins, case.similar, names, page.clock.urgency, language),
            where(row, language),
        ),
        section(t("ticket_page.who", language), who(row, names, language)),
        section(t("ticket_page.check_ins", language), check_in_rows(page.check_ins, names, language)),
        section(t("ticket_page.problem", language), problem_card(page.problem, names, language))
        if page.problem
        else None,
        section(
            t("ticket_page.similar", language),
            similar_list(case.similar, language),
            note=t("ticket_page.similar_note", language),
        ),
    )
    return [
        columns(
            stack(*[one for one in left if one is not None]),
            stack(*[one for one in right if one is not None]),
            template="minmax(0, 1.9fr) minmax(320px, 1fr)",
        )
    ]
