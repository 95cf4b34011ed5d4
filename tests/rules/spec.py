"""How the specifications ask: which customers (or districts) a rule finds, under the catalogue's thresholds."""

from audit.catalogue import starting_values
from audit.rules.detections import Detections
from audit.rules.partition import Partition
from audit.rules.registry import RULES


def thresholds(code: str, **changed: float) -> dict[str, float]:
    """The starting values of a rule, with some of them changed."""
    return {**starting_values(code), **changed}


def look(code: str, given: Partition, **changed: float) -> Detections:
    """What the rule says of a partition."""
    return RULES[code].look(given, thresholds(code, **changed))


def found(code: str, given: Partition, **changed: float) -> list[int]:
    """Positions that the rule finds."""
    return look(code, given, **changed).position.tolist()
