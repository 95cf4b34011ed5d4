"""Bills and their lines into the database: many at once, one statement each, values as arrays.

An array literal is made by joining texts, which is far cheaper than a parameter a value. Numbers travel as scaled
integers and become decimals in SQL, so no amount is ever a binary float.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from billing import Bill
from billing.model.terms import Certainty
from data_access.tariffs import Identifiers

ENGINE = "billing/1"
CERTAINTIES = (Certainty.FOUND, Certainty.UNVERIFIED, Certainty.ILLUSTRATIVE)
"""From certain to uncertain."""


@dataclass(slots=True)
class BillColumns:
    """Bills by column, all of one month and county. Cents, hundredths of kWh and kvarh, ten-thousandths of kW."""

    customer: list[str] = field(default_factory=list)
    district: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    scheme: list[str] = field(default_factory=list)
    voltage: list[str] = field(default_factory=list)
    start: list[date] = field(default_factory=list)
    end: list[date] = field(default_factory=list)
    total: list[int] = field(default_factory=list)
    billed_kwh: list[int] = field(default_factory=list)
    loss_kwh: list[int | None] = field(default_factory=list)
    reactive_kvarh: list[int | None] = field(default_factory=list)
    demand_kw: list[int | None] = field(default_factory=list)
    power_factor: list[int | None] = field(default_factory=list)
    certainty: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)

    def add(
        self, made: Bill, *, district: str, path: str, scheme: str, voltage: str, certainty: str, content: str
    ) -> None:
        """One bill of the single-account executor."""
        energy = made.energy
        if energy is None:
            raise ValueError(f"{made.account}: there is no bill to store")
        self.customer.append(made.account)
        self.district.append(district)
        self.path.append(path)
        self.scheme.append(scheme)
        self.voltage.append(voltage)
        self.start.append(made.start)
        self.end.append(made.end)
        self.total.append(_scaled(made.total, 2) or 0)
        self.billed_kwh.append(_scaled(energy.billed_kwh, 2) or 0)
        self.loss_kwh.append(_scaled(energy.transformer_loss_kwh + energy.line_loss_kwh, 2) or None)
        self.reactive_kvarh.append(_scaled(energy.reactive_kvarh, 2))
        self.demand_kw.append(_scaled(energy.demand_kw, 4) or None)
        self.power_factor.append(_scaled(energy.power_factor, 2))
        self.certainty.append(certainty)
        self.content.append(content)


@dataclass(slots=True)
class LineColumns:
    """Lines by column. Quantity, price: decimal texts; `amount`: cents; `tariff_rows`: identifiers joined by ','."""

    customer: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    line: list[int] = field(default_factory=list)
    component: list[str] = field(default_factory=list)
    period: list[str] = field(default_factory=list)
    sub_account: list[str] = field(default_factory=list)
    start: list[date] = field(default_factory=list)
    end: list[date] = field(default_factory=list)
    quantity: list[str] = field(default_factory=list)
    unit: list[str] = field(default_factory=list)
    price: list[str] = field(default_factory=list)
    amount: list[int] = field(default_factory=list)
    days: list[int | None] = field(default_factory=list)
    cycle_days: list[int | None] = field(default_factory=list)
    tariff_rows: list[str] = field(default_factory=list)

    def add(self, made: Bill, *, path: str, identifiers: Identifiers) -> None:
        """The lines of one bill of the single-account executor."""
        for number, line in enumerate(made.lines, 1):
            self.customer.append(made.account)
            self.path.append(path)
            self.line.append(number)
            self.component.append(line.component)
            self.period.append(line.period)
            self.sub_account.append(line.sub_account)
            self.start.append(line.start)
            self.end.append(line.end)
            self.quantity.append(short(line.quantity))
            self.unit.append(line.unit)
            self.price.append(short(line.price))
            self.amount.append(_scaled(line.amount, 2) or 0)
            self.days.append(line.days)
            self.cycle_days.append(line.cycle_days)
            self.tariff_rows.append(",".join(str(identifiers[made.area, code]) for code in line.tariff_rows))


def short(value: Decimal) -> str:
    """Plain text without zeros at the end."""
    written = format(value, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _scaled(value: Decimal | None, scale: int) -> int | None:
    return None if value is None else int(value.scaleb(scale))


def worst_certainty(made: Bill) -> str:
    """The least certain of what a bill rests on."""
    stated = [CERTAINTIES.index(notice.certainty) for notice in made.notices if notice.certainty is not None]
    return str(CERTAINTIES[max(stated, default=0)])


@dataclass(frozen=True, slots=True)
class Failure:
    """A customer that could not be billed."""

    customer: str
    path: str
    findings: list[dict[str, Any]]


def plain_array(values: Iterable[Any]) -> str:
    """An array literal of numbers, dates and NULL."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def text_array(values: Iterable[str]) -> str:
    """An array literal of texts, each quoted."""
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"


_BILLS = text("""
INSERT INTO bill (county_code, month, customer_number, version, kind, corrects, reason, district_code, scheme, voltage,
    period_start, period_end, total, billed_kwh, loss_kwh, reactive_kvarh, demand_kw, power_factor, certainty,
    case_content, known_at, engine, run_id, issued_by, org_path)
SELECT :county, :month, customer, :version, :kind, CAST(:corrects AS smallint), CAST(:reason AS text), district, scheme,
    voltage, since, until, total * 0.01, kwh * 0.01, loss * 0.01, kvarh * 0.01, demand * 0.0001, factor * 0.01,
    certainty, content::jsonb, :known_at, :engine, CAST(:run AS bigint), :issued_by, path::ltree
FROM unnest(CAST(:customers AS text[]), CAST(:districts AS text[]), CAST(:paths AS text[]), CAST(:schemes AS text[]),
    CAST(:voltages AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]), CAST(:totals AS bigint[]),
    CAST(:kwh AS bigint[]), CAST(:losses AS bigint[]), CAST(:kvarh AS bigint[]), CAST(:demands AS bigint[]),
    CAST(:factors AS bigint[]), CAST(:certainties AS text[]), CAST(:contents AS text[]))
    AS given (customer, district, path, scheme, voltage, since, until, total, kwh, loss, kvarh, demand, factor,
        certainty, content)
""")
_LINES = text("""
INSERT INTO bill_line (county_code, month, customer_number, version, line, component, period, sub_account, start_on,
    end_on, quantity, unit, price, amount, days, cycle_days, tariff_rows, org_path)
SELECT :county, :month, customer, :version, line, component, period, sub_account, since, until, quantity, unit, price,
    amount * 0.01, days, cycle_days, ('{' || tariff_rows || '}')::integer[], path::ltree
FROM unnest(CAST(:customers AS text[]), CAST(:paths AS text[]), CAST(:numbers AS smallint[]),
    CAST(:components AS text[]), CAST(:periods AS text[]), CAST(:sub_accounts AS text[]), CAST(:starts AS date[]),
    CAST(:ends AS date[]), CAST(:quantities AS numeric[]), CAST(:units AS text[]), CAST(:prices AS numeric[]),
    CAST(:amounts AS bigint[]), CAST(:days AS smallint[]), CAST(:cycle_days AS smallint[]),
    CAST(:tariff_rows AS text[]))
    AS given (customer, path, line, component, period, sub_account, since, until, quantity, unit, price, amount, days,
        cycle_days, tariff_rows)
""")
_FAILURES = text("""
INSERT INTO billing_failure (county_code, run_id, customer_number, month, findings, org_path)
SELECT :county, :run, customer, :month, findings::jsonb, path::ltree
FROM unnest(CAST(:customers AS text[]), CAST(:paths AS text[]), CAST(:findings AS text[]))
    AS given (customer, path, findings)
""")


@dataclass(frozen=True, slots=True)
class Issue:
    """What all bills of one writing share. Version 0 is the regular bill; a correction names the one it `corrects`."""

    county: str
    month: date
    known_at: datetime
    issued_by: str
    run: int | None = None
    version: int = 0
    corrects: int | None = None
    reason: str | None = None


async def write_bills(connection: AsyncConnection, issue: Issue, bills: BillColumns, lines: LineColumns) -> None:
    """Write bills with their lines. A second bill of the same customer, month and version fails the transaction."""
    if not bills.customer:
        return
    shared = {"county": issue.county, "month": issue.month, "version": issue.version}
    await connection.execute(
        _BILLS,
        {
            **shared,
            "kind": "regular" if issue.version == 0 else "correction",
            "corrects": issue.corrects,
            "reason": issue.reason,
            "known_at": issue.known_at,
            "engine": ENGINE,
            "run": issue.run,
            "issued_by": issue.issued_by,
            "customers": text_array(bills.customer),
            "districts": text_array(bills.district),
            "paths": text_array(bills.path),
            "schemes": text_array(bills.scheme),
            "voltages": text_array(bills.voltage),
            "starts": plain_array(bills.start),
            "ends": plain_array(bills.end),
            "totals": plain_array(bills.total),
            "kwh": plain_array(bills.billed_kwh),
            "losses": plain_array(bills.loss_kwh),
            "kvarh": plain_array(bills.reactive_kvarh),
            "demands": plain_array(bills.demand_kw),
            "factors": plain_array(bills.power_factor),
            "certainties": text_array(bills.certainty),
            "contents": text_array(bills.content),
        },
    )
    await connection.execute(
        _LINES,
        {
            **shared,
            "customers": text_array(lines.customer),
            "paths": text_array(lines.path),
            "numbers": plain_array(lines.line),
            "components": text_array(lines.component),
            "periods": text_array(lines.period),
            "sub_accounts": text_array(lines.sub_account),
            "starts": plain_array(lines.start),
            "ends": plain_array(lines.end),
            "quantities": plain_array(lines.quantity),
            "units": text_array(lines.unit),
            "prices": plain_array(lines.price),
            "amounts": plain_array(lines.amount),
            "days": plain_array(lines.days),
            "cycle_days": plain_array(lines.cycle_days),
            "tariff_rows": text_array(lines.tariff_rows),
        },
    )


async def write_failures(connection: AsyncConnection, issue: Issue, failures: Sequence[Failure]) -> None:
    """Write the customers that a run could not bill."""
    if failures:
        await connection.execute(
            _FAILURES,
            {
                "county": issue.county,
                "month": issue.month,
                "run": issue.run,
                "customers": text_array(failure.customer for failure in failures),
                "paths": text_array(failure.path for failure in failures),
                "findings": text_array(json.dumps(failure.findings, ensure_ascii=False) for failure in failures),
            },
        )
