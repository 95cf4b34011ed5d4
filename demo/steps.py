"""The next step of a live demo ticket: who takes which action with which values, by chance (domain sheet 1.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from audit.workflow_rules import rules
from audit.workflow_states import Status
from data_access.demo_events import DemoPeople, OpenTicket
from data_access.scope import Viewer
from demo.grid import PROVINCE
from demo.risks import CENT, DEMO_YUAN_A_KWH
from demo.ticket_history import reports
from demo.traits import trait

S = Status


@dataclass(frozen=True, slots=True)
class Step:
    """An action to come. `picture`: the purpose of a drawing that is added with it."""

    who: Viewer
    action: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Any] | None = None
    picture: str | None = None


def next_step(
    ticket: OpenTicket, people: DemoPeople, inspector: Viewer | None, chance: np.random.Generator
) -> Step | None:
    """What happens next to a ticket; None when nobody is there for it.

    `inspector`: who has it, or who would take it.
    """
    county, city = ticket.county_code, ticket.county_code[:4]
    roll = float(chance.random())
    province = people.officers[PROVINCE]

    def words(*where: str) -> str:
        found: Any = reports()
        for part in where:
            found = found[part]
        return str(found[int(chance.integers(len(found)))]) if isinstance(found, list) else str(found)

    match ticket.status:
        case S.GENERATED:
            return Step(people.experts[int(chance.integers(len(people.experts)))], "prescreen")
        case S.PRESCREENED if roll < 0.06:
            return Step(province, "void", {"reason": words("reasons", "void")})
        case S.PRESCREENED:
            return Step(province, "dispatch", {"unit": county if roll < 0.6 else city})
        case S.DISPATCHED if ticket.assigned_path and ticket.assigned_path.count(".") < 2:
            return Step(people.officers[city], "dispatch", {"unit": county})
        case S.FINDING_SUBMITTED if ticket.finding == "true":
            station = ticket.org_path.rsplit(".", 1)[-1]
            responsible = {
                "responsible_unit": station,
                "responsible_person": people.managers.get(station, "示例责任人"),
            }
            return Step(people.officers[county], "fix_responsibility", {"cause": _cause(ticket), **responsible})
        case S.RESPONSIBILITY_FIXED if rules().causes[_cause(ticket)].money and not ticket.has_amounts:
            return Step(people.officers[county], "set_amounts", computed=amounts(ticket.anomaly_code, chance))
        case S.IN_REVIEW:
            reviewer = [province, people.officers[city], people.officers[county]][ticket.review_level or 0]
            if roll < 0.1:
                return Step(reviewer, "return", {"reason": words("reasons", "return")})
            return Step(reviewer, "pass_review")
    return None if inspector is None else _of_inspector(ticket, inspector, roll, words)


def _of_inspector(ticket: OpenTicket, inspector: Viewer, roll: float, words: Any) -> Step | None:
    match ticket.status:
        case S.DISPATCHED:
            return Step(inspector, "accept")
        case S.ACCEPTED:
            return Step(inspector, "start_check")
        case S.CHECKING if "finding" not in ticket.purposes:
            return Step(inspector, "add_evidence", picture="finding")
        case S.CHECKING:
            found = "true" if roll < 0.46 else "false" if roll < 0.92 else "unable"
            report = {"report": words("findings", found), "presence_reason": words("presence")}
            cause = {"cause": _cause(ticket)} if found == "true" else {}
            return Step(inspector, "submit_finding", {"finding": found, **report, **cause})
        case S.SUSPENDED:
            return Step(inspector, "resume")
        case S.FINDING_SUBMITTED:
            return Step(inspector, "request_review")
        case S.RESPONSIBILITY_FIXED:
            return Step(inspector, "start_rectification")
        case S.RECTIFYING if not ticket.proofs:
            return Step(inspector, "add_evidence", picture="rectification")
        case S.RECTIFYING:
            done = words("rectification", _cause(ticket))
            return Step(inspector, "submit_rectification", {"rectification": done, "evidence": ticket.proofs})
        case S.RETURNED:
            return Step(inspector, "resubmit", {"report": words("findings", ticket.finding or "unable")})
    return None


def _cause(ticket: OpenTicket) -> str:
    return ticket.cause or trait(ticket.anomaly_code).cause


def amounts(code: str, chance: np.random.Generator) -> dict[str, Any]:
    """Made-up amounts of a live ticket; nothing where no money is at stake."""
    kind, zero = trait(code), Decimal("0.00")
    if not kind.share:
        return {"recovered_kwh": zero, "recovered_yuan": zero, "breach_yuan": None, "amounts": None}
    energy = Decimal(round(float(chance.lognormal(6.5, 1.1)), 2)).quantize(CENT, ROUND_HALF_UP)
    yuan = (energy * DEMO_YUAN_A_KWH).quantize(CENT, ROUND_HALF_UP)
    multiple = Decimal(round(kind.breach * float(chance.uniform(0.3, 1)), 2))
    breach = (yuan * multiple).quantize(CENT, ROUND_HALF_UP) if kind.breach else None
    return {"recovered_kwh": energy, "recovered_yuan": yuan, "breach_yuan": breach, "amounts": None}
