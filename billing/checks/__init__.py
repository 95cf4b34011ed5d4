"""Reading checks (复核) before a bill and review rules (审核) after it: registries of rules, findings as values."""

from billing.checks.registry import Registry, read_rules, standard_rules
from billing.checks.rules import ExpressionRule, Rule, Stage

__all__ = ["ExpressionRule", "Registry", "Rule", "Stage", "read_rules", "standard_rules"]
