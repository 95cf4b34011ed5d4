"""The cards of a ticket's page: what, where, why, who; what was put right; similar cases and how they ended."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dash import html

from components import format as fmt
from components.attributes import attributes
from components.desk import facts
from components.notice import empty_state
from components.object_links import thing
from components.ticket_score import Part, score_parts
from components.ticket_words import Names, cause_word, finding_word, full_moment, said
from data_access.ticket_similar import SimilarCase
from i18n import Language, t

Row = Mapping[str, Any]


def _l(key: str, language: Language) -> str:
    return t(f"ticket_page.{key}", language)


def what(row: Row, language: Language) -> html.Dl:
    """Kind of suspicion, its origin, what was found."""
    number = row["previous_number"]
    return facts(
        [
            (_l("business", language), row[f"business_{language}"]),
            (_l("anomaly", language), f"{row[f'anomaly_{language}']} · {row['anomaly_code']}"),
            (_l("level", language), fmt.roman(row["level"])),
            (_l("origin", language), said(f"tickets.origin_{row['origin']}", language, row["origin"])),
            (_l("description", language), row["description"]),
            (_l("opened", language), full_moment(row["opened_at"], language)),
            (_l("closed", language), full_moment(row["closed_at"], language) if row["closed_at"] else None),
            (_l("finding", language), finding_word(row["finding"], language)),
            (_l("cause", language), cause_word(row["cause"], language)),
            (_l("returns", language), fmt.number(row["return_count"], language) if row["return_count"] else None),
            (_l("previous", language), thing("ticket", number) if number else None),
            (_l("next", language), thing("ticket", row["next_number"]) if row.get("next_number") else None),
        ]
    )


def where(row: Row, language: Language) -> html.Dl:
    """The object: district, customer, unit."""
    capacity = f" · {fmt.number(row['capacity_kva'], language)} kVA" if row["capacity_kva"] else ""
    contract = row["contract_capacity_kva"]
    voltage = row["voltage"]
    district = row["district_code"]
    customer = row["customer_number"]
    return facts(
        [
            (_l("station", language), row[f"station_{language}"]),
            (
                _l("district", language),
                [thing("district", district, row["district_name"] or district), capacity] if district else None,
            ),
            (
                _l("customer", language),
                [thing("customer", customer), f" · {row['customer_name']}" if row["customer_name"] else ""]
                if customer
                else None,
            ),
            (_l("address", language), row["customer_address"]),
            (_l("category", language), said(f"ticket_page.category_{row['category']}", language, str(row["category"]))
             if row["category"] else None),
            (_l("supply", language), " · ".join(
                part for part in (
                    said(f"ticket_page.voltage_{voltage}", language, str(voltage)) if voltage else "",
                    f"{fmt.number(contract, language)} kVA" if contract else "",
                ) if part) or None),
            (_l("place", language),
             html.Span(f"{row['latitude']:.5f}, {row['longitude']:.5f} (WGS-84)", className="number")
             if row["longitude"] is not None else None),
        ]
    )  # fmt: skip


def who(row: Row, names: Names, language: Language) -> html.Dl:
    """Unit in charge, handler, reviewer, whoever is responsible."""
    review = row["review_level"]
    level = {0: "province", 1: "city", 2: "county"}.get(review) if review is not None else None
    handler = row["handler_number"]
    return facts(
        [
            (_l("in_charge", language), row[f"assigned_{language}"] or _l("province_in_charge", language)),
            (
                _l("handler", language),
                thing("inspector", handler, row["handler_name"] or handler) or _l("nobody_yet", language),
            ),
            (_l("reviewer", language), names.person(row["reviewer_number"], language)),
            (_l("review_due", language), _l(f"level_{level}", language) if level else None),
            (_l("responsible_unit", language), row[f"responsible_{language}"] or row["responsible_unit"]),
            (_l("responsible_person", language), row["responsible_person"]),
            (_l("manager", language), row["manager_name"]),
            (_l("created_by", language), names.person(row["created_by"], language)),
        ]
    )


def _part(part: Part, language: Language) -> html.Div:
    share = max(Decimal(0), min(Decimal(100), part.points * 100 / part.most))
    return html.Div(
        [
            html.Span([part.word, html.Span(f" {part.basis}", className="risk-score__basis number")]),
            html.Span(f"{fmt.number(part.points, language, 1)} / {part.most}", className="number"),
            html.Span(
                html.Span(className="risk-score__bar", style={"width": f"{share:.0f}%"}), className="risk-score__room"
            ),
        ],
        className="risk-score__part",
    )


def why(risk: Row | None, language: Language) -> Any:
    """The risk point: its score and what that is made of."""
    if risk is None:
        return empty_state(_l("no_risk", language), _l("no_risk_hint", language), "info-circle")
    parts = [_part(part, language) for part in score_parts(risk["score_parts"], language)]
    return html.Div(
        [
            facts(
                [
                    (_l("risk", language), thing("risk", risk["number"])),
                    (_l("score", language), html.Strong(f"{fmt.number(risk['score'], language)} / 100")),
                    (_l("exposure", language), fmt.yuan(risk["exposure_yuan"], language)),
                    (_l("detected", language), full_moment(risk["detected_at"], language)),
                    (_l("rule_version", language), str(risk["rule_version"]) if risk["rule_version"] else None),
                    (_l("risk_state", language), t(f"wall.risk_state_{risk['state']}", language)),
                ]
            ),
            html.Div(parts, className="risk-score") if parts else None,
        ],
        className="risk-why",
    )


def problem_card(problem: Row, names: Names, language: Language) -> html.Dl:
    """A confirmed problem and how it was put right: the history of the district or customer."""
    return facts(
        [
            (_l("problem_number", language), problem["number"]),
            (_l("cause", language), cause_word(problem["cause"], language)),
            (_l("found", language), full_moment(problem["found_at"], language)),
            (_l("responsible_unit", language), names.unit(problem["responsible_unit"], language)),
            (_l("responsible_person", language), problem["responsible_person"]),
            (_l("rectification", language), rectification_word(problem["rectification"], language)),
            (_l("rectified", language), full_moment(problem["rectified_at"], language) if problem["rectified_at"] else
             _l("not_yet", language)),
            (_l("rectified_by", language), names.person(problem["rectified_by"], language)),
        ]
    )  # fmt: skip


def rectification_word(text: str | None, language: Language) -> str | None:
    """What put it right: people's own words, or the word of a code."""
    return said(f"ticket_page.rectified_{text}", language, text) if text else None


def similar_end(case: SimilarCase, language: Language) -> str:
    """How a case ended, in a line."""
    words = [finding_word(case.finding, language), cause_word(case.cause, language)]
    if case.recovered_yuan:
        words.append(t("ticket_page.recovered_short", language, amount=fmt.yuan(case.recovered_yuan, language)))
    if case.breach_yuan:
        words.append(t("ticket_page.breach_short", language, amount=fmt.yuan(case.breach_yuan, language)))
    words.append(rectification_word(case.rectification, language))
    return " · ".join(word for word in words if word)


def similar_list(cases: Sequence[SimilarCase], language: Language) -> Any:
    """Archived cases of the same kind, nearest first, each with its end."""
    if not cases:
        return empty_state(_l("no_similar", language), _l("no_similar_hint", language), "history")
    confirmed = sum(case.finding == "true" for case in cases)
    lines = [
        html.Li(
            [
                html.Span(
                    [
                        thing("ticket", case.number),
                        html.Span(fmt.distance(case.distance_m, language), className="quiet number"),
                        html.Span(fmt.day(case.closed_at, language), className="quiet number"),
                    ],
                    className="similar__line",
                ),
                html.Span(similar_end(case, language), className="similar__end"),
            ],
            className="similar",
            **attributes({"data-map-key": case.number}),
        )
        for case in cases
    ]
    return html.Div(
        [
            html.P(t("ticket_page.similar_sum", language, n=len(cases), confirmed=confirmed), className="quiet"),
            html.Ol(lines, className="similars"),
        ]
    )
