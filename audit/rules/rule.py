"""A rule: the code it detects, what it is about, what data it needs, and the function that looks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from audit.catalogue import starting_values
from audit.rules.detections import Detections
from audit.rules.partition import Partition

Thresholds = Mapping[str, float]
"""Values in force for the county by the names of `audit/data/catalogue.yaml`."""
Look = Callable[[Partition, Thresholds], Detections]
Subject = Literal["customer", "district"]
Need = Literal[
    "daily", "monthly", "periods", "fed_in", "demand", "reactive", "district_energy", "terms", "customer_file",
    "readings", "bills", "adjustments", "meters", "meter_events",
]  # fmt: skip
_BY_MONTH: frozenset[Need] = frozenset({"monthly", "demand", "reactive"})
_STANDING: frozenset[Need] = frozenset({"terms", "customer_file"})


@dataclass(frozen=True, slots=True)
class Rule:
    """`look` gives findings for the partition's last day. `share`: part of the energy at stake that is lost revenue.

    A rule is deterministic: the same partition and thresholds give the same findings. It reads only what `needs` names,
    and never decides what it can't judge: missing data is "not judged", never "nothing there".
    """

    code: str
    of: Subject
    needs: tuple[Need, ...]
    look: Look

    @property
    def whole_months(self) -> bool:
        """Whether all that happens is seen month by month: a day later in the same month tells nothing further."""
        happening = set(self.needs) - _STANDING
        return bool(happening) and happening <= _BY_MONTH

    def findings(self, partition: Partition, thresholds: Thresholds) -> Detections:
        """Look with the thresholds in force; a name that a database doesn't have yet has its starting value."""
        return self.look(partition, {**starting_values(self.code), **thresholds})
