"""The statements behind a partition, with the kind of each column (`data_access.packed_columns`).

The names of the columns are those of `audit.rules.partition`; `customer_number`, `district_code` become positions.
"""

from typing import Final

from data_access.packed_columns import Kind

_DAY = "({0} AT TIME ZONE 'Asia/Shanghai')::date - DATE '1970-01-01'"
_MONTH = "(extract(year FROM {0})::int - 1970) * 12 + extract(month FROM {0})::int - 1"
_PADDED = "COALESCE({0}, '{{}}'::int[]) || array_fill(NULL::int, ARRAY[31 - COALESCE(cardinality({0}), 0)])"


def _day(column: str) -> str:
    return _DAY.format(column)


def _month(column: str) -> str:
    return _MONTH.format(column)


DISTRICTS = """
SELECT code, name, COALESCE(subpath(org_path, -1)::text, '') AS station_code, kind = 'dedicated' AS is_dedicated,
    capacity_kva, customer_count, ST_X(location) AS longitude, ST_Y(location) AS latitude
FROM transformer_district WHERE county_code = %(county)s ORDER BY code
"""
DISTRICT_DAYS = """
SELECT district_code, day - DATE '1970-01-01' AS day, supplied_kwh, sold_kwh, generated_kwh, meters, meters_read,
    state = 'computed' AS computable
FROM district_energy WHERE county_code = %(county)s AND day BETWEEN %(first)s AND %(last)s
"""
CUSTOMERS = """
SELECT c.number, c.name, c.district_code, subpath(c.org_path, -1)::text AS station_code, c.category, c.voltage,
    NULLIF(c.contract_capacity_kva, 0) AS capacity_kva, c.tariff_code, c.trade_code, c.phone, c.address,
    c.reading_section_code AS section, c.opened_on - DATE '1970-01-01' AS opened,
    c.closed_on - DATE '1970-01-01' AS closed, ST_X(c.location) AS longitude, ST_Y(c.location) AS latitude,
    t.terms ->> 'scheme' AS scheme, t.valid_from - DATE '1970-01-01' AS terms_from,
    (t.terms ->> 'time_of_use')::bool AS time_of_use,
    COALESCE(t.terms ->> 'supply', CASE WHEN t.terms IS NOT NULL THEN 'agency' END) AS supply,
    COALESCE(t.terms ->> 'basic_charge', CASE WHEN t.terms IS NOT NULL THEN 'none' END) AS basic_charge,
    t.terms ->> 'capacity_kva' AS terms_capacity_kva, t.terms ->> 'contract_demand_kw' AS contract_demand_kw,
    t.terms ->> 'power_factor_standard' AS power_factor_standard,
    COALESCE(t.terms ->> 'line_loss_percent', CASE WHEN t.terms IS NOT NULL THEN '0' END) AS line_loss_percent,
    COALESCE(jsonb_array_length(NULLIF(t.terms -> 'transformers', 'null'::jsonb)), 0) > 0 AS has_transformer_loss,
    (t.terms ->> 'agency_penalty')::bool AS agency_penalty,
    CASE WHEN t.terms IS NOT NULL THEN COALESCE((t.terms ->> 'persons')::int, 1) END AS persons,
    t.terms ->> 'free_kwh' AS free_kwh,
    (SELECT CASE WHEN max((span ->> 'until')::date) <= %(last)s
        THEN max((span ->> 'until')::date) - DATE '1970-01-01' END
     FROM jsonb_array_elements(t.terms -> 'capacity_spans') AS span) AS suspended_from,
    c.generation_kw AS solar_kw
FROM customer AS c
LEFT JOIN LATERAL (
    SELECT terms, valid_from FROM account_terms WHERE county_code = c.county_code AND customer_number = c.number
        AND valid_from <= %(last)s ORDER BY valid_from DESC LIMIT 1
) AS t ON true
WHERE c.county_code = %(county)s AND c.opened_on <= %(last)s AND (c.closed_on IS NULL OR c.closed_on > %(first)s)
ORDER BY c.number
"""
MONTHS = f"""
SELECT customer_number, {_month("month")} AS month, energy_kwh, reactive_kvarh, maximum_demand_kw
FROM usage_month WHERE county_code = %(county)s AND month BETWEEN %(first_month)s AND %(running_month)s
"""  # noqa: S608 - made of the texts above
METERS = """
SELECT customer_number, number, multiplier, digits, installed_on - DATE '1970-01-01' AS installed,
    removed_on - DATE '1970-01-01' AS removed
FROM meter
WHERE county_code = %(county)s AND installed_on <= %(last)s AND (removed_on IS NULL OR removed_on > %(first)s)
"""
READINGS = f"""
SELECT customer_number, meter_number AS meter, register, {_month("month")} AS month, {_day("read_at")} AS read_day,
    reading, lag(reading) OVER earlier AS previous, {_day("lag(read_at) OVER earlier")} AS previous_day, kind, method,
    quality
FROM meter_reading
WHERE county_code = %(county)s AND month BETWEEN %(reading_month)s AND %(running_month)s AND read_at <= %(end)s
WINDOW earlier AS (PARTITION BY customer_number, meter_number, register ORDER BY read_at)
"""  # noqa: S608 - made of the texts above
BILLS = f"""
SELECT customer_number, {_month("month")} AS month, version, kind, total * 100 AS total_cents, billed_kwh, loss_kwh,
    demand_kw, power_factor, scheme, period_start - DATE '1970-01-01' AS start, period_end - DATE '1970-01-01' AS end,
    {_day("issued_at")} AS issued_day
FROM bill WHERE county_code = %(county)s AND month BETWEEN %(bill_month)s AND %(running_month)s
    AND period_end <= CAST(%(last)s AS date) + 1
"""  # noqa: S608 - made of the texts above
ADJUSTMENTS = f"""
SELECT customer_number, number, kind, cause, (energy_yuan + breach_yuan + late_fee_yuan) * 100 AS total_cents,
    {_day("decided_at")} AS decided_day, decided_by, COALESCE(content ->> 'asked_by', '') AS asked_by,
    ticket_number IS NOT NULL AS has_ticket, reverses
FROM adjustment
WHERE county_code = %(county)s AND decided_at >= CAST(%(end)s AS timestamptz) - interval '12 months'
    AND decided_at < %(end)s
"""  # noqa: S608 - made of the texts above
EVENTS = """
SELECT customer_number, meter_number AS meter, kind, extract(epoch FROM began_at) AS begin,
    extract(epoch FROM ended_at) AS end, value
FROM meter_event
WHERE county_code = %(county)s AND began_at >= %(first_moment)s AND began_at < %(end)s
"""
DAILY = f"""
SELECT customer_number, {_PADDED.format("daily_kwh")} AS daily_kwh
FROM usage_month WHERE county_code = %(county)s AND month = %(month)s
"""  # noqa: S608 - made of the texts above
IN_PERIODS = f"""
SELECT customer_number, {
    ", ".join(
        f"{_PADDED.format(f'{name}_kwh')} AS {name}_kwh" for name in ("sharp", "peak", "flat", "valley", "deep_valley")
    )
}
FROM usage_month WHERE county_code = %(county)s AND month = %(month)s AND peak_kwh IS NOT NULL
"""  # noqa: S608 - made of the texts above
FED_IN = f"""
SELECT customer_number, {_PADDED.format("fed_in_kwh")} AS fed_in_kwh
FROM usage_month WHERE county_code = %(county)s AND month = %(month)s AND fed_in_kwh IS NOT NULL
"""  # noqa: S608 - made of the texts above
DAILY_KINDS: Final[dict[str, Kind]] = {"customer_number": "word", "daily_kwh": "array"}
IN_PERIODS_KINDS: Final[dict[str, Kind]] = {
    "customer_number": "word",
    **dict.fromkeys(("sharp_kwh", "peak_kwh", "flat_kwh", "valley_kwh", "deep_valley_kwh"), "array"),
}
FED_IN_KINDS: Final[dict[str, Kind]] = {"customer_number": "word", "fed_in_kwh": "array"}


def _kinds(**names: str) -> dict[str, Kind]:
    return {name: kind for kind, joined in names.items() for name in joined.split()}  # type: ignore[misc]


QUERIES: Final[dict[str, tuple[str, dict[str, Kind]]]] = {
    "districts": (
        DISTRICTS,
        _kinds(word="code name station_code", flag="is_dedicated", float="capacity_kva longitude latitude",
               int="customer_count"),
    ),
    "district_days": (
        DISTRICT_DAYS,
        _kinds(word="district_code", int="day meters meters_read", float="supplied_kwh sold_kwh generated_kwh",
               flag="computable"),
    ),
    "customers": (
        CUSTOMERS,
        _kinds(
            word="number name district_code station_code category voltage tariff_code trade_code phone address section"
            " scheme supply basic_charge",
            int="opened closed persons suspended_from terms_from",
            float="capacity_kva longitude latitude terms_capacity_kva contract_demand_kw power_factor_standard"
            " line_loss_percent free_kwh solar_kw",
            flag="time_of_use has_transformer_loss agency_penalty",
        ),
    ),
    "months": (MONTHS, _kinds(word="customer_number", int="month",
                              float="energy_kwh reactive_kvarh maximum_demand_kw")),
    "meters": (METERS, _kinds(word="customer_number number", int="multiplier digits installed removed")),
    "readings": (
        READINGS,
        _kinds(word="customer_number meter register kind method quality", int="month read_day previous_day",
               float="reading previous"),
    ),
    "bills": (
        BILLS,
        _kinds(word="customer_number kind scheme", int="month version total_cents start end issued_day",
               float="billed_kwh loss_kwh demand_kw power_factor"),
    ),
    "adjustments": (
        ADJUSTMENTS,
        _kinds(word="customer_number number kind cause decided_by asked_by reverses", int="total_cents decided_day",
               flag="has_ticket"),
    ),
    "events": (EVENTS, _kinds(word="customer_number meter kind", float="begin end value")),
}  # fmt: skip
"""By subject: the statement, and the columns that are read from it."""
