"""The evidence of a ticket: small pictures, a full view with what a file says of itself, check-ins with their score."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from audit.workflow_rules import rules
from components import format as fmt
from components.attributes import attributes
from components.icons import icon
from components.map_words import pill
from components.notice import empty_state
from components.ticket_words import Names, full_moment, said
from i18n import Language, t

Row = Mapping[str, Any]
PURPOSES = ("finding", "responsibility", "rectification", "review")
_VERDICTS = {"matches": "good", "time_differs": "late", "place_differs": "late", "both_differ": "late"}


def thumb_address(number: str, row: Row) -> str:
    """Where the copy without metadata is."""
    return f"/api/v1/tickets/{number}/evidence/{row['sha256']}"


def verdict(row: Row, language: Language) -> tuple[str, str]:
    """Kind and word of how the file's own time and place compare with the check-in."""
    code = str((row["comparison"] or {}).get("verdict") or "not_comparable")
    return _VERDICTS.get(code, "plain"), said(f"evidence.verdict_{code}", language, code)


def file_facts(row: Row, names: Names, language: Language) -> list[tuple[str, str]]:
    """What is known of a file, for the full view and for paper."""
    comparison = row["comparison"] or {}
    seconds, metres = comparison.get("seconds"), comparison.get("metres")
    pairs = [
        ("file_name", row["file_name"] or None),
        ("taken_at", full_moment(row["taken_at"], language) if row["taken_at"] else None),
        ("uploaded", f"{full_moment(row['uploaded_at'], language)} · {names.person(row['uploaded_by'], language)}"),
        ("size", t("ticket_page.kilobytes", language, n=fmt.number(max(1, round(row["size_bytes"] / 1024)), language))),
        ("compared", verdict(row, language)[1]),
        ("time_apart", fmt.duration(abs(float(seconds)), language) if seconds is not None else None),
        ("place_apart", fmt.distance(metres, language) if metres is not None else None),
        ("note", row["note"]),
        ("sha256", row["sha256"]),
    ]
    return [(t(f"ticket_page.file_{key}", language), str(value)) for key, value in pairs if value]


def _file(number: str, row: Row, names: Names, language: Language) -> html.Figure:
    kind, word = verdict(row, language)
    purpose = said(f"ticket_page.purpose_{row['purpose']}", language, row["purpose"])
    picture: Any = html.Span([icon("clipboard-list"), html.Span(row["media_type"])], className="proof__plain")
    if row["shown_sha256"]:
        size = {"width": row["width"], "height": row["height"]} if row["width"] and row["height"] else {}
        picture = html.Img(
            src=thumb_address(number, row),
            alt=purpose,
            className="proof__thumb",
            **size,
        )
    facts = file_facts(row, names, language)
    return html.Figure(
        [
            html.Button(
                picture,
                type="button",
                className="proof__open",
                **attributes({"data-proof": row["sha256"], "aria-label": f"{purpose}, {word}"}),
            ),
            html.Figcaption(
                [
                    html.Span([html.Strong(purpose), pill(kind, word)], className="proof__line"),
                    html.Span(full_moment(row["taken_at"] or row["uploaded_at"], language), className="quiet number"),
                    html.Div(
                        [
                            html.Dl(
                                [part for label, value in facts for part in (html.Dt(label), html.Dd(value))],
                                className="file",
                            ),
                            html.A(
                                [icon("download"), t("ticket_page.original", language)],
                                href=f"{thumb_address(number, row)}?original=1",
                                className="button",
                                **attributes({"download": row["file_name"] or row["sha256"][:12]}),
                            ),
                        ],
                        className="proof__detail",
                        hidden=True,
                    ),
                ]
            ),
        ],
        className="proof",
    )


def gallery(number: str, rows: Sequence[Row], names: Names, language: Language, *, may_add: bool) -> html.Div:
    """All files, and the way to add one where this person may."""
    parts: list[Any] = []
    if rows:
        parts.append(html.Div([_file(number, row, names, language) for row in rows], className="proofs"))
    else:
        parts.append(
            empty_state(t("ticket_page.no_evidence", language), t("ticket_page.no_evidence_hint", language), "camera")
        )
    if may_add:
        parts.append(_adding(number, language))
    parts.append(
        html.Dialog(
            [
                html.Button(
                    icon("x"), type="button", className="panel__close",
                    **attributes({"data-proof-close": "1", "aria-label": t("common.close", language)}),
                ),
                html.Div(className="viewer__picture"),
                html.Div(className="viewer__words"),
            ],
            id="ticket-viewer",
            className="viewer",
        )
    )  # fmt: skip
    return html.Div(parts, className="evidence")


def _adding(number: str, language: Language) -> html.Div:
    """File input and purpose; the script of the page sends the file and says how it went."""
    return html.Div(
        [
            html.Label(
                [
                    html.Span(t("ticket_page.purpose", language), className="visually-hidden"),
                    html.Select(
                        [
                            html.Option(said(f"ticket_page.purpose_{code}", language, code), value=code)
                            for code in PURPOSES
                        ],
                        className="input",
                        **attributes({"data-proof-purpose": "1"}),
                    ),
                ]
            ),
            html.Label(
                [
                    icon("upload"),
                    html.Span(t("ticket_page.add_file", language)),
                    html.Span(className="add-proof__input", **attributes({"data-proof-input": number})),
                ],
                className="button add-proof__pick",
            ),
            html.Span(
                className="add-proof__say quiet",
                role="status",
                **attributes(
                    {
                        "data-sending": t("ticket_page.sending", language),
                        "data-sent": t("ticket_page.sent", language),
                        "data-failed": t("ticket_page.not_sent", language),
                    }
                ),
            ),
        ],
        className="add-proof",
    )


def is_doubtful(check_in: Row) -> bool:
    """Whether a check-in does not prove the place by itself."""
    return bool(check_in["score"] < rules().presence_score)


def check_in_rows(rows: Sequence[Row], names: Names, language: Language) -> html.P | html.Ol:
    """Who was there when, how near, how sure; the score with its reason where it is low."""
    if not rows:
        return html.P(t("ticket_page.no_check_in", language), className="quiet")
    lines = []
    for row in reversed(rows):
        low = is_doubtful(row)
        words = [
            t("ticket_page.from_object", language, distance=fmt.distance(row["distance_m"], language)),
            t("ticket_page.accuracy", language, distance=fmt.distance(row["accuracy_m"], language)),
        ]
        if row["dwell_seconds"]:
            words.append(t("ticket_page.stayed", language, time=fmt.duration(row["dwell_seconds"], language)))
        lines.append(
            html.Li(
                [
                    html.Span(
                        [
                            html.Strong(names.person(row["employee_number"], language)),
                            html.Span(full_moment(row["at"], language), className="quiet number"),
                            pill("warn" if low else "good", t("ticket_page.presence", language, score=row["score"])),
                            pill("late", t("ticket_page.mock", language)) if row["is_mock"] else None,
                        ],
                        className="check-in__line",
                    ),
                    html.Span(" · ".join(words), className="quiet"),
                    html.Q(row["reason"]) if row["reason"] else None,
                ],
                className="check-in",
                **attributes({"data-map-key": str(row["id"])}),
            )
        )
    return html.Ol(lines, className="check-ins")
