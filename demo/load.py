"""Load the synthetic utility: `load(address)` fills an empty, migrated database in well under a minute.

The same seed, size and `now` give the same rows, but for what must be secret: passwords and tokens come from the
operating system. All rows go in with one transaction, so an interrupted load leaves nothing half-made.
"""

import os
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from audit.catalogue import catalogue
from audit.workflow_states import Status
from data_access.billing_runs import job_priority, queue_history
from data_access.bulk import BulkWriter
from data_access.catalogue import sync_catalogue
from data_access.demo_load import AlreadyLoaded, demo_load, demo_state, empty_schema, ensure_partitions, finish
from data_access.months import month_back
from data_access.risk_runs import queue_days
from data_access.rule_quality import queue_measurements
from data_access.secret import digest, new_secret
from data_access.work_ranking import queue_ranking
from demo import rows
from demo.accounts import Account, make_accounts, sections
from demo.energy import load_energy
from demo.grid import PROVINCE, Grid, county_path, make_grid
from demo.people import Staff, make_staff, units
from demo.phones import DEVICES_FILE, devices_content, write_private
from demo.picture_store import store_pictures
from demo.randomness import Streams
from demo.risks import Detected, detect
from demo.size import SIZES, Size
from demo.tickets import Ticket, make_tickets
from demo.tracks import ShiftTrack, activity, make_tracks
from demo.truth import Planted, plant
from i18n import Language, t
from settings import DISPLAY_ZONE, get_settings

__all__ = ["AlreadyLoaded", "LoadReport", "demo_state", "load", "reset"]

SEED = 20261124
VERSION = "1"
"""Of this generator: rows of the same seed differ between versions."""
PASSWORD_VARIABLE = "GRIDAUDIT_DEMO_PASSWORD"  # noqa: S105 - the name of a variable
SUPERVISOR_CITY = "1302"
SCANNED_MONTHS = 3
BILLS_FIRST = SCANNED_MONTHS + 13
"""How many months are billed before the scans begin."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load made. `accounts`: login, password, role, unit code."""

    accounts: list[tuple[str, str, str, str]]
    wall_token: str
    device_tokens_file: Path

    def __repr__(self) -> str:
        return f"LoadReport({len(self.accounts)} accounts, {self.device_tokens_file})"


@dataclass(frozen=True, slots=True)
class Utility:
    """Everything that is made up, before it is written."""

    grid: Grid
    staff: Staff
    accounts: list[Account]
    planted: list[Planted]
    points: list[Detected]
    tickets: list[Ticket]


def make_utility(size: Size, seed: int, now: datetime, progress: Progress = lambda *_: None) -> Utility:
    """The whole utility in memory but for the tracks, which are made while they are written."""
    streams, today = Streams(seed), now.astimezone(DISPLAY_ZONE).date()
    progress("grid", 0.02)
    grid = make_grid(size, streams)
    staff = make_staff(size, grid, streams)
    progress("customers", 0.08)
    accounts = make_accounts(grid, streams, today)
    progress("risk", 0.14)
    planted = plant(size, grid, accounts, streams, today)
    points = detect(size, grid, accounts, planted, streams, now)
    progress("tickets", 0.22)
    tickets = make_tickets(size, points, staff, streams, now)
    return Utility(grid, staff, accounts, planted, points, tickets)


def load(
    address: str,
    *,
    size: str = "demo",
    seed: int = SEED,
    progress: Progress = lambda *_: None,
    now: datetime | None = None,
    data_dir: Path | None = None,
    language: Language = "en",
) -> LoadReport:
    """Fill the database at `address` (`postgresql://…`, the login that owns the schema).

    Args:
        address: Of a migrated database without organisations.
        size: A name in `demo.size.SIZES`.
        seed: Equal seeds give equal rows.
        progress: Called with the step in words and the share done, 0 to 1.
        now: Aware; the histories end here. Default: the current time.
        data_dir: Where the phones' file goes. Default: the settings' data directory.
        language: Of the steps.

    Raises:
        AlreadyLoaded: a finished demo is there; its passwords and tokens cannot be had from the database.
        data_access.demo_load.DatabaseNotEmpty: other data is there.
        KeyError: no such size.
    """
    chosen, now = SIZES[size], (now or datetime.now(UTC)).replace(microsecond=0)

    def step(name: str, share: float) -> None:
        progress(t(f"demo.{name}", language), share)

    folder = data_dir or get_settings().web.data_dir

    def first_half(name: str, share: float) -> None:
        step(name, share / 2)

    with demo_load(address, size, seed, VERSION) as (connection, writer):
        utility = make_utility(chosen, seed, now, first_half)
        streams = Streams(seed)
        _write_standing(writer, utility, streams, now, first_half)
        _write_audit(writer, utility, streams, now, folder, first_half)
        first_half("tracks", 0.55)
        first = (now - timedelta(days=chosen.track_days + 1)).astimezone(UTC).date()
        ensure_partitions(connection, first, now.astimezone(UTC).date() + timedelta(days=7))
        device_tokens = {person.number: new_secret("gad_") for person in utility.staff.inspectors}
        _write_devices(writer, utility, device_tokens, seed, now)
        tracks = _write_tracks(writer, chosen, utility, streams, seed, now, first_half)
        first_half("accounts", 0.9)
        report = _write_accounts(writer, utility, folder, now)
        energy = load_energy(
            connection,
            now=now,
            seed=seed,
            months=chosen.energy_months,
            progress=lambda share: step("energy", 0.48 + 0.45 * share),
        )
        # The bills are made by the worker while people already look around, the newest month first.
        queue_history(connection, energy.first_month, energy.last_month, "demo", now)
        # Then the rules look at the last month ends and at yesterday, so that open points are confirmed or cleared; for
        # that they need twelve months of bills. Last, they are held against what was planted.
        behind = job_priority(month_back(now.astimezone(DISPLAY_ZONE).date().replace(day=1), BILLS_FIRST))
        queue_days(connection, scan_days(now), "demo", behind)
        queue_measurements(connection)
        queue_ranking(connection)
        step("finish", 0.93)
        finish(connection, {"now": now.isoformat()})
        content = devices_content(utility.grid, utility.staff, utility.tickets, device_tokens, tracks)
        write_private(folder / DEVICES_FILE, content)
    step("done", 1.0)
    return report


def scan_days(now: datetime) -> dict[date, str]:
    """The days that the rules look at after a load: the last month ends, and yesterday."""
    today = now.astimezone(DISPLAY_ZONE).date()
    first = today.replace(day=1)
    ends = {month_back(first, back) - timedelta(days=1): "month" for back in range(SCANNED_MONTHS)}
    return {today - timedelta(days=1): "day", **ends}


def reset(address: str) -> None:
    """Empty the database: the schema is dropped and made anew. Whatever was in it, demo or not, is gone."""
    empty_schema(address)


def _write_standing(writer: BulkWriter, utility: Utility, streams: Streams, now: datetime, progress: Progress) -> None:
    grid, staff = utility.grid, utility.staff
    today = now.astimezone(DISPLAY_ZONE).date()
    progress("writing_grid", 0.3)
    sync_catalogue(writer.connection, catalogue())
    writer.write("organisation", rows.ORGANISATION, rows.organisations(units(grid)))
    writer.write("employee", rows.EMPLOYEE, rows.employees(staff))
    writer.write("substation", rows.SUBSTATION, rows.substations(grid))
    writer.write("feeder", rows.FEEDER, rows.feeders(grid))
    writer.write("transformer_district", rows.DISTRICT, rows.districts(grid, staff))
    writer.write("reading_section", rows.SECTION, sections(grid, staff, streams))
    progress("writing_customers", 0.35)
    writer.write("customer", rows.CUSTOMER, rows.customers(utility.accounts))
    writer.write("meter", rows.METER, rows.meters(utility.accounts, streams, today))


def _write_audit(
    writer: BulkWriter, utility: Utility, streams: Streams, now: datetime, folder: Path, progress: Progress
) -> None:
    points, tickets = utility.points, utility.tickets
    progress("writing_risk", 0.42)
    writer.write("demo_truth", rows.TRUTH, rows.truths(utility.planted, points))
    writer.write("risk_point", rows.RISK, rows.risk_points(points, tickets, streams, now))
    progress("writing_tickets", 0.48)
    writer.write("audit_ticket", rows.TICKET, rows.ticket_rows(tickets))
    writer.write("ticket_event", rows.EVENT, rows.events(tickets))
    writer.write("problem", rows.PROBLEM, rows.problems(tickets))
    writer.write("evidence", rows.EVIDENCE, rows.evidence(tickets))
    writer.write("check_in", rows.CHECK_IN, rows.check_ins(tickets))
    store_pictures(folder)


def _write_devices(writer: BulkWriter, utility: Utility, tokens: dict[str, str], seed: int, now: datetime) -> None:
    columns = ("id", "employee_number", "label", "token_hash", "org_path", "created_at")
    writer.write(
        "device",
        columns,
        (
            (rows.device_id(seed, p.number), p.number, f"demo {p.number}", digest(tokens[p.number]), p.org_path, now)
            for p in utility.staff.inspectors
        ),
    )


def _write_tracks(
    writer: BulkWriter, size: Size, utility: Utility, streams: Streams, seed: int, now: datetime, progress: Progress
) -> dict[str, ShiftTrack]:
    """Shifts, fixes and latest positions; returns each inspector's last shift."""
    tracks: list[ShiftTrack] = []
    total = len(utility.staff.inspectors)
    order = {person.number: number for number, person in enumerate(utility.staff.inspectors)}
    checking = {
        ticket.handler.number: ticket.number
        for ticket in utility.tickets
        if ticket.handler and ticket.status == Status.CHECKING
    }

    def every_fix() -> Iterator[rows.Row]:
        for track in make_tracks(size, utility.grid, utility.staff, utility.tickets, streams, now):
            tracks.append(track)
            progress("tracks", 0.55 + 0.33 * order[track.person.number] / total)
            yield from rows.fixes(track, seed)

    writer.write("position_fix", rows.FIX, every_fix())
    writer.write(
        "work_shift",
        rows.SHIFT,
        ((t.person.county_code, t.person.number, t.begin, t.end, t.person.org_path) for t in tracks),
    )
    last = {track.person.number: track for track in tracks if len(track.at)}
    writer.write(
        "inspector_position",
        rows.POSITION,
        (
            rows.position(track, activity(track, number in checking), checking.get(number), seed)
            for number, track in last.items()
        ),
    )
    return last


def _write_accounts(writer: BulkWriter, utility: Utility, folder: Path, now: datetime) -> LoadReport:
    """An account for each part that people play, supervisors at three levels, and the wall's token."""
    # The busiest one of the supervisor's city, so that the phone has work to show; the county account is its county's.
    at_hand = Counter(t.handler.number for t in utility.tickets if t.handler and t.closed_at is None)
    inspector = max(
        (person for person in utility.staff.inspectors if (person.county_code or "").startswith(SUPERVISOR_CITY)),
        key=lambda person: at_hand[person.number],
    )
    county = inspector.county_code or inspector.unit
    officers = utility.staff.officers
    plan: list[tuple[str, str, str, str, str | None]] = [
        ("manager", "manager", "演示·经理", PROVINCE, None),
        ("dispatcher", "supervisor", "演示·省级派单员", PROVINCE, officers[PROVINCE].number),
        ("supervisor", "supervisor", "演示·市级主管", SUPERVISOR_CITY, officers[SUPERVISOR_CITY].number),
        ("county", "supervisor", "演示·县级主管", county, officers[county].number),
        ("lead", "lead", "演示·区域负责人", PROVINCE, None),
        ("inspector", "inspector", f"演示·{inspector.name}", inspector.unit, inspector.number),
        ("admin", "admin", "演示·管理员", PROVINCE, None),
    ]
    hasher = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
    given = os.environ.get(PASSWORD_VARIABLE)
    accounts, table = [], []
    for login, role, display, unit, employee in plan:
        password = given or new_secret("")[:16]
        hashed = hasher.hash(unicodedata.normalize("NFKC", password))
        path = inspector.org_path if role == "inspector" else county_path(unit) if unit != PROVINCE else PROVINCE
        table.append((login, display, hashed, role, employee, path, "zh", True, now))
        accounts.append((login, password, role, unit))
    columns = (
        "login", "display_name", "password_hash", "role", "employee_number", "org_path", "language", "is_demo",
        "created_at",
    )  # fmt: skip
    writer.write("app_user", columns, table)
    wall = new_secret("gaw_")
    token_columns = ("kind", "label", "role", "token_hash", "org_path", "created_by", "created_at")
    writer.write("api_token", token_columns, [("wall", "demo wall", "wall", digest(wall), PROVINCE, "demo", now)])
    return LoadReport(accounts, wall, folder / DEVICES_FILE)


def fingerprint(utility: Utility, seed: int, now: datetime) -> int:
    """A checksum over the made-up rows, for comparing two runs."""
    streams, total = Streams(seed), 0
    parts: tuple[Iterable[Any], ...] = (
        rows.organisations(units(utility.grid)),
        rows.employees(utility.staff),
        rows.feeders(utility.grid),
        rows.districts(utility.grid, utility.staff),
        rows.customers(utility.accounts),
        rows.truths(utility.planted, utility.points),
        rows.risk_points(utility.points, utility.tickets, streams, now),
        rows.ticket_rows(utility.tickets),
        rows.events(utility.tickets),
    )
    for part in parts:
        for row in part:
            total = zlib.crc32(repr(row).encode(), total)
    return total
