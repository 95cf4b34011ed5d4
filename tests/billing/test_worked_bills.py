"""The worked bills of domain sheet 10, to the cent. The docstring of each test is its specification."""

from decimal import Decimal

from billing import bill, parse_case
from billing.breach import over_capacity, sealed_equipment, theft
from billing.breach import wrong_class as wrong_class_breach
from billing.compare import compare
from billing.corrections import half_time, meter_error, wiring, wiring_coefficient, wrong_class, wrong_multiplier
from billing.power_factor import adjustment, percent
from billing.trace import leaf
from tests.billing.specification import book, case_of, specification

ALL_IN = Decimal("0.66116875")
D = Decimal


@specification
def test_e1_residential_tier_1_to_2():
    """
    account: {area: zhejiang, scheme: tiered}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 300}, year_to_date_kwh: 2600}
    expect: {total: 168.40, lines: {residential_energy: 161.40, tier_2: 7.00}}
    """


@specification
def test_e2_residential_tier_2_to_3():
    """
    account: {area: zhejiang, scheme: tiered}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 500}, year_to_date_kwh: 4700}
    expect: {total: 394.00, lines: {residential_energy: 269.00, tier_2: 5.00, tier_3: 120.00}}
    """


@specification
def test_e4_residential_time_of_use_and_tiers_add_up():
    """
    account: {area: zhejiang, scheme: tiered_time_of_use}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {peak: 200, valley: 150}, year_to_date_kwh: 2700}
    expect:
      total: 171.30
      lines: {residential_energy peak: 113.60, residential_energy valley: 43.20, tier_2: 14.50}
    """


@specification
def test_e5_multi_person_household_has_larger_annual_tiers():
    """
    account: {area: jibei, scheme: tiered, persons: 3}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 260}, year_to_date_kwh: 3300}
    expect: {total: 198.20, lines: {residential_energy: 135.20, tier_2: 3.00, tier_3: 60.00}}
    ---
    account: {area: jibei, scheme: tiered, persons: 5}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 260}, year_to_date_kwh: 3300}
    expect: {total: 145.20, lines: {residential_energy: 135.20, tier_2: 10.00}}
    """


@specification
def test_e6_coal_to_electricity_month_against_the_tiers():
    """
    account: {area: jibei, scheme: heating_time_of_use}
    readings: {start: 2026-12-01, end: 2027-01-01, used: {peak: 300, valley: 700}}
    expect: {total: 375.00, lines: {residential_energy peak: 165.00, residential_energy valley: 210.00}}
    ---
    account: {area: jibei, scheme: tiered}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 1000}, year_to_date_kwh: 2000}
    expect: {total: 562.00, lines: {residential_energy: 520.00, tier_2: 42.00}}
    """


@specification
def test_e7_shop_single_part_without_time_of_use():
    """
    account: {area: jibei, scheme: single_part}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 3000}}
    expect:
      total: 1983.51
      lines: {purchase: 1200.00, line_loss_fee: 35.40, transmission_distribution: 540.90, system_operation: 135.00,
              government_funds: 72.21}
    """


@specification
def test_e8_hotel_with_transformer_loss_and_power_factor():
    """
    account:
      area: jibei
      scheme: single_part
      voltage: 1-10(20)kV
      time_of_use: true
      capacity_kva: 200
      power_factor_standard: "0.85"
      transformers:
        - {method: formula, rated_kva: 200, no_load_loss_kw: 0.34, load_loss_kw: 2.60, no_load_current_percent: 1.0,
           short_circuit_percent: 4, load_shape_factor: 1.2, hours: 720}
    readings: {start: 2027-04-01, end: 2027-05-01,
               used: {peak: 9000, flat: 13500, valley: 7500, reactive_forward: 15000}}
    expect:
      total: 19796.48
      energy: {transformer_loss_kwh: 367, billed_kwh: 30367, reactive_kvarh: 16815, power_factor: 0.87,
               power_factor_percent: -0.20}
      lines: {purchase peak: 6194.80, purchase flat: 5466.00, purchase valley: 911.04, line_loss_fee: 358.33,
              transmission_distribution: 4807.10, system_operation: 1366.52, government_funds: 730.90,
              power_factor: -38.21}
    ---
    # Without the losses the same readings would have been judged at 0.89.
    account: {area: jibei, scheme: single_part, voltage: 1-10(20)kV, time_of_use: true, power_factor_standard: "0.85"}
    readings: {start: 2027-04-01, end: 2027-05-01,
               used: {peak: 9000, flat: 13500, valley: 7500, reactive_forward: 15000}}
    expect: {energy: {power_factor: 0.89, power_factor_percent: -0.40}}
    """


@specification
def test_e9_capacity_of_a_new_connection_by_calendar_days():
    """
    account: {area: jibei, scheme: two_part, voltage: 1-10(20)kV, basic_charge: capacity, capacity_kva: 630}
    readings: {start: 2026-08-01, end: 2026-09-01, used: {total: 0}}
    expect: {total: 14868.00, lines: {capacity_charge: 14868.00}}
    ---
    account: {area: jibei, scheme: two_part, voltage: 1-10(20)kV, basic_charge: capacity, capacity_kva: 630,
              opened: 2026-08-12}
    readings: {start: 2026-08-12, end: 2026-09-01, used: {total: 0}}
    expect: {total: 9592.26, lines: {capacity_charge: 9592.26}}
    ---
    # The rule of 1996: one thirtieth a day.
    account: {area: jibei, scheme: two_part, voltage: 1-10(20)kV, basic_charge: capacity, capacity_kva: 630,
              opened: 2026-08-12}
    readings: {start: 2026-08-12, end: 2026-09-01, used: {total: 0}}
    policy: {partial_month: thirty_days}
    expect: {total: 9912.00, lines: {capacity_charge: 9912.00}}
    """


def demand_charge(actual, way="contract_demand", over_demand="continuous"):
    document = {
        "account": {"area": "jibei", "scheme": "two_part", "voltage": "1-10(20)kV", "basic_charge": way,
                    "capacity_kva": "4000", "contract_demand_kw": "2000"},
        "readings": {"start": "2026-08-01", "end": "2026-09-01", "used": {"total": 0, "maximum_demand": actual}},
        "policy": {"over_demand": over_demand},
    }  # fmt: skip
    return bill(case_of(document), book()).amount("demand_charge")


def test_e11_contract_demand_both_readings_of_the_105_percent_rule():
    assert [demand_charge(kw) for kw in (1950, 2050, 2100)] == [D("75600.00")] * 3
    assert demand_charge(2300) == D("90720.00")
    assert demand_charge(2300, over_demand="jump") == D("94500.00")
    actual = [demand_charge(kw, way="actual_demand") for kw in (1950, 2050, 2100, 2300)]
    assert actual == [D("73710.00"), D("77490.00"), D("79380.00"), D("86940.00")]


@specification
def test_e12_factory_on_actual_demand_with_discount():
    """
    account: {area: jibei, scheme: two_part, voltage: 1-10(20)kV, basic_charge: actual_demand, capacity_kva: 1250,
              time_of_use: true, power_factor_standard: "0.90"}
    readings: {start: 2026-08-01, end: 2026-09-01, used: {sharp: 45000, peak: 75000, flat: 120000, valley: 120000,
               reactive_forward: 140000, maximum_demand: 900}}
    expect:
      total: 257864.28
      energy: {kwh_per_kva: 288, power_factor: 0.93, power_factor_percent: -0.45}
      lines: {purchase sharp: 36720.00, purchase peak: 51000.00, purchase flat: 48000.00, purchase valley: 14400.00,
              line_loss_fee: 4248.00, transmission_distribution: 49140.00, system_operation: 16200.00,
              government_funds: 8664.75, demand_charge: 30618.00, power_factor: -1126.47}
    ---
    account: {area: jibei, scheme: two_part, voltage: 1-10(20)kV, basic_charge: actual_demand, capacity_kva: 1250}
    readings: {start: 2026-08-01, end: 2026-09-01, used: {total: 360000, maximum_demand: 900}}
    policy: {demand_discount: false}
    expect: {lines: {demand_charge: 34020.00}, whole_bill: false}
    """


@specification
def test_e14_multiplier_of_current_and_voltage_transformers():
    """
    account: {area: jibei, scheme: single_part, voltage: 35kV}
    readings: {start: 2026-11-01, end: 2026-12-01,
               meters: [{multiplier: 7000, registers: {total: {previous: 1204.31, current: 1234.56}}}]}
    expect: {energy: {read_kwh: 211750}}
    """


@specification
def test_e15_published_hubei_bill():
    """
    account: {area: exam, scheme: two_part, voltage: 110kV, basic_charge: actual_demand, capacity_kva: 80000}
    readings: {start: 2025-09-01, end: 2025-10-01, used: {total: 14000000},
               demand_lines: [{line: "1", actual_kw: 30844}]}
    expect: {total: 1202916.00, energy: {kwh_per_kva: 175}}
    ---
    account: {area: exam, scheme: two_part, voltage: 110kV, basic_charge: actual_demand, capacity_kva: 80000}
    readings: {start: 2025-10-01, end: 2025-11-01, used: {total: 0}, demand_lines: [{line: "1", actual_kw: 28413}]}
    expect: {total: 1108107.00}
    ---
    # The same demand divided by a fixed-ratio sub-account: each part its own line, the parts add up.
    account: {area: exam, scheme: two_part, voltage: 110kV, basic_charge: actual_demand, capacity_kva: 80000}
    readings: {start: 2025-09-01, end: 2025-10-01, used: {total: 0},
               demand_lines: [{line: "1", actual_kw: 30842.066223}]}
    expect: {total: 1202840.58}
    ---
    account: {area: exam, scheme: two_part, voltage: 110kV, basic_charge: actual_demand, capacity_kva: 80000}
    readings: {start: 2025-09-01, end: 2025-10-01, used: {total: 0}, demand_lines: [{line: "1", actual_kw: 1.933777}]}
    expect: {total: 75.42}
    """
    assert D("1202840.58") + D("75.42") == D("1202916.00")


def test_e15_the_printed_power_factor_line_differs_by_one_cent():
    """Printed: -9,205.79. Base x rate gives -9,205.78: the issuer rounds finer lines. A tolerance, not a correction."""
    share = percent(book().power_factor, leaf("0.90", "power_factor.standard"), leaf("0.91", "power_factor.mean"))
    assert share.value == D("-0.15")
    made = adjustment(leaf("6137186.5", "power_factor.base"), share)
    assert made.value == D("-9205.78")
    assert abs(made.value - D("-9205.79")) <= D("0.01")


@specification
def test_e16_published_exam_with_a_transformer_change_in_the_month():
    """
    # 20 days on 50 kVA: table iron loss of 304 kWh a month, no power factor below 100 kVA.
    account: {area: exam, scheme: single_part, voltage: 1-10(20)kV, capacity_kva: 50,
              transformers: [{method: table, iron_kwh_per_day: 10.1333, days: 20}]}
    readings: {start: 2003-06-01, end: 2003-06-21,
               meters: [{multiplier: 20, registers: {total: {previous: 1500, current: 1800}}}]}
    expect: {total: 3101.50, energy: {transformer_loss_kwh: 203, billed_kwh: 6203}}
    ---
    # 10 days on 200 kVA with time-of-use; Q/A = 81/180.
    account: {area: exam, scheme: single_part, voltage: 1-10(20)kV, capacity_kva: 200, time_of_use: true,
              power_factor_standard: "0.90"}
    readings:
      start: 2003-06-21
      end: 2003-07-01
      meters:
        - multiplier: 200
          registers:
            peak: {previous: 0, current: 40}
            valley: {previous: 0, current: 30}
            flat: {previous: 0, current: 110}
            reactive_forward: {previous: 0, current: 81}
    expect: {total: 18572.10, lines: {purchase peak: 6400.00, purchase valley: 1200.00, purchase flat: 11000.00,
             power_factor: -27.90}}
    """
    assert D("3101.50") + D("18572.10") == D("21673.60")


def test_e17_fast_meter_gives_a_refund_for_half_the_time():
    from datetime import date

    assert half_time(date(2026, 1, 10), date(2026, 7, 9)) == 90
    made = meter_error(D(6180), D("0.03"), ALL_IN)
    assert (made.kwh, made.amount) == (D(-180), D("-119.01"))


def test_e18_wiring():
    assert wiring(D(12000), wiring_coefficient([1, 1, -1]), ALL_IN).kwh == 24000
    assert wiring(D(12000), wiring_coefficient([1, 1, 0]), ALL_IN).kwh == 6000


def test_e19_wrong_multiplier():
    assert wrong_multiplier(D(500), D(30), D(40), ALL_IN).kwh == 5000


def test_e20_theft_by_direct_hook_with_unknown_time():
    at_exam_price = theft("E20", D(2), D("0.30"))
    assert (at_exam_price.kwh, at_exam_price.recovered, at_exam_price.cap) == (2160, D("648.00"), D("1944.00"))
    made = theft("E20", D(2), D("0.52"))
    assert (made.recovered, made.charge, made.total) == (D("1123.20"), D("3369.60"), D("4492.80"))


def test_e23_over_capacity():
    made = over_capacity("E23", D(200), two_part=True, months=D(3), price=D("23.6"))
    assert (made.recovered, made.cap, made.total) == (D("14160.00"), D("42480.00"), D("56640.00"))
    assert over_capacity("E23", D(40), two_part=False).total == D("2000.00")


def test_e24_sealed_transformer_used():
    made = sealed_equipment("E24", D(250), two_part=True, months=D(2), price=D("23.6"))
    assert (made.recovered, made.cap) == (D("11800.00"), D("23600.00"))


def test_e25_wrong_class():
    difference = wrong_class(D(10000), D("0.5000"), ALL_IN)
    assert difference.amount == D("1611.69")
    assert wrong_class_breach("E25", difference.amount).cap == D("3223.38")


def test_e26_single_part_wins_where_the_choice_exists():
    def totals(kwh):
        content = {
            "account": {"account": "E26", "area": "jibei", "scheme": "single_part", "voltage": "1-10(20)kV",
                        "capacity_kva": "400"},
            "readings": {"start": "2026-11-01", "end": "2026-12-01",
                         "meters": [{"registers": {"total": {"previous": "0", "current": str(kwh)}}}]},
        }  # fmt: skip
        choices = {
            "single": {"scheme": "single_part", "basic_charge": "none"},
            "two": {"scheme": "two_part", "basic_charge": "capacity"},
        }
        made = compare([parse_case(content)], choices, book())
        assert made[0].name == "single"
        parts = {item.name: item.components for item in made}
        return [parts["single"]["transmission_distribution"],
                parts["two"]["transmission_distribution"] + parts["two"]["capacity_charge"]]  # fmt: skip

    assert totals(80_000) == [D("12664.00"), D("20360.00")]
    assert totals(200_000) == [D("31660.00"), D("36740.00")]
