"""How large a demo utility is: counts only, so that the bench's sizes are further rows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Counts of one size. Orders of magnitude: rounding to counties and stations may add or take a few."""

    name: str
    stations: int
    districts: int
    """Public and dedicated together; every county has at least three."""
    customers: int
    inspectors: int
    """At least one a county."""
    risk_points: int
    tickets: int
    open_tickets: int
    track_days: int
    months: int = 24
    energy_months: int = 24
    """Whole months of use, readings and bills before the running one."""
    dedicated_share: float = 0.18
    """Share of districts that serve one large customer (专变)."""
    hot_spots: int = 24


SIZES = {
    size.name: size
    for size in (
        Size(
            name="demo",
            stations=220,
            districts=600,
            customers=24_000,
            inspectors=60,
            risk_points=12_000,
            tickets=5_000,
            open_tickets=260,
            track_days=7,
        ),
        Size(
            name="small",
            stations=116,
            districts=180,
            customers=2_000,
            inspectors=60,
            risk_points=900,
            tickets=300,
            open_tickets=25,
            track_days=1,
            energy_months=4,
            hot_spots=10,
        ),
    )
}
"""`demo` is what `./run demo` loads, `small` is for tests."""
