"""What a rule is: scope, dates, order, level, thresholds by organisation unit, and how it judges a case.

A rule is one YAML row (`ExpressionRule`) or one class with the same attributes and a `judge`. Official texts say
"exceeding thresholds set by the second-level unit", so a threshold belongs to an organisation unit and is inherited
down its path (domain sheet 5).
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from billing.checks.expressions import Expression, Value
from billing.checks.facts import FACTS
from billing.exact import text
from billing.findings import Finding, Level
from billing.model.case import Case
from billing.model.terms import Exact, Scheme, Voltage


class Stage(StrEnum):
    """Before a bill is made, or after it."""

    READING = "reading"
    REVIEW = "review"


class Rule(Protocol):
    """What the registry asks of a rule."""

    @property
    def id(self) -> str:
        """Identifier, such as CH01."""

    @property
    def stage(self) -> Stage:
        """When it runs."""

    @property
    def order(self) -> int:
        """Place in the run; lower is earlier."""

    def applies(self, case: Case) -> bool:
        """True when the case is in scope and the rule is valid on the day of the bill."""

    def judge(self, case: Case, facts: Mapping[str, Value]) -> Iterator[Finding]:
        """The findings, usually none or one."""

    def words(self, language: str) -> str:
        """The rule's name in a language."""


class ExpressionRule(BaseModel):
    """A rule as data. `when` true makes a finding; `expected`, `found` and `difference` are expressions as well.

    `by_organisation` overrides thresholds for a unit and everything below it; the longest matching path wins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    stage: Stage
    level: Level
    order: int
    title: dict[str, str]
    field: str
    when: str
    found: str
    expected: str
    difference: str | None = None
    thresholds: dict[str, Exact] = Field(default_factory=dict)
    by_organisation: dict[str, dict[str, Exact]] = Field(default_factory=dict)
    schemes: tuple[Scheme, ...] = ()
    voltages: tuple[Voltage, ...] = ()
    organisations: tuple[str, ...] = ()
    valid_from: date
    valid_until: date | None = None
    source: str = ""

    @field_validator("title")
    @classmethod
    def _both_languages(cls, title: dict[str, str]) -> dict[str, str]:
        if set(title) != {"en", "zh"}:
            raise ValueError(f"expected en and zh, found {sorted(title)}")
        return title

    @model_validator(mode="after")
    def _names_are_known(self) -> "ExpressionRule":
        known = set(FACTS) | set(self.thresholds)
        for source in (self.when, self.found, self.expected, self.difference):
            unknown = Expression(source).names - known if source else set()
            if unknown:
                raise ValueError(f"unknown names {', '.join(sorted(unknown))} in {source!r}")
        for unit, values in self.by_organisation.items():
            if set(values) - set(self.thresholds):
                raise ValueError(f"by_organisation.{unit}: expected names of {sorted(self.thresholds)}")
        return self

    @cached_property
    def _compiled(self) -> dict[str, Expression]:
        sources = {"when": self.when, "found": self.found, "expected": self.expected, "difference": self.difference}
        return {name: Expression(source) for name, source in sources.items() if source}

    def applies(self, case: Case) -> bool:
        """Scope and dates; the day is that of the period's end."""
        account, day = case.account, case.readings.end
        return (
            (not self.schemes or account.scheme in self.schemes)
            and (not self.voltages or account.voltage in self.voltages)
            and (not self.organisations or any(_below(account.organisation, unit) for unit in self.organisations))
            and self.valid_from <= day
            and (self.valid_until is None or day < self.valid_until)
        )

    def limits(self, organisation: str) -> dict[str, Decimal]:
        """The thresholds of an organisation unit."""
        values = dict(self.thresholds)
        for unit in sorted(self.by_organisation, key=len):
            if _below(organisation, unit):
                values |= self.by_organisation[unit]
        return values

    def judge(self, case: Case, facts: Mapping[str, Value]) -> Iterator[Finding]:
        """One finding where `when` holds; silent where a fact that it needs is unknown."""
        known = {**facts, **self.limits(case.account.organisation)}
        if self._compiled["when"].evaluate(known) is not True:
            return
        shown = {name: expression.evaluate(known) for name, expression in self._compiled.items()}
        difference = shown.get("difference")
        yield Finding(
            rule=self.id, level=self.level, account=case.account.account, field=self.field,
            expected=_text(shown["expected"]), found=_text(shown["found"]),
            difference=difference if isinstance(difference, Decimal) else None,
        )  # fmt: skip

    def words(self, language: str) -> str:
        """The title."""
        return self.title[language]


def _below(organisation: str, unit: str) -> bool:
    return organisation == unit or organisation.startswith(f"{unit}.")


def _text(value: Value) -> str:
    return text(value.normalize()) if isinstance(value, Decimal) else str(value)
