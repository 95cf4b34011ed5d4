"""What a rule answers: at which objects something shows on the last day, since when, how much, from what numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from audit.rules.partition import Flags, Floats, Ints

Facts = Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """k findings of one rule in one partition.

    `position`: in `Customers`, or in `Districts` for a rule `of` districts. `since`: day number of the first day on
    which it shows. `energy_kwh`: the energy at stake so far (0 where the rule can't tell); `exposure_cents`: yuan at
    stake in cents where the rule knows the money itself, -1 where it follows from the energy. `facts`: the numbers
    behind it by name, each k long: shown as the reason, texts `rules.fact_NAME` in the catalogues.

    `judged`: one flag for each customer (or district): whether the data was enough to judge it. An open point of an
    object that was judged and isn't detected any more is cleared; one that couldn't be judged stays as it is.
    """

    position: Ints
    since: Ints
    energy_kwh: Floats
    judged: Flags
    exposure_cents: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    facts: dict[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.position)


def detected(
    fires: Flags,
    judged: Flags,
    since: Ints | int,
    *,
    energy_kwh: Floats | None = None,
    exposure_cents: Ints | None = None,
    **facts: Any,
) -> Detections:
    """The detections where `fires` (and `judged`); all arguments are arrays over all objects, or one value for all."""
    found = np.flatnonzero(fires & judged)

    def taken(values: Any, kind: Any) -> Any:
        return np.broadcast_to(np.asarray(values, kind), fires.shape)[found]

    return Detections(
        position=found.astype(np.int64),
        since=taken(since, np.int64),
        energy_kwh=np.maximum(np.nan_to_num(taken(0.0 if energy_kwh is None else energy_kwh, np.float64)), 0.0),
        judged=np.asarray(judged, bool),
        exposure_cents=taken(-1 if exposure_cents is None else exposure_cents, np.int64),
        facts={name: taken(values, np.float64) for name, values in facts.items()},
    )
