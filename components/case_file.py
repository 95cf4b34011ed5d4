"""What stands in a ticket's printed case file, in words of one language: every fact, every event, every hash.

Pure: a `Case` as its viewer may see it, the verified chain and the pictures in, a `Document` out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from billing.explain import Step
from components import format as fmt
from components.case_file_pdf import Block, Document, Facts, Picture, Pictures, Rows, Section, Signatures, Words
from components.map_words import status_word
from components.ticket_amounts import explained, figures, has_amounts
from components.ticket_cards import rectification_word, similar_end
from components.ticket_case import Case
from components.ticket_evidence import file_facts
from components.ticket_score import score_parts
from components.ticket_stages import days_text, notes
from components.ticket_words import (
    cause_word,
    event_fields,
    finding_word,
    full_moment,
    said,
    sentence,
)
from data_access.ticket_chain import Chain
from i18n import Language, t

Pairs = Sequence[tuple[str, str | None]]


def case_file(case: Case, chain: Chain, pictures: Mapping[str, bytes], printed_by: str, language: Language) -> Document:
    """The document. `pictures`: shown copies by the evidence's SHA-256; a file without one is named by its words."""
    row = case.row

    def word(key: str) -> str:
        return t(f"ticket_page.{key}", language)

    def filled(pairs: Pairs) -> Facts:
        return Facts([(word(key), value) for key, value in pairs if value])

    sections = [
        Section(word("what"), _what(case, language, filled)),
        Section(word("where"), [_where(case, language, filled)]),
        Section(word("who"), [_who(case, language, filled)]),
        *([Section(word("why"), _why(case, language, filled))] if case.page.risk else []),
        Section(word("clock_title"), [_clock(case, language)]),
        *([Section(word("amounts"), _amounts(case, language))] if has_amounts(row) else []),
        *([Section(word("problem"), [_problem(case, language, filled)])] if case.page.problem else []),
        *([Section(word("check_ins"), [_check_ins(case, language)])] if case.page.check_ins else []),
        *([Section(word("evidence"), [_evidence(case, pictures, language)])] if case.page.evidence else []),
        Section(word("timeline"), [_timeline(case, language)]),
        *([Section(word("similar"), [_similar(case, language)])] if case.similar else []),
        Section(word("chain"), _chain(chain, language)),
        Section(word("signatures"), [Signatures([word("sign_handler"), word("sign_reviewer"), word("sign_date")])]),
    ]
    marks = [
        t("wall.level", language, level=fmt.roman(row["level"])),
        status_word(row["status"], language),
        finding_word(row["finding"], language) or "",
        t("common.demo", language) if row["is_demo"] else "",
    ]
    foot = t("ticket_page.printed", language, name=printed_by, at=full_moment(case.now, language))
    return Document(
        word("case_file_title"),
        row["number"],
        f"{row[f'anomaly_{language}']} · {row[f'station_{language}']}",
        [mark for mark in marks if mark],
        foot,
        case.now,
        language,
        sections,
    )


def _what(case: Case, language: Language, filled: Any) -> list[Block]:
    row = case.row
    pairs: Pairs = [
        ("business", row[f"business_{language}"]),
        ("anomaly", f"{row[f'anomaly_{language}']} · {row['anomaly_code']}"),
        ("origin", said(f"tickets.origin_{row['origin']}", language, row["origin"])),
        ("opened", full_moment(row["opened_at"], language)),
        ("closed", full_moment(row["closed_at"], language) if row["closed_at"] else None),
        ("deadline", None if row["closed_at"] else full_moment(row["due_at"], language)),
        ("finding", finding_word(row["finding"], language)),
        ("cause", cause_word(row["cause"], language)),
        ("returns", fmt.number(row["return_count"], language) if row["return_count"] else None),
        ("previous", row["previous_number"]),
        ("next", row["next_number"]),
    ]
    description = row["description"]
    return [filled(pairs), *([Words(description)] if description else [])]


def _where(case: Case, language: Language, filled: Any) -> Block:
    row = case.row
    line = " › ".join(zh if language == "zh" else en for _, zh, en in case.line)
    capacity = f"{fmt.number(row['capacity_kva'], language)} kVA" if row["capacity_kva"] else ""
    contract = f"{fmt.number(row['contract_capacity_kva'], language)} kVA" if row["contract_capacity_kva"] else ""
    category = said(f"ticket_page.category_{row['category']}", language, str(row["category"] or ""))
    district = " · ".join(part for part in (row["district_name"], row["district_code"], capacity) if part)
    customer = " · ".join(part for part in (row["customer_number"], row["customer_name"]) if part)
    place = f"{row['latitude']:.6f}, {row['longitude']:.6f} (WGS-84)" if row["longitude"] is not None else None
    found: Block = filled(
        [
            ("station", line),
            ("district", district),
            ("customer", customer),
            ("address", row["customer_address"]),
            ("category", category),
            ("supply", " · ".join(part for part in (row["voltage"], contract) if part)),
            ("place", place),
        ]
    )
    return found


def _who(case: Case, language: Language, filled: Any) -> Block:
    row, names = case.row, case.names
    handler = row["handler_number"]
    found: Block = filled(
        [
            ("in_charge", row[f"assigned_{language}"]),
            ("handler", f"{row['handler_name'] or ''} {handler}".strip() if handler else None),
            ("reviewer", names.person(row["reviewer_number"], language)),
            ("responsible_unit", row[f"responsible_{language}"] or row["responsible_unit"]),
            ("responsible_person", row["responsible_person"]),
            ("manager", row["manager_name"]),
            ("created_by", names.person(row["created_by"], language)),
        ]
    )
    return found


def _why(case: Case, language: Language, filled: Any) -> list[Block]:
    risk = case.page.risk
    assert risk is not None  # noqa: S101 - asked for only with one
    parts = score_parts(risk["score_parts"], language)
    blocks: list[Block] = [
        filled(
            [
                ("risk", risk["number"]),
                ("score", f"{fmt.number(risk['score'], language)} / 100"),
                ("exposure", fmt.yuan(risk["exposure_yuan"], language)),
                ("detected", full_moment(risk["detected_at"], language)),
                ("rule_version", str(risk["rule_version"]) if risk["rule_version"] else None),
                ("risk_state", t(f"wall.risk_state_{risk['state']}", language)),
            ]
        )
    ]
    if parts:
        head = [t(f"ticket_page.column_{key}", language) for key in ("part", "points", "from")]
        rows = [[part.word, f"{fmt.number(part.points, language, 1)} / {part.most}", part.basis] for part in parts]
        blocks.append(Rows(head, rows, [4, 2, 4], frozenset({1})))
    return blocks


def _clock(case: Case, language: Language) -> Block:
    head = [t(f"ticket_page.column_{key}", language) for key in ("stage", "from_day", "until_day", "days", "notes")]
    rows = [
        [
            status_word(int(stage.status), language),
            full_moment(stage.started_at, language) if stage.started_at else "",
            full_moment(stage.left_at, language) if stage.left_at else "",
            days_text(stage, language),
            ", ".join(notes(stage, language)),
        ]
        for stage in case.stages
    ]
    return Rows(head, rows, [3, 3, 3, 2.4, 4])


def _amounts(case: Case, language: Language) -> list[Block]:
    blocks: list[Block] = [Facts([(one.label, one.value) for one in figures(case.row, language)])]
    for basis, steps in explained(case.row["amounts"], language):
        blocks.append(Facts(basis))
        blocks += [Words(line, quiet=True) for step in steps for line in _lines(step, 0)]
    return blocks


def _lines(step: Step, depth: int) -> Iterator[str]:
    """A calculation as indented lines."""
    yield f"{'· ' * depth}{step.text}"
    for below in step.steps:
        yield from _lines(below, depth + 1)


def _problem(case: Case, language: Language, filled: Any) -> Block:
    problem, names = case.page.problem, case.names
    assert problem is not None  # noqa: S101 - asked for only with one
    done = problem["rectified_at"]
    found: Block = filled(
        [
            ("problem_number", problem["number"]),
            ("cause", cause_word(problem["cause"], language)),
            ("found", full_moment(problem["found_at"], language)),
            ("responsible_unit", names.unit(problem["responsible_unit"], language)),
            ("responsible_person", problem["responsible_person"]),
            ("rectification", rectification_word(problem["rectification"], language)),
            ("rectified", full_moment(done, language) if done else t("ticket_page.not_yet", language)),
            ("rectified_by", names.person(problem["rectified_by"], language)),
        ]
    )
    return found


def _check_ins(case: Case, language: Language) -> Block:
    columns = ("at", "person", "distance", "accuracy", "stay", "presence", "notes")
    head = [t(f"ticket_page.column_{key}", language) for key in columns]
    rows = [
        [
            full_moment(one["at"], language),
            case.names.person(one["employee_number"], language) or "",
            fmt.distance(one["distance_m"], language),
            fmt.distance(one["accuracy_m"], language),
            fmt.duration(one["dwell_seconds"], language),
            f"{one['score']} / 100",
            " · ".join(
                part for part in (t("ticket_page.mock", language) if one["is_mock"] else "", one["reason"]) if part
            ),
        ]
        for one in case.page.check_ins
    ]
    return Rows(head, rows, [3.2, 2, 2, 2, 2, 2, 4])


def _evidence(case: Case, pictures: Mapping[str, bytes], language: Language) -> Block:
    found = []
    for one in case.page.evidence:
        purpose = said(f"ticket_page.purpose_{one['purpose']}", language, one["purpose"])
        lines = [purpose, *(f"{label}: {value}" for label, value in file_facts(one, case.names, language))]
        found.append(Picture(pictures.get(one["sha256"]), "\n".join(lines)))
    return Pictures(found)


def _timeline(case: Case, language: Language) -> Block:
    head = ["#", *(t(f"ticket_page.column_{key}", language) for key in ("at", "person", "event"))]
    rows = []
    for event in case.page.events:
        values = [f"{label}: {value}" for label, value in event_fields(event["body"], case.names, language)]
        rows.append(
            [
                str(event["sequence"]),
                full_moment(event["at"], language),
                case.names.person(event["actor"], language) or "",
                "\n".join([sentence(event, language), *values]),
            ]
        )
    return Rows(head, rows, [0.8, 3, 2.6, 10])


def _similar(case: Case, language: Language) -> Block:
    head = [t(f"ticket_page.column_{key}", language) for key in ("ticket", "closed", "distance", "end")]
    rows = [
        [
            one.number,
            fmt.day(one.closed_at, language),
            fmt.distance(one.distance_m, language),
            similar_end(one, language),
        ]
        for one in case.similar
    ]
    return Rows(head, rows, [2.4, 2, 2, 8])


def _chain(chain: Chain, language: Language) -> list[Block]:
    if chain.fault is None:
        verdict = t("ticket_page.chain_holds", language, n=len(chain.rows), seal=chain.seal)
    else:
        reason = t(f"ticket_page.chain_{chain.fault.reason}", language)
        verdict = t("ticket_page.chain_broken", language, n=chain.fault.sequence, reason=reason)
    head = ["#", t("ticket_page.column_event", language), t("ticket_page.column_hash", language)]
    rows = [[str(one["sequence"]), sentence(one, language), one["hash"]] for one in chain.rows]
    return [
        Words(verdict),
        Words(t("ticket_page.chain_how", language), quiet=True),
        Rows(head, rows, [0.8, 5, 10]),
    ]
