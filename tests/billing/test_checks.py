"""Reading checks and review rules: each shipped rule fires on its case and is silent on a sound one."""

from decimal import Decimal

import pytest

from billing import Level, bill, parse_case
from billing.checks import ExpressionRule, Registry, Stage, read_rules, standard_rules
from billing.checks.expressions import Expression
from billing.checks.registry import blocked
from billing.findings import Finding
from billing.tariff.load import DataRefused
from tests.billing.specification import registers

RULES = standard_rules()


def case(used=None, account=None, readings=None, history=None, meter=None):
    used = used or {"total": 3000}
    content = {
        "account": {"account": "c", "area": "jibei", "scheme": "single_part", "organisation": "jibei.tangshan.luanzhou",
                    **(account or {})},
        "readings": {"start": "2026-11-01", "end": "2026-12-01",
                     "meters": [{"registers": registers(**used), **(meter or {})}], **(readings or {})},
        "history": history or {},
    }  # fmt: skip
    return parse_case(content)


def findings(one, rules=RULES):
    made = bill(one)
    return {item.rule: item for stage in Stage for item in rules.run(one, made, stage)}


DEMAND = {"scheme": "two_part", "basic_charge": "contract_demand", "capacity_kva": "1000", "voltage": "35kV",
          "time_of_use": False, "power_factor_standard": "0.90"}  # fmt: skip
FIRING = {
    "CH01-HV": case({"total": 30000}, {"voltage": "35kV"}, history={"reference_kwh": "20000"}),
    "CH01-LV": case(history={"reference_kwh": "1500"}),
    "CH01-RES": case({"total": 700}, {"scheme": "tiered"}, history={"reference_kwh": "300"}),
    "CH02": case({"total": 0}, history={"earlier_kwh": ["12", "0", "0"]}),
    "CH04": case(meter={"registers": {"total": {"previous": "999900", "current": "100"}}}),
    "CH05": case({"total": 3000, "peak": 1000, "flat": 1000, "valley": 990}),
    "CH06": case(history={"check_meter_kwh": "2900", "check_meter_tolerance_percent": "1.5"}),
    "CH07": case({"total": 8000}, {"capacity_kva": "10"}),
    "CH08": case(readings={"end": "2026-12-20"}),
    "CH09": case(history={"file_multiplier": "40"}),
    "FQ01": case({"total": 9, "reactive_forward": 1}, {**DEMAND, "contract_demand_kw": "500"},
                 meter={"maximum_demand": "600"}),
    "JL05": case(history={"reverse_kwh": "100"}),
    "FIRST": case(history={"file_changed": True}),
    "CH13": case(history={"reference_price": "0.50"}),
    "CH10": case({"total": 20}, {"transformers": [{"method": "table", "iron_kwh_per_day": "0"}]}),
    "DJ03": case(account={"capacity_kva": "400"}),
    "DJ04": case(account={"voltage": "35kV"}),
    "DJ05": case(account={"capacity_kva": "160"}),
    "DJ08": case({"total": 9, "reactive_forward": 1}, {**DEMAND, "contract_demand_kw": "300"},
                 meter={"maximum_demand": "200"}),
    "NEGATIVE": case({"total": 1, "reactive_forward": 0},
                     {"supply": "contract", "contract_prices": {"all": "-5"}}),
}  # fmt: skip
SILENT = case(
    history={"reference_kwh": "2900", "earlier_kwh": ["2900", "0"], "file_multiplier": "1", "reference_price": "0.66",
             "check_meter_kwh": "2990", "check_meter_tolerance_percent": "1.5", "reverse_kwh": "0"},
)  # fmt: skip


def test_every_shipped_rule_has_a_case_that_fires():
    assert {rule.id for rule in RULES.rules()} == set(FIRING)


@pytest.mark.parametrize("identifier", FIRING)
def test_a_rule_fires_and_says_what_was_expected_and_found(identifier):
    found = findings(FIRING[identifier])
    assert identifier in found
    finding = found[identifier]
    assert finding.account == "c"
    assert finding.expected
    assert finding.found
    assert RULES.title(identifier, "zh") != RULES.title(identifier, "en")


def test_a_sound_account_has_no_findings():
    assert findings(SILENT) == {}


def test_missing_facts_keep_a_rule_silent():
    assert findings(case()) == {}


def test_the_finding_carries_by_how_much():
    finding = findings(FIRING["CH09"])["CH09"]
    assert (finding.expected, finding.found, finding.difference) == ("40", "1", Decimal(-39))
    assert finding.level is Level.BLOCK
    assert blocked([finding])


def rule(**changes):
    content = {
        "id": "LOCAL", "stage": "review", "level": "warn", "order": 5, "title": {"en": "Large bill", "zh": "大额账单"},
        "field": "total", "when": "total > limit", "found": "total", "expected": "limit",
        "difference": "total - limit", "thresholds": {"limit": "1000"}, "valid_from": "2026-01-01",
        "source": "a utility's own",
    }  # fmt: skip
    return ExpressionRule.model_validate({**content, **changes})


def test_a_utility_adds_a_rule_as_one_row(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(
        "format: gridaudit.rules/1\nrules:\n"
        "  - {id: LOCAL, stage: review, level: warn, order: 5, title: {en: Large bill, zh: 大额账单}, field: total,\n"
        '     when: "total > limit", found: total, expected: limit, thresholds: {limit: "1000"},\n'
        "     valid_from: 2026-01-01}\n",
        encoding="utf-8",
    )
    more = RULES.register(*read_rules(file).rules())
    assert "LOCAL" in findings(case(), more)
    assert "LOCAL" not in findings(case())


def test_a_utility_adds_a_rule_as_one_class():
    class EvenTotals:
        id, stage, order = "EVEN", Stage.REVIEW, 1

        def applies(self, one):
            return one.account.scheme == "single_part"

        def judge(self, one, facts):
            if facts["total"] is not None and facts["total"] % 2 != 0:
                yield Finding(rule=self.id, level=Level.INFORM, account=one.account.account, field="total")

        def words(self, language):
            return {"en": "Odd total", "zh": "奇数金额"}[language]

    assert "EVEN" in findings(case(), RULES.register(EvenTotals()))


def test_thresholds_belong_to_the_organisation_unit_and_are_inherited():
    strict = rule(
        thresholds={"limit": "5000"},
        by_organisation={"jibei.tangshan": {"limit": "1000"}, "jibei.tangshan.luanzhou": {"limit": "1900"}},
    )
    finding = findings(case(), Registry([strict]))["LOCAL"]
    assert finding.expected == "1900"
    elsewhere = case(account={"organisation": "jibei.tangshanbei"})
    assert findings(elsewhere, Registry([strict])) == {}


def test_scope_and_dates_decide_whether_a_rule_runs():
    assert findings(case(), Registry([rule(schemes=["tiered"])])) == {}
    assert findings(case(), Registry([rule(organisations=["jibei.langfang"])])) == {}
    assert findings(case(), Registry([rule(valid_from="2027-01-01")])) == {}
    assert findings(case(), Registry([rule(valid_until="2026-11-30")])) == {}
    assert "LOCAL" in findings(case(), Registry([rule()]))


def test_rules_run_in_their_order():
    registry = Registry([rule(id="B", order=2), rule(id="A", order=9), rule(id="C", order=1)])
    assert [item.id for item in registry.rules()] == ["C", "B", "A"]
    with pytest.raises(ValueError, match="registered twice: B"):
        Registry([rule(id="B"), rule(id="B")])


@pytest.mark.parametrize(
    "source",
    ["__import__('os')", "total.__class__", "[x for x in (1,)]", "lambda: 1", "total if total else 1", "open('x')",
     "total ** 999999", "f'{total}'", "total ="],
)  # fmt: skip
def test_the_rule_language_can_do_nothing_but_compute(source):
    with pytest.raises(ValueError, match=r"not allowed|can be called|not an expression"):
        Expression(source)


def test_a_wrong_rule_file_is_refused_with_the_key(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(
        "format: gridaudit.rules/1\nrules:\n"
        "  - {id: X, stage: review, level: warn, order: 5, title: {en: a, zh: b}, field: total,\n"
        '     when: "totl > 1", found: total, expected: total, valid_from: 2026-01-01}\n',
        encoding="utf-8",
    )
    with pytest.raises(DataRefused, match=r"rules.yaml: key rules.0: .*unknown names totl"):
        read_rules(file)
