"""What can be done with a ticket now: in the order of the work what this person may do, the rest with the reason."""

from collections.abc import Sequence
from typing import Any

from dash import html

from audit.workflow import Offer
from components.attributes import attributes
from components.icons import icon
from components.notice import empty_state
from components.ticket_words import ICONS, action_word, reason_word, said
from i18n import Language, t

ELSEWHERE = frozenset({"check_in", "add_evidence"})
"""Taken on the phone and in the gallery: no forms of their own here."""
ONWARD = (
    "prescreen", "dispatch", "accept", "start_check", "submit_finding", "fix_responsibility", "start_rectification",
    "submit_rectification", "request_review", "resubmit", "pass_review", "resume", "look_back",
)  # fmt: skip
"""Actions that bring a ticket forward, in the order of the work."""
BACKWARD = ("return", "decline", "void")
ACT = "ticket-act"


def act_id(code: str) -> dict[str, str]:
    """The id of an action's button."""
    return {"type": ACT, "action": code}


def _button(offer: Offer, language: Language, *, main: bool) -> html.Button:
    look = "button button--main" if main else "button button--danger" if offer.action in BACKWARD else "button"
    return html.Button(
        [icon(ICONS.get(offer.action, "chevron-right")), action_word(offer.action, language)],
        id=act_id(offer.action),
        type="button",
        className=f"{look} act",
        n_clicks=0,
    )


def _rank(offer: Offer) -> tuple[int, int]:
    if offer.action in ONWARD:
        return 0, ONWARD.index(offer.action)
    return (2, 0) if offer.action in BACKWARD else (1, 0)


def missing_words(missing: Sequence[str], language: Language) -> str:
    """What a ticket lacks, as a list in words."""
    return t("ticket_page.and", language).join(said(f"tickets.missing_{code}", language, code) for code in missing)


def _refused(offer: Offer, language: Language) -> html.Li:
    why = reason_word(offer.why, language)
    if offer.missing:
        why = f"{why} {missing_words(offer.missing, language)}"
    return html.Li(
        [
            html.Button(
                [icon(ICONS.get(offer.action, "chevron-right")), action_word(offer.action, language)],
                type="button",
                className="button",
                disabled=True,
            ),
            html.Span(why, className="refused__why"),
        ],
        className="refused",
    )


def actions_view(offers: Sequence[Offer], language: Language) -> html.Div:
    """The buttons. The first that brings the ticket forward is the main one; what is refused is folded away."""
    shown = [offer for offer in offers if offer.action not in ELSEWHERE]
    allowed = sorted((offer for offer in shown if offer.allowed), key=_rank)
    refused = [offer for offer in shown if not offer.allowed]
    first = next((offer.action for offer in allowed if offer.action in ONWARD), None)
    parts: list[Any] = []
    if allowed:
        parts.append(
            html.Div(
                [_button(offer, language, main=offer.action == first) for offer in allowed],
                className="acts",
                role="group",
                **attributes({"aria-label": t("ticket_page.actions", language)}),
            )
        )
    else:
        parts.append(
            empty_state(
                t("ticket_page.nothing_to_do", language),
                t("ticket_page.read_only" if not offers else "ticket_page.not_your_turn", language),
                "eye-off" if not offers else "clock",
            )
        )
    if refused:
        parts.append(
            html.Details(
                [
                    html.Summary(t("ticket_page.not_at_hand", language, n=len(refused))),
                    html.Ul([_refused(offer, language) for offer in refused], className="refusals"),
                ],
                className="fold",
            )
        )
    return html.Div(parts, className="actions")
