"""Energy: packing, partitions, columns by COPY, and a demo history whose numbers agree with each other."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.model.terms import Scheme, Voltage
from data_access import bills, usage
from data_access import column_copy as columns
from data_access.billing_runs import queue_history
from data_access.column_copy import column_copy
from demo.energy import EnergyReport, load_energy
from demo.load_shapes import make_calendar, period_shares, profiles
from jobs.worker import run_worker
from tests import builders
from tests.builders import viewer
from tests.money.arrange import value

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SEED = 7
DAYS = st.lists(
    st.none() | st.decimals(0, Decimal("21474836.47"), places=2, allow_nan=False, allow_infinity=False), max_size=31
)


@given(DAYS)
def test_what_is_packed_is_unpacked(days: list[Decimal | None]) -> None:
    assert usage.unpack(usage.pack(days)) == days


@pytest.mark.parametrize("wrong", ["-0.01", "0.001", "21474836.48"])
def test_what_does_not_fit_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="found"):
        usage.pack([Decimal(wrong)])


@pytest.fixture(scope="module")
def scratch(database_url: str) -> psycopg.Connection:
    connection = psycopg.connect(database_url, autocommit=True)
    connection.execute(
        "CREATE TEMP TABLE scratch (place serial, word text, path ltree, small smallint, day date, moment timestamptz,"
        " two numeric, four numeric, days integer[])"
    )
    return connection


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8).filter(
                lambda word: word == word.rstrip("\x00")
            ),
            st.integers(-(2**15), 2**15 - 1),
            st.dates(date(1900, 1, 1), date(2200, 1, 1)),
            st.integers(-(10**9), 10**9),
            st.integers(-(10**13), 10**13),
            st.lists(st.none() | st.integers(0, 2**31 - 1), min_size=3, max_size=3),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_columns_by_copy_arrive_as_they_were(scratch: psycopg.Connection, rows: list[tuple]) -> None:
    words, small, days, moments, numbers, arrays = zip(*rows, strict=True)
    values = np.array([[0 if item is None else item for item in array] for array in arrays], np.int32)
    missing = np.array([[item is None for item in array] for array in arrays])
    names = ("word", "path", "small", "day", "moment", "two", "four", "days")
    with scratch.transaction(force_rollback=True):
        with column_copy(scratch, "scratch", names) as copy:
            copy.block(
                [
                    columns.text(np.array([word.encode() for word in words])),
                    columns.ltree(np.array([b"a.b"] * len(rows))),
                    columns.smallint(np.array(small)),
                    columns.day(np.array([(day - date(1970, 1, 1)).days for day in days])),
                    columns.moment(np.array(moments) * 1_000_000),
                    columns.decimal(np.array(numbers), 2),
                    columns.decimal(np.array(numbers), 4),
                    columns.integers(values, missing),
                ]
            )
        found = scratch.execute(f"SELECT {', '.join(names)} FROM scratch ORDER BY place").fetchall()
    assert found == [
        (word, "a.b", one, day, datetime.fromtimestamp(at, UTC), Decimal(number).scaleb(-2),
         Decimal(number).scaleb(-4), array)
        for word, one, day, at, number, array in rows
    ]  # fmt: skip


def test_partitions_of_a_month_are_made_once_and_closed_to_everybody(owner: psycopg.Connection) -> None:
    for table in ("usage_month", "meter_reading", "district_energy", "bill", "bill_line"):
        made = [value(owner, "SELECT ensure_month_partitions(%s, '2031-01-15', '2031-03-02')", table) for _ in range(2)]
        assert made == [3, 0]
        child = f"{table}_203102"
        secured = "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = %s"
        assert value(owner, secured, child) is True
        for role in ("gridaudit_web", "gridaudit_viewer", "gridaudit_system"):
            assert value(owner, "SELECT has_table_privilege(%s, %s, 'SELECT')", role, child) is False
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        owner.execute("SELECT ensure_month_partitions('customer', '2031-01-01', '2031-01-01')")


@pytest.mark.parametrize("name", ["H0-A", "G0-M", "BL-H", "PV1"])
def test_a_days_shape_is_cut_by_the_hours_of_the_tariff(name: str) -> None:
    calendar = make_calendar(date(2026, 11, 24), 12)
    shares = period_shares(calendar, Scheme.SINGLE_PART, Voltage.KV_1_TO_20, profiles()[name])
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-3)
    july, april = calendar.index(date(2026, 7, 6)), calendar.index(date(2026, 4, 6))
    assert shares[april, 0] == 0, "no sharp hours in spring"
    if name == "BL-H":
        assert shares[july, 0] == pytest.approx(3 / 24, abs=0.01)


@pytest.fixture(scope="module")
def history(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> EnergyReport:
    """Three months and a bit of a tiny utility: 60 customers in two districts, with planted anomalies."""
    with psycopg.connect(database_url) as connection:
        _tiny_utility(connection)
        return load_energy(connection, now=NOW, seed=SEED, months=3)


THIEF, LATE, BACK = "130202000003", "130202000004", "130202000005"


def _tiny_utility(connection: psycopg.Connection) -> None:
    builders.organisations(connection)
    builders.catalogue(connection)
    station = builders.SOUTH_STATION
    for number, code in enumerate(("FQ05", "CH04", "JL12"), 10):
        connection.execute("INSERT INTO business_type VALUES (%s, %s, 'x', 'x')", (f"Z{number}", number))
        connection.execute("INSERT INTO anomaly_type VALUES (%s, %s, %s, 'x', 'x', 2)", (code, number, f"Z{number}"))
    for place in range(60):
        number = f"130202{place:06d}"
        scheme, category = ("tiered", "residential") if place % 3 else ("tiered_time_of_use", "residential")
        district, voltage, capacity = f"D{place % 2}", "<1kV", 8
        if place == 59:
            scheme, category, voltage, capacity, district = (
                "two_part", "commercial_industrial", "1-10(20)kV", 630, "D9",
            )  # fmt: skip
        # Two accounts opened, one of them on the first day, and one meter was changed inside the history.
        opened = {7: date(2026, 9, 14), 9: date(2026, 8, 1)}.get(place, date(2019, 1, 1))
        installed = date(2026, 10, 6) if place == 8 else opened
        connection.execute(
            "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code,"
            " trade_code, district_code, opened_on, org_path, is_demo)"
            " VALUES ('130202', %s, 'demo', %s, %s, %s, %s, '31', %s, %s, %s, true)",
            (number, category, voltage, capacity, scheme, district, opened, station),
        )
        connection.execute(
            "INSERT INTO meter (county_code, number, customer_number, multiplier, digits, installed_on, org_path)"
            " VALUES ('130202', %s, %s, %s, 6, %s, %s)",
            (f"D{number}", number, 400 if place == 59 else 1, installed, station),
        )
    for name, code, customer, begin in (
        ("G1", "FQ05", THIEF, date(2026, 10, 1)),
        ("G2", "JL12", LATE, date(2026, 9, 5)),
        ("G3", "CH04", BACK, date(2026, 9, 20)),
    ):
        connection.execute(
            "INSERT INTO demo_truth (county_code, number, anomaly_code, district_code, customer_number, started_on,"
            " org_path) VALUES ('130202', %s, %s, %s, %s, %s, %s)",
            (name, code, f"D{int(customer[-1]) % 2}", customer, begin, station),
        )


def test_every_month_of_every_customer_is_there(history: EnergyReport, owner: psycopg.Connection) -> None:
    assert (history.first_month, history.last_month, history.months) == (date(2026, 8, 1), date(2026, 10, 1), 3)
    lengths = owner.execute(
        "SELECT month, array_agg(DISTINCT cardinality(daily_kwh)), count(*) FROM usage_month GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert lengths == [
        (date(2026, 8, 1), [31], 59),
        (date(2026, 9, 1), [30], 60),
        (date(2026, 10, 1), [31], 60),
        (date(2026, 11, 1), [23], 60),
    ]


def test_readings_and_daily_use_agree_to_the_hundredth(history: EnergyReport, owner: psycopg.Connection) -> None:
    """Difference of the dial x multiplier = energy of the month; but for the dial that fell behind."""
    wrong = owner.execute(
        """
        WITH span AS (
            SELECT reading.customer_number, reading.month,
                (reading.reading - lag(reading.reading) OVER meter) * meter.multiplier AS kwh
            FROM meter_reading AS reading JOIN meter ON meter.number = reading.meter_number
            WHERE register = 'total' AND reading.read_at >= '2026-08-01 00:00+08'
            WINDOW meter AS (PARTITION BY reading.meter_number ORDER BY reading.read_at)
        ), month AS (SELECT customer_number, month, sum(kwh) AS kwh FROM span GROUP BY 1, 2)
        SELECT month.customer_number FROM month JOIN usage_month USING (customer_number, month)
        WHERE month.kwh <> usage_month.energy_kwh GROUP BY 1
        """
    ).fetchall()
    assert wrong == [(BACK,)]


def test_periods_of_a_day_sum_up_to_the_day(history: EnergyReport, owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "SELECT daily_kwh, sharp_kwh, peak_kwh, flat_kwh, valley_kwh, deep_valley_kwh FROM usage_month"
        " WHERE peak_kwh IS NOT NULL"
    ).fetchall()
    assert len(rows) > 60
    for daily, *periods in rows:
        for day, whole in enumerate(daily):
            parts = [period[day] for period in periods if period is not None]
            assert all(part is None for part in parts) if whole is None else sum(parts) == whole


def test_what_was_planted_shows(history: EnergyReport, owner: psycopg.Connection) -> None:
    stolen = owner.execute(
        "SELECT month, energy_kwh / cardinality(daily_kwh) FROM usage_month WHERE customer_number = %s ORDER BY 1",
        (THIEF,),
    ).fetchall()
    assert stolen[2][1] < stolen[1][1] * Decimal("0.8"), "the meter counts less from October on"
    losses = dict(
        owner.execute(
            "SELECT day >= '2026-10-01', avg(loss_percent) FROM district_energy WHERE district_code = 'D1' GROUP BY 1"
        ).fetchall()
    )
    assert losses[True] > losses[False] + Decimal("0.5"), "what is stolen is lost in the district"
    silent = value(owner, "SELECT daily_kwh[10:20] FROM usage_month WHERE customer_number = %s AND month = %s", LATE,
                   date(2026, 9, 1))  # fmt: skip
    assert silent == [None] * 11
    assert value(owner, "SELECT count(*) FROM meter_reading WHERE customer_number = %s AND quality = 'suspect'", BACK)


def test_sold_is_the_sum_of_the_meters(history: EnergyReport, owner: psycopg.Connection) -> None:
    row = owner.execute(
        "SELECT sum(sold_kwh), (SELECT sum(energy_kwh) FROM usage_month WHERE month = '2026-08-01')"
        " FROM district_energy WHERE day >= '2026-08-01' AND day < '2026-09-01'"
    ).fetchone()
    assert row is not None and row[0] == row[1]
    states = owner.execute(
        "SELECT state, reason, bool_and((loss_percent IS NULL) = (state <> 'computed'))"
        " FROM district_energy GROUP BY 1, 2"
    ).fetchall()
    assert all(consistent for *_, consistent in states)
    assert ("computed", None, True) in states


async def test_the_demo_history_can_be_billed_from_its_first_month(
    history: EnergyReport, database: str, owner: psycopg.Connection
) -> None:
    queue_history(owner, history.first_month, history.last_month, "demo", NOW)
    await run_worker(wait=False)
    failed = owner.execute("SELECT customer_number, findings->0->>'rule' FROM billing_failure").fetchall()
    assert failed == [(BACK, "reading_decreased")]
    assert value(owner, "SELECT count(*) FROM bill") == 59 + 60 + 60 - 1
    for number in ("130202000007-202609-0", "130202000008-202610-0", "130202000059-202610-0"):
        assert (await bills.explain(viewer(), number)).differences == ()
    opened = await bills.bill(viewer(), "130202000007-202609-0")
    assert (opened["period_start"], opened["period_end"]) == (date(2026, 9, 14), date(2026, 10, 1))
    changed = await bills.bill(viewer(), "130202000008-202610-0")
    assert len(changed["case"]["readings"]["meters"]) == 2


async def test_a_customers_and_a_districts_days(history: EnergyReport, database: str) -> None:
    months = await usage.usage_of(viewer(), LATE, date(2026, 9, 1), date(2026, 9, 1))
    assert len(months) == 1 and months[0]["daily_kwh"][9:20] == [None] * 11
    assert months[0]["periods"] == {}
    days = await usage.district_days(viewer(), "130202", "D1", date(2026, 9, 1), date(2026, 9, 30))
    assert [row["day"].day for row in days] == list(range(1, 31))
    stranger = viewer("jibei.1307.130702")
    assert await usage.usage_of(stranger, LATE, date(2026, 1, 1), date(2026, 12, 1)) == []
    assert await usage.district_days(stranger, "130202", "D1", date(2026, 9, 1), date(2026, 9, 30)) == []
    assert await usage.readings_of(stranger, LATE, date(2026, 1, 1), date(2026, 12, 1)) == []
    assert len(await usage.readings_of(viewer(), LATE, date(2026, 9, 1), date(2026, 10, 1))) == 2
    read = await usage.month_columns("130202", date(2026, 9, 1))
    place = read.customer.index(LATE)
    assert read.daily.shape == (60, 30) and (read.daily[place, 9:20] == usage.MISSING).all()


def test_the_same_seed_gives_the_same_history(history: EnergyReport, owner: psycopg.Connection) -> None:
    def fingerprint() -> tuple:
        return tuple(
            value(owner, f"SELECT md5(string_agg(row::text, ';' ORDER BY row::text)) FROM {table} AS row")
            for table in ("usage_month", "meter_reading", "district_energy", "account_terms")
        )

    before = fingerprint()
    with owner.transaction(force_rollback=True):
        owner.execute("TRUNCATE usage_month, meter_reading, district_energy, account_terms")
        owner.execute("DELETE FROM meter WHERE removed_on IS NOT NULL")
        load_energy(owner, now=NOW, seed=SEED, months=3)
        assert fingerprint() == before
        owner.execute("TRUNCATE usage_month, meter_reading, district_energy, account_terms")
        owner.execute("DELETE FROM meter WHERE removed_on IS NOT NULL")
        load_energy(owner, now=NOW, seed=SEED + 1, months=3)
        assert fingerprint() != before
