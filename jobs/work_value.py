"""What a risk point brings in when it proves true: the charge that is claimed, and the breach charge on top of it.

The claim is the configured share of the money at stake (`audit/data/work.yaml`); the breach charge is judged by
`billing.breach`, so that it never passes its legal cap (domain sheet 2.12). Decimals throughout.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from audit.work_ranking import CENT
from audit.work_settings import WorkSettings
from billing import breach


@dataclass(frozen=True, slots=True)
class Claim:
    """Yuan: recovered charge, and breach charge (0 where none applies)."""

    recovered: Decimal
    breach: Decimal

    @property
    def total(self) -> Decimal:
        """What comes in."""
        return self.recovered + self.breach


def claim_of(number: str, anomaly: str, exposure: Decimal, energy_kwh: Decimal | None, settings: WorkSettings) -> Claim:
    """The claim of a point of type `anomaly`, `exposure` yuan at stake.

    Raises:
        ValueError: a negative exposure.
    """
    if exposure < 0:
        raise ValueError(f"{number}: exposure {exposure}, expected 0 or more")
    share = settings.recoverable_share.get(anomaly[:2], settings.recoverable_share_other)
    recovered = (exposure * share).quantize(CENT, ROUND_HALF_UP)
    kind = settings.breach.get(anomaly)
    if kind is None or not recovered:
        return Claim(recovered, Decimal("0.00"))
    usual = (recovered * settings.breach_multiple[kind]).quantize(CENT, ROUND_HALF_UP)
    if kind == "theft":
        judged = breach.measured_theft(number, energy_kwh or Decimal(0), recovered, charge=usual)
    else:
        judged = breach.wrong_class(number, recovered, charge=usual)
    return Claim(judged.recovered, min(judged.charge, judged.cap))
