"""The frozen registry of rules: adding one gives a new registry, running it gives findings in order."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import BaseModel, Field

from billing.checks.facts import facts_of
from billing.checks.rules import ExpressionRule, Rule, Stage
from billing.exact import exactly
from billing.findings import Finding, Level
from billing.model.bill import Bill
from billing.model.case import Case
from billing.model.terms import STRICT
from billing.tariff.load import DataRefused, read_model


class RuleFile(BaseModel):
    """A file of rules."""

    model_config = STRICT

    format: str = Field(pattern="^gridaudit.rules/1$")
    rules: tuple[ExpressionRule, ...]


class Registry:
    """Rules by id, in order. `register` returns a new registry; the old one is untouched."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(sorted(rules, key=lambda rule: (rule.order, rule.id)))
        identifiers = [rule.id for rule in self._rules]
        doubled = sorted({item for item in identifiers if identifiers.count(item) > 1})
        if doubled:
            raise ValueError(f"rules registered twice: {', '.join(doubled)}")

    def register(self, *rules: Rule) -> "Registry":
        """A registry with these rules; one with the id of an old rule replaces it."""
        replaced = {rule.id for rule in rules}
        return Registry([*(rule for rule in self._rules if rule.id not in replaced), *rules])

    def rules(self, stage: Stage | None = None) -> Sequence[Rule]:
        """The rules of a stage in order."""
        return [rule for rule in self._rules if stage is None or rule.stage is stage]

    @exactly
    def run(self, case: Case, made: Bill | None, stage: Stage) -> list[Finding]:
        """All findings of a stage."""
        facts = facts_of(case, made)
        return [finding for rule in self.rules(stage) if rule.applies(case) for finding in rule.judge(case, facts)]

    def title(self, identifier: str, language: str = "en") -> str:
        """A rule's name. Raises KeyError for an unknown rule."""
        for rule in self._rules:
            if rule.id == identifier:
                return rule.words(language)
        raise KeyError(identifier)


def blocked(findings: Iterable[Finding]) -> bool:
    """True when a finding forbids issuing the bill."""
    return any(finding.level is Level.BLOCK for finding in findings)


def read_rules(path: Path | Traversable) -> Registry:
    """The rules of a file. Raises DataRefused with path, key, value and what was expected."""
    content = read_model(path, RuleFile)
    try:
        return Registry(content.rules)
    except ValueError as error:
        raise DataRefused(str(path), [str(error)]) from error


@cache
def standard_rules() -> Registry:
    """The shipped default set, from the anomaly catalogue (domain sheet 1.4, 5)."""
    return read_rules(files("billing").joinpath("data/rules/checks.yaml"))
