"""Tests that read as specifications: the case and what it must give stand in the test's docstring as YAML."""

import functools
import inspect
from decimal import Decimal
from pathlib import Path

import yaml

from billing import TariffBook, bill, parse_case

DATA = Path(__file__).parent / "data"


@functools.cache
def book() -> TariffBook:
    return TariffBook.load(DATA / "exam.yaml")


def registers(**units):
    """Registers that start at zero: what was used is what is read."""
    return {name: {"previous": "0", "current": str(used)} for name, used in units.items()}


def case_of(document: dict):
    """A case from a specification: `used` is shorthand for one meter whose registers start at zero."""
    readings = dict(document["readings"])
    used = readings.pop("used", None)
    if used is not None:
        meter = {"registers": registers(**{k: v for k, v in used.items() if k != "maximum_demand"})}
        if "maximum_demand" in used:
            meter["maximum_demand"] = str(used["maximum_demand"])
        readings["meters"] = [meter]
    account = {"account": "specification", **document["account"]}
    return parse_case({"account": account, "readings": readings, "policy": document.get("policy", {})})


def check(document: dict) -> None:
    """Bill the case and compare every amount that the specification names, to the cent."""
    made = bill(case_of(document), book())
    assert made.billed, made.findings
    expected = document["expect"]
    lines = {}
    for line in made.lines:
        key = line.component if line.period == "all" else f"{line.component} {line.period}"
        lines[key] = lines.get(key, Decimal(0)) + line.amount
    named = {key: Decimal(str(value)) for key, value in expected.get("lines", {}).items()}
    assert {key: lines.get(key) for key in named} == named
    if expected.get("whole_bill", True) and named:
        assert {key for key, amount in lines.items() if amount} == set(named)
    for name, value in expected.get("energy", {}).items():
        assert getattr(made.energy, name) == Decimal(str(value)), name
    if "total" in expected:
        assert made.total == Decimal(str(expected["total"]))
    assert made.reevaluate() == made.total == sum(line.amount for line in made.lines)


def specification(test):
    """Run `check` on each YAML document of the docstring, then the test with the bills' documents."""

    @functools.wraps(test)
    def run():
        documents = list(yaml.load_all(inspect.getdoc(test), Loader=yaml.BaseLoader))
        for document in documents:
            document["expect"].setdefault("whole_bill", True)
            document["expect"]["whole_bill"] = document["expect"]["whole_bill"] in (True, "true")
            check(document)
        test()

    run.__wrapped__ = None
    del run.__wrapped__
    return run
