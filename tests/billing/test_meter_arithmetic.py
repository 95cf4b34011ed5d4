"""From the dial to the billed kWh, and the charges that depend on the calendar: one specification a rule."""

from decimal import Decimal

from billing import bill
from tests.billing.specification import book, case_of, specification

D = Decimal


@specification
def test_a_register_rolls_over_at_the_end_of_its_dial():
    """
    account: {area: jibei, scheme: single_part}
    readings: {start: 2026-11-01, end: 2026-12-01,
               meters: [{digits: 5, registers: {total: {previous: "99990.50", current: "12.25"}}}]}
    expect: {energy: {read_kwh: 21.75}}
    """


@specification
def test_a_meter_change_adds_both_meters_each_with_its_own_multiplier():
    """
    account: {area: jibei, scheme: single_part, voltage: 1-10(20)kV}
    readings:
      start: 2026-11-01
      end: 2026-12-01
      meters:
        - {meter: old, multiplier: 20, registers: {total: {previous: 100, current: 110}}}
        - {meter: new, multiplier: 30, registers: {total: {previous: 0, current: 10}}}
    expect: {energy: {read_kwh: 500}}
    """


@specification
def test_iron_loss_runs_by_energised_time_even_at_zero_load():
    """
    account: {area: jibei, scheme: single_part, voltage: 1-10(20)kV, time_of_use: true,
              transformers: [{method: formula, rated_kva: 200, no_load_loss_kw: 0.34, load_loss_kw: 2.60}]}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {peak: 0, flat: 0, valley: 0}}
    expect:
      energy: {transformer_loss_kwh: 245, billed_kwh: 245}
      lines: {purchase flat: 98.00}
      whole_bill: false
    """


@specification
def test_line_loss_is_a_share_of_the_read_energy_for_active_and_reactive():
    """
    account: {area: jibei, scheme: single_part, voltage: 35kV, power_factor_standard: "0.90",
              line_loss_percent: "1.5", line_loss_reactive_percent: "2"}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 10000, reactive_forward: 4000}}
    expect: {energy: {line_loss_kwh: 150, billed_kwh: 10150, reactive_kvarh: 4080}}
    """


@specification
def test_reactive_energy_fed_back_counts_as_positive():
    """
    account: {area: jibei, scheme: single_part, voltage: 35kV, power_factor_standard: "0.90"}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 100, reactive_forward: 30, reactive_reverse: 45}}
    expect: {energy: {reactive_kvarh: 75, power_factor: 0.80, power_factor_percent: 5.00}}
    """


@specification
def test_main_and_sub_accounts_add_up_to_the_meter():
    """
    # 3 % of 20,000 kWh by ratio, then 250 kWh by quantity; each priced by its own scheme.
    account:
      area: jibei
      scheme: single_part
      voltage: 1-10(20)kV
      sub_accounts:
        - {code: farm, kind: ratio, value: "0.03", scheme: agricultural}
        - {code: home, kind: quantity, value: "250", scheme: combined_meter}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 20000}}
    expect:
      energy: {sub_account_kwh: 850, billed_kwh: 20000}
      lines: {agricultural_energy: 300.00, residential_energy: 135.00, purchase: 7660.00, line_loss_fee: 225.97,
              transmission_distribution: 3031.45, system_operation: 861.75, government_funds: 460.92}
    """


@specification
def test_only_the_purchase_price_floats_and_one_and_a_half_times_is_on_it_alone():
    """
    account: {area: jibei, scheme: single_part, time_of_use: true, agency_penalty: true}
    readings: {start: 2026-11-01, end: 2026-12-01,
               used: {sharp: 100, peak: 100, flat: 100, valley: 100, deep_valley: 100}}
    expect:
      lines: {purchase sharp: 122.40, purchase peak: 102.00, purchase flat: 60.00, purchase valley: 18.00,
              purchase deep_valley: 14.40, line_loss_fee: 5.90, transmission_distribution: 90.15,
              system_operation: 22.50, government_funds: 12.03}
    """


@specification
def test_a_market_customer_pays_contract_prices_that_do_not_float_and_green_power_is_a_line_of_its_own():
    """
    account: {area: jibei, scheme: single_part, time_of_use: true, supply: contract, green_premium: "0.0300",
              contract_prices: {peak: "0.6100", all: "0.4100"}}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {peak: 100, flat: 100, valley: 100}, green_kwh: 50}
    expect:
      lines: {contract_purchase peak: 61.00, contract_purchase flat: 41.00, contract_purchase valley: 41.00,
              green_premium: 1.50, line_loss_fee: 3.54, transmission_distribution: 54.09, system_operation: 13.50,
              government_funds: 7.22}
    """


@specification
def test_suspended_capacity_is_free_from_the_sealing_day():
    """
    # 1,250 kVA in two transformers; the second, 250 kVA, is sealed from 11 November on: 10 of 30 days.
    account:
      area: jibei
      scheme: two_part
      voltage: 1-10(20)kV
      basic_charge: capacity
      capacity_kva: 1250
      capacity_spans:
        - {kva: 1000, start: 2026-11-01, until: 2026-12-01}
        - {kva: 250, start: 2026-11-01, until: 2026-11-11}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 0}}
    expect: {total: 25566.67, lines: {capacity_charge: 25566.67}}
    """


@specification
def test_demand_of_several_supply_lines_is_judged_by_line_and_summed():
    """
    # A stays under its contract, B exceeds 105 % by 150 kW after 100 kW of planned switching are taken off.
    account: {area: jibei, scheme: two_part, voltage: 35kV, basic_charge: contract_demand, capacity_kva: 4000}
    readings:
      start: 2026-11-01
      end: 2026-12-01
      used: {total: 0}
      demand_lines:
        - {line: A, actual_kw: 700, contract_kw: 1000}
        - {line: B, actual_kw: 1300, contract_kw: 1000, planned_switching_kw: 100}
    expect: {lines: {demand_charge: 83260.00}}
    """


@specification
def test_a_new_household_has_the_tiers_of_its_remaining_months():
    """
    # Opened in October: 3 months, limits 540 and 840 kWh.
    account: {area: jibei, scheme: tiered, opened: 2026-10-05}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 400}, year_to_date_kwh: 500}
    expect: {lines: {residential_energy: 208.00, tier_2: 15.00, tier_3: 18.00}}
    ---
    # Closed in February: 2 months, limits 360 and 560 kWh.
    account: {area: jibei, scheme: tiered, closed: 2026-02-20}
    readings: {start: 2026-02-01, end: 2026-02-20, used: {total: 300}, year_to_date_kwh: 300}
    expect: {lines: {residential_energy: 156.00, tier_2: 10.00, tier_3: 12.00}}
    """


@specification
def test_the_annual_tiers_begin_again_in_january():
    """
    # 20 December to 20 January: 12 days of the old year at its end, 19 of the new from zero.
    account: {area: zhejiang, scheme: tiered}
    readings: {start: 2025-12-20, end: 2026-01-20, used: {total: 310}, year_to_date_kwh: 2700}
    expect: {lines: {residential_energy: 166.78, tier_2: 3.00}}
    """


@specification
def test_low_income_free_energy_is_taken_off_at_the_base_price():
    """
    account: {area: jibei, scheme: tiered, free_kwh: 15}
    readings: {start: 2026-11-01, end: 2026-12-01, used: {total: 100}}
    expect: {total: 44.20, lines: {residential_energy: 52.00, free_allowance: -7.80}}
    """


def test_government_funds_are_outside_the_power_factor_base():
    document = {
        "account": {"area": "jibei", "scheme": "single_part", "voltage": "35kV", "power_factor_standard": "0.90"},
        "readings": {"start": "2026-11-01", "end": "2026-12-01", "used": {"total": 1000, "reactive_forward": 1000}},
    }
    made = bill(case_of(document), book())
    base = next(line.quantity for line in made.lines if line.component == "power_factor")
    assert base == made.total - made.amount("power_factor") - made.amount("government_funds")
    assert made.energy.power_factor == D("0.71")
    assert made.amount("power_factor") == (base * D("0.095")).quantize(D("0.01"), rounding="ROUND_HALF_UP")
