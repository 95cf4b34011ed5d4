"""The clock of each stage as a track: done, now, ahead; working days used of those allowed."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from audit.stages import Stage
from components import format as fmt
from components.attributes import attributes
from components.icons import icon
from components.map_words import status_word
from components.ticket_words import full_moment
from i18n import Language, t

_SIGNS = {"done": "check", "now": "player-play", "ahead": "", "skipped": "minus"}


def days_text(stage: Stage, language: Language) -> str:
    """`3 of 7 working days`, or what takes its place."""
    if stage.phase == "skipped":
        return t("ticket_page.stage_skipped", language)
    if stage.phase == "ahead":
        return t("ticket_page.stage_ahead", language, allowed=stage.allowed) if stage.allowed is not None else ""
    if stage.allowed is None:
        return ""
    return t("ticket_page.stage_days", language, used=stage.used, allowed=stage.allowed + stage.extended)


def notes(stage: Stage, language: Language) -> list[str]:
    """What else is to be said of a stage's clock: late, standing, extended, more than one stay."""
    said = []
    if stage.stopped:
        said.append(t("ticket_page.stage_stopped", language))
    if stage.late:
        said.append(t("ticket_page.stage_late", language))
    if stage.suspended:
        said.append(t("ticket_page.stage_suspended", language, n=stage.suspended))
    if stage.extended:
        said.append(t("ticket_page.stage_extended", language, n=stage.extended))
    if stage.runs > 1:
        said.append(t("ticket_page.stage_runs", language, n=stage.runs))
    return said


def _stage(stage: Stage, language: Language) -> html.Li:
    look = ["clock", f"clock--{stage.phase}"]
    sign = _SIGNS[stage.phase]
    if stage.late:
        look.append("is-late")
        sign = "alert-triangle" if stage.phase == "now" else "clock-exclamation"
    if stage.stopped:
        look.append("is-stopped")
        sign = "player-pause"
    whole = (stage.allowed or 0) + stage.extended
    share = min(100, round(100 * stage.used / whole)) if whole else (100 if stage.used else 0)
    when = full_moment(stage.left_at or stage.started_at, language)[5:] if stage.started_at else ""
    return html.Li(
        [
            html.Span(icon(sign) if sign else None, className="clock__sign"),
            html.Span(status_word(int(stage.status), language), className="clock__name"),
            html.Span(
                html.Span(className="clock__used", style={"width": f"{share if stage.started_at else 0}%"}),
                className="clock__bar",
                **attributes({"aria-hidden": "true"}),
            ),
            html.Span(days_text(stage, language), className="clock__days number"),
            html.Span(when, className="clock__when number"),
            *[html.Span(note, className="clock__note") for note in notes(stage, language)],
        ],
        className=" ".join(look),
        **attributes({"aria-current": "step"} if stage.phase == "now" else {}),
    )


def stage_track(stages: Sequence[Stage], language: Language) -> html.Ol:
    """All stages from left to right; from top to bottom on a phone."""
    return html.Ol([_stage(stage, language) for stage in stages], className="clocks")


def in_words(stages: Sequence[Stage], due_at: datetime | None, now: datetime, language: Language) -> str:
    """The clock that runs now as a sentence; empty for a closed ticket."""
    stage = next((one for one in stages if one.phase == "now"), None)
    if stage is None:
        return ""
    name = status_word(int(stage.status), language)
    since = full_moment(stage.started_at, language)
    if stage.stopped:
        return t("ticket_page.clock_stopped", language, stage=name, until=full_moment(due_at, language))
    return t(
        "ticket_page.clock",
        language,
        stage=name,
        since=since,
        used=stage.used,
        allowed=fmt.number(None if stage.allowed is None else stage.allowed + stage.extended, language),
        due=full_moment(due_at, language),
        left=fmt.deadline(due_at, now, language),
    )
