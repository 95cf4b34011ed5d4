"""Bad data becomes findings that name account and field; bad files are refused with path, key, value, expectation."""

import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import yaml

from bench.billing_population import population
from billing import CaseRefused, DataRefused, Fault, bill, parse_case
from billing.__main__ import main
from billing.batch import Columns, ColumnsRefused, bill_columns, columns_of_cases
from billing.breach import late_fee, theft
from billing.components import read_components
from billing.tariff.load import read_power_factor, read_tariff
from tests.billing.specification import DATA, book, registers

ROOT = Path(__file__).resolve().parents[2]
SHOP = {
    "account": {"account": "1300000001", "area": "jibei", "scheme": "single_part"},
    "readings": {"start": "2026-11-01", "end": "2026-12-01", "meters": [{"registers": registers(total=3000)}]},
}
TWO_PART = {"scheme": "two_part", "basic_charge": "contract_demand", "capacity_kva": "630", "voltage": "35kV"}


def changed(account=None, readings=None):
    return {"account": {**SHOP["account"], **(account or {})}, "readings": {**SHOP["readings"], **(readings or {})}}


def meter(**more):
    return {"meters": [{"registers": registers(total=3000), **more}]}


FAULTS = {
    Fault.PERIOD_INVALID: (changed(readings={"end": "2026-11-01"}), "readings.end"),
    Fault.UNKNOWN_TARIFF: (changed({"area": "nowhere"}), "account.area"),
    Fault.PRICE_GAP: (changed(readings={"start": "2010-01-01", "end": "2010-02-01"}), "tariff.agency_purchase.all"),
    Fault.MISSING_REGISTER: (changed({"time_of_use": True}), "readings.meters.registers.peak"),
    Fault.NEGATIVE_READING: (
        changed(readings={"meters": [{"registers": {"total": {"previous": "0", "current": "-1"}}}]}),
        "readings.meters.0.registers.total",
    ),
    Fault.READING_DECREASED: (
        changed(readings={"meters": [{"registers": {"total": {"previous": "5000", "current": "4000"}}}]}),
        "readings.meters.0.registers.total",
    ),
    Fault.MULTIPLIER_INVALID: (changed(readings=meter(multiplier="0")), "readings.meters"),
    Fault.NEGATIVE_ENERGY: (changed(readings={"adjust_kwh": {"all": "-4000"}}), "energy.all"),
    Fault.CAPACITY_MISSING: (
        changed({**TWO_PART, "capacity_kva": None, "contract_demand_kw": "1"}, meter(maximum_demand="1")),
        "account.capacity_kva",
    ),
    Fault.DEMAND_MISSING: (changed({**TWO_PART, "contract_demand_kw": "300"}), "readings.meters.maximum_demand"),
    Fault.SUB_ACCOUNT_EXCEEDS: (
        changed({"sub_accounts": [{"code": "s", "kind": "quantity", "value": "9999", "scheme": "agricultural"}]}),
        "account.sub_accounts.0.value",
    ),
    Fault.SUB_ACCOUNT_INVALID: (
        changed({"sub_accounts": [{"code": "s", "kind": "ratio", "value": "1.5", "scheme": "agricultural"}]}),
        "account.sub_accounts.0",
    ),
    Fault.TRANSFORMER_INVALID: (
        changed({"transformers": [
            {"rated_kva": "0", "no_load_loss_kw": "1", "load_loss_kw": "1", "method": "formula"}
        ]}),
        "account.transformers.0.rated_kva",
    ),
    Fault.CONTRACT_PRICE_MISSING: (changed({"supply": "contract"}), "account.contract_prices"),
    Fault.POWER_FACTOR_STANDARD: (
        changed({"power_factor_standard": "0.77"},
                {"meters": [{"registers": registers(total=3000, reactive_forward=1)}]}),
        "account.power_factor_standard",
    ),
    Fault.CAPACITY_SPAN_INVALID: (
        changed({**TWO_PART, "basic_charge": "capacity",
                 "capacity_spans": [{"kva": "1", "start": "2026-11-05", "until": "2026-11-05"}]}),
        "account.capacity_spans.0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: str(kind.name).lower())
def test_a_data_fault_is_a_finding_that_names_account_and_field(kind):
    content, field = FAULTS[kind]
    made = bill(parse_case(content))
    assert not made.billed
    assert made.total == 0
    found = {(finding.rule, finding.account, finding.field): finding for finding in made.findings}
    finding = found[str(kind.name).lower(), "1300000001", field]
    assert "finding." not in finding.text("en")
    assert "finding." not in finding.text("zh")


def test_one_bad_row_of_a_batch_does_not_stop_the_others():
    cases = [parse_case(SHOP), *(parse_case(content) for content, _ in FAULTS.values()), parse_case(SHOP)]
    columns, fitting, others = columns_of_cases(cases, book())
    result = bill_columns(columns, book())
    good = [fitting.index(0), fitting.index(len(cases) - 1)]
    assert [int(result.total[row]) for row in good] == [198351, 198351]
    assert sorted(np.flatnonzero(result.billed).tolist()) == sorted(good)
    for row, place in enumerate(fitting):
        if row not in good:
            kind = list(FAULTS)[place - 1]
            assert Fault(int(result.faults[row])) & kind, kind
            assert {"1300000001"} == {finding.account for at, finding in result.findings() if at == row}
    assert {list(FAULTS)[place - 1] for place in others} == {Fault.UNKNOWN_TARIFF, Fault.CAPACITY_SPAN_INVALID}


def test_two_bills_of_one_account_for_overlapping_days_are_a_fault():
    day = 20_758
    columns = {
        "account_key": [5, 5, 6, 6], "area": [0] * 4, "scheme": [5] * 4,
        "period_start": [day, day + 20, day, day + 30], "period_end": [day + 30, day + 50, day + 30, day + 60],
        "previous_total": [0] * 4, "current_total": [10_000_000] * 4,
    }  # fmt: skip
    result = bill_columns(Columns({name: np.array(values) for name, values in columns.items()}))
    assert result.billed.tolist() == [False, False, True, True]
    assert {finding.rule for _, finding in result.findings()} == {"period_overlap"}


def test_codes_out_of_range_are_faults_and_floats_are_refused():
    columns = {"area": [0, 0, 99], "scheme": [55, 5, 5], "period_start": [20_758] * 3, "period_end": [20_788] * 3,
               "previous_total": [0] * 3, "current_total": [10_000_000] * 3}  # fmt: skip
    arrays = {name: np.array(values) for name, values in columns.items()}
    assert bill_columns(Columns(arrays)).billed.tolist() == [False, True, False]
    with pytest.raises(ColumnsRefused, match=r"current_total: found float64, expected integers scaled by 10\^4"):
        Columns({**arrays, "current_total": np.array([1.0, 2.0, 3.0])})
    with pytest.raises(ColumnsRefused, match="nonsense: not a column"):
        Columns({**arrays, "nonsense": np.array([1, 2, 3])})
    with pytest.raises(ColumnsRefused, match="scheme: required"):
        Columns({name: values for name, values in arrays.items() if name != "scheme"})


def test_an_empty_batch_is_an_empty_result():
    columns = population(10).part(0, 0)
    assert len(bill_columns(columns)) == 0


def test_a_case_that_does_not_fit_is_refused_with_the_path_of_each_fault():
    content = changed({"scheme": "telephone", "capacity_kva": "many"}, {"start": "yesterday"})
    content["surprise"] = 1
    with pytest.raises(CaseRefused) as refusal:
        parse_case(content)
    paths = {fault["path"] for fault in refusal.value.faults}
    assert paths == {"account.scheme", "account.capacity_kva", "readings.start", "surprise"}


def spoil(path, **changes):
    content = yaml.safe_load((DATA / "exam.yaml").read_text(encoding="utf-8"))
    for key, value in changes.items():
        content[key] = value
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_a_wrong_tariff_file_is_refused_with_path_key_value_and_expectation(tmp_path):
    good = yaml.safe_load((DATA / "exam.yaml").read_text(encoding="utf-8"))["prices"]
    file = tmp_path / "bad.yaml"
    cases = {
        r"bad.yaml: key prices.0.value: found the bare number 0.5, expected it in quotes": [{**good[0], "value": 0.5}],
        r"key prices.0.value: found 'half', expected: .*decimal": [{**good[0], "value": "half"}],
        r"key prices.0.certainty: found 'sure', expected: .*found": [{**good[0], "certainty": "sure"}],
        r"key prices.0.colour: found 'red', expected: Extra": [{**good[0], "colour": "red"}],
        r"expected no overlap with 'exam-energy'": [good[0], {**good[0], "id": "again"}],
        r"found 'exam-energy' twice": [good[0], {**good[0], "valid_from": "2030-01-01"},
                                       {**good[0], "valid_until": "2000-01-02", "component": "x"}],
        r"valid_until 1999-01-01 must be after": [{**good[0], "valid_until": "1999-01-01"}],
    }  # fmt: skip
    for expected, prices in cases.items():
        with pytest.raises(DataRefused, match=expected):
            read_tariff(spoil(file, prices=prices))
    with pytest.raises(DataRefused, match="expected 24 letters"):
        read_tariff(spoil(file, hours=[{"id": "h", "months": {"1": "FFF"}, "valid_from": "2000-01-01",
                                        "document": "d", "certainty": "found"}]))  # fmt: skip
    file.write_text("a: [", encoding="utf-8")
    with pytest.raises(DataRefused, match="expected a readable YAML file"):
        read_tariff(file)
    with pytest.raises(DataRefused, match="expected a readable YAML file"):
        read_tariff(tmp_path / "absent.yaml")


def test_a_wrong_power_factor_table_or_component_is_refused(tmp_path):
    file = tmp_path / "table.yaml"
    table = yaml.safe_load((ROOT / "billing/data/power_factor.yaml").read_text(encoding="utf-8"))
    del table["rows"][3]
    file.write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DataRefused, match=r"rows.3: expected falling by 0.01"):
        read_power_factor(file)
    file.write_text("format: gridaudit.components/1\ncomponents:\n  - {code: x, quantity: air, price: y, unit: z}\n")
    with pytest.raises(DataRefused, match=r"components.0.quantity: found 'air', expected one of energy_by_period"):
        read_components(file)


def test_a_breach_charge_above_its_cap_is_a_finding():
    made = theft("1300000001", Decimal(2), Decimal("0.52"), charge=Decimal("4000.00"))
    assert not made.accepted
    finding = made.findings[0]
    assert (finding.rule, finding.expected, finding.difference) == ("breach_above_cap", "3369.60", Decimal("630.40"))
    assert theft("x", Decimal(2), Decimal("0.52"), charge=Decimal(0)).accepted


def test_late_fee_by_year_of_the_arrears():
    other = late_fee(Decimal(1000), date(2026, 12, 20), date(2027, 1, 5), residential=False)
    assert (other.days_same_year, other.days_later_years, other.fee) == (11, 5, Decimal("37.00"))
    home = late_fee(Decimal(1000), date(2026, 12, 20), date(2027, 1, 5), residential=True)
    assert home.fee == Decimal("16.00")
    assert late_fee(Decimal(1), date(2020, 1, 1), date(2020, 1, 2), residential=True).fee == Decimal(1)
    assert late_fee(Decimal(1), date(2026, 1, 1), date(2026, 1, 1), residential=True).fee == 0


def test_the_command_prints_bill_explanation_schema_and_refusal(tmp_path, capsys):
    file = tmp_path / "case.json"
    file.write_text(json.dumps(SHOP), encoding="utf-8")
    assert main(["bill", str(file)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["total"], printed["account"]) == ("1983.51", "1300000001")
    assert main(["bill", str(file), "--explain", "--language", "zh"]) == 0
    assert "代理购电" in capsys.readouterr().out
    assert main(["schema"]) == 0
    schemas = json.loads(capsys.readouterr().out)
    assert "account" in schemas["case"]["properties"]
    assert "lines" in schemas["bill"]["properties"]
    assert main(["tariffs"]) == 0
    assert "jibei" in json.loads(capsys.readouterr().out)["areas"]
    file.write_text(json.dumps(changed({"scheme": "telephone"})), encoding="utf-8")
    assert main(["bill", str(file)]) == 2
    assert json.loads(capsys.readouterr().err)["refused"][0]["path"] == "account.scheme"
    file.write_text("not json", encoding="utf-8")
    assert main(["bill", str(file)]) == 2
    file.write_text(json.dumps(FAULTS[Fault.PRICE_GAP][0]), encoding="utf-8")
    assert main(["bill", str(file)]) == 1


def test_the_package_needs_nothing_of_the_project():
    """In a fresh interpreter: everything of billing is imported, and nothing of the house or of the web is."""
    code = (
        "import sys, pkgutil, importlib, billing\n"
        "for item in pkgutil.walk_packages(billing.__path__, 'billing.'):\n"
        "    importlib.import_module(item.name) if not item.name.endswith('__main__') else None\n"
        "allowed = set(sys.stdlib_module_names) | {'billing', 'numpy', 'pydantic', 'pydantic_core', 'yaml', 'tzdata'}\n"
        "allowed |= {'annotated_types', 'typing_extensions', 'typing_inspection', '_yaml', 'cython_runtime'}\n"
        "used = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(n for n in used if n in {'dash','sqlalchemy','fastapi','psycopg','flask','api','audit',\n"
        "  'components','data_access','demo','geo','i18n','jobs','pages','settings','pandas'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
