"""A second bill, slow and plain: written from the rules in plain Decimal, sharing no code with `billing`.

It reads the tariff YAML as text, takes a row of columns as a dictionary of Decimals, and follows the domain sheet
line by line: section 2.4 (readings), 2.10 (losses), 2.3 (basic charge), 2.5 (tiers), 2.6 (time-of-use), 2.7-2.9 (power
factor), 2.11 (rounding). Where it and the batch engine differ, one of them has misread a rule.
"""

import datetime
import itertools
from decimal import ROUND_HALF_UP, Decimal, getcontext
from functools import cache
from pathlib import Path

import yaml

getcontext().prec = 60

D = Decimal
DATA = Path(__file__).resolve().parents[2] / "billing" / "data" / "tariffs"
AREAS = ["jibei", "zhejiang"]
SCHEMES = ["tiered", "tiered_time_of_use", "combined_meter", "heating_time_of_use", "agricultural", "single_part",
           "two_part"]  # fmt: skip
VOLTAGES = ["<1kV", "1-10(20)kV", "35kV", "110kV", ">=220kV"]
TOU = ["sharp", "peak", "flat", "valley", "deep_valley"]
NOTHING = D(0)
CENT = D("0.01")

# (highest power factor at which the standard's best reduction begins, then steps of 0.01 downwards)
POWER_FACTOR_STEPS = {
    # standard: [(from cos phi, percent there, percent added for each 0.01 below it, down to)]
    D("0.90"): [("0.95", "-0.75", "0.15", "0.90"), ("0.90", "0", "0.5", "0.70"), ("0.70", "10", "1", "0.65"),
                ("0.65", "15", "2", "0.00")],
    D("0.85"): [("0.94", "-1.10", "0.15", "0.90"), ("0.90", "-0.50", "0.1", "0.85"), ("0.85", "0", "0.5", "0.65"),
                ("0.65", "10", "1", "0.60"), ("0.60", "15", "2", "0.00")],
    D("0.80"): [("0.92", "-1.30", "0.15", "0.90"), ("0.90", "-1.00", "0.1", "0.80"), ("0.80", "0", "0.5", "0.60"),
                ("0.60", "10", "1", "0.55"), ("0.55", "15", "2", "0.00")],
}  # fmt: skip


class NoBill(Exception):
    """This row cannot be billed."""


def rnd(value: Decimal, step: Decimal = CENT) -> Decimal:
    return value.quantize(step, rounding=ROUND_HALF_UP)


@cache
def tariff(area: str) -> dict:
    content = yaml.safe_load((DATA / f"{area}.yaml").read_text(encoding="utf-8"))
    for section in content.values():
        if isinstance(section, list):
            for row in section:
                row["valid_until"] = row.get("valid_until") or datetime.date.max
    return content


def _valid(row: dict, scheme: str, voltage: str, day: datetime.date) -> bool:
    return (
        row["valid_from"] <= day < row["valid_until"]
        and scheme in row.get("schemes", [scheme])
        and voltage in row.get("voltages", [voltage])
    )


@cache
def price(area: str, component: str, period: str, scheme: str, voltage: str, day: datetime.date) -> Decimal | None:
    rows = [r for r in tariff(area)["prices"] if r["component"] == component and _valid(r, scheme, voltage, day)]
    for wanted in (period, "all"):
        for row in rows:
            if row.get("period", "all") == wanted:
                return D(row["value"])
    return None


@cache
def ratio(area: str, period: str, scheme: str, voltage: str, day: datetime.date) -> Decimal | None:
    for row in tariff(area).get("ratios", []):
        if _valid(row, scheme, voltage, day):
            return D(row["ratios"][period])
    return None


@cache
def tiers(area: str, scheme: str, voltage: str, day: datetime.date) -> dict | None:
    return next((row for row in tariff(area)["tiers"] if _valid(row, scheme, voltage, day)), None)


@cache
def pieces(area: str, scheme: str, voltage: str, floats: bool, start: datetime.date, end: datetime.date) -> list:
    """The period cut at each day on which a price of this kind changes, and at New Year for annual tiers.

    A new version of the time-of-use ratios is a change only for those whose price floats with them.
    """
    days = {start, end}
    for section in ("prices", "ratios", "tiers") if floats else ("prices", "tiers"):
        for row in tariff(area).get(section, []):
            if scheme in row.get("schemes", [scheme]) and voltage in row.get("voltages", [voltage]):
                days |= {day for day in (row["valid_from"], row["valid_until"]) if start < day < end}
    if scheme in ("tiered", "tiered_time_of_use"):
        days |= {
            datetime.date(year, 1, 1)
            for year in range(start.year + 1, end.year + 1)
            if start < datetime.date(year, 1, 1) < end
        }
    border = sorted(days)
    return list(itertools.pairwise(border))


def share(total: Decimal, weights: list[Decimal], step: Decimal, empty: int = 0) -> list[Decimal]:
    """By weight, each rounded, the remainder to the largest weight."""
    if not sum(weights):
        return [total if position == empty else NOTHING for position in range(len(weights))]
    parts = [rnd(total * weight / sum(weights), step) for weight in weights]
    parts[weights.index(max(weights))] += total - sum(parts)
    return parts


def power_factor_percent(standard: Decimal, factor: Decimal) -> Decimal:
    steps = POWER_FACTOR_STEPS[standard]
    if factor >= D(steps[0][0]):
        return D(steps[0][1])
    for top, at_top, step, bottom in steps:
        if D(bottom) <= factor <= D(top):
            return D(at_top) + D(step) * (D(top) - factor) * 100
    raise AssertionError(factor)


class Oracle:
    """One row. `row` maps column names to Decimal, or None where the value is missing."""

    def __init__(self, row: dict, jump: bool = False, thirty: bool = False) -> None:
        self.row = row
        self.jump, self.thirty = jump, thirty
        self.lines: dict[str, Decimal] = {}
        self.base = NOTHING
        self.in_base = False

    def get(self, name: str, default: Decimal | None = None) -> Decimal | None:
        value = self.row.get(name)
        return default if value is None else value

    def bill(self) -> Decimal:
        row = self.row
        epoch = datetime.date(1970, 1, 1)
        if not 0 < row["period_end"] - row["period_start"] <= 366:
            raise NoBill("period")
        if not 0 <= row["area"] < len(AREAS):
            raise NoBill("area")
        self.start = epoch + datetime.timedelta(int(row["period_start"]))
        self.end = epoch + datetime.timedelta(int(row["period_end"]))
        self.days = (self.end - self.start).days
        self.area, self.scheme = AREAS[int(row["area"])], SCHEMES[int(row["scheme"])]
        self.voltage = VOLTAGES[int(row["voltage"])]
        if not any(self.scheme in item.get("schemes", []) for item in tariff(self.area)["prices"]):
            raise NoBill("scheme")
        self.step = CENT if self.voltage == "<1kV" else D(1)
        self.industrial = self.scheme in ("single_part", "two_part")
        if row["multiplier"] <= 0:
            raise NoBill("multiplier")
        self.read()
        self.lose()
        self.take_sub()
        main = self.energy
        self.charge(self.scheme, main, sub=False)
        if self.sub:
            self.charge(self.sub_scheme, {"all": self.sub}, sub=True)
        self.power_factor()
        return sum(self.lines.values(), NOTHING)

    # 2.4 readings -------------------------------------------------------------------------------------------------
    def register(self, name: str) -> Decimal | None:
        found = None
        for prefix in ("", "removed_"):
            last, this = self.get(f"{prefix}previous_{name}"), self.get(f"{prefix}current_{name}")
            if last is None or this is None:
                continue
            if last < 0 or this < 0:
                raise NoBill("negative reading")
            multiplier = self.get(f"{prefix}multiplier", D(1))
            used = this - last
            if used < 0:
                dial = D(10) ** int(self.get(f"{prefix}digits", D(6)))
                used += dial
                capacity = self.get("capacity_kva")
                limit = capacity * self.days * 24 * D("1.05") if capacity and "reactive" not in name else None
                if used > dial / 10 or (limit is not None and used * multiplier > limit):
                    raise NoBill("decreased")
            found = (found or NOTHING) + rnd(used * multiplier, self.step)
        return found

    def read(self) -> None:
        if self.scheme in ("tiered_time_of_use", "heating_time_of_use"):
            names = {"peak": "peak", "valley": "valley"}
        elif self.industrial and self.row["time_of_use"]:
            names = {period: period for period in TOU}
        else:
            names = {"all": "total"}
        self.energy = {}
        for period, name in names.items():
            kwh = self.register(name)
            if kwh is None:
                if period in ("sharp", "deep_valley"):
                    continue
                raise NoBill("register")
            self.energy[period] = kwh
        self.reactive = NOTHING
        self.standard = self.get("power_factor_standard") or None
        if self.standard is not None:
            if self.standard not in POWER_FACTOR_STEPS:
                raise NoBill("standard")
            forward = self.register("reactive_forward")
            if forward is None:
                raise NoBill("reactive")
            self.reactive = forward + (self.register("reactive_reverse") or NOTHING)

    # 2.10 losses --------------------------------------------------------------------------------------------------
    def lose(self) -> None:
        row, read, q = self.row, sum(self.energy.values(), NOTHING), self.reactive
        active_loss = reactive_loss = NOTHING
        if row.get("loss_method") == 1:
            rated = self.get("rated_kva")
            if rated is None or rated <= 0:
                raise NoBill("transformer")
            hours = self.get("transformer_hours", D(self.days * 24))
            if hours > 0:
                load = row["load_shape_factor"] * (read * read + q * q) / (rated * rated * hours)
                active_loss = rnd(row["no_load_loss_kw"] * hours + row["load_loss_kw"] * load, D(1))
                q0, qk = row["no_load_current_percent"] * rated / 100, row["short_circuit_percent"] * rated / 100
                reactive_loss = rnd(q0 * hours + qk * load, D(1))
        elif row.get("loss_method") == 2:
            days = self.get("transformer_days", D(self.days))
            active_loss = rnd(row["iron_kwh_per_day"] * days + row["copper_share"] * read, D(1))
            reactive_loss = rnd(row["iron_kvarh_per_day"] * days + row["copper_reactive_share"] * q, D(1))
        line = rnd(read * row["line_loss_percent"] / 100, D(1))
        line_reactive = rnd(q * row["line_loss_reactive_percent"] / 100, D(1))
        before = dict(self.energy)
        for loss in (active_loss, line):
            for period, part in self.spread(before, loss, D(1)).items():
                self.energy[period] += part
        self.whole = sum(self.energy.values(), NOTHING)
        if self.standard is not None:
            self.reactive = q + reactive_loss + line_reactive

    @staticmethod
    def spread(energy: dict[str, Decimal], extra: Decimal, step: Decimal) -> dict[str, Decimal]:
        names = list(energy)
        empty = names.index("flat") if "flat" in names else 0
        return dict(zip(names, share(extra, [energy[name] for name in names], step, empty), strict=True))

    def take_sub(self) -> None:
        self.sub, self.sub_scheme = NOTHING, SCHEMES[int(self.row.get("sub_scheme") or 0)]
        if not self.row.get("sub_kind"):
            return
        value = self.row["sub_value"]
        self.sub = rnd(self.whole * value if self.row["sub_kind"] == 1 else value, self.step)
        if self.sub > self.whole:
            raise NoBill("sub")
        for period, part in self.spread(self.energy, self.sub, self.step).items():
            self.energy[period] -= part

    # lines --------------------------------------------------------------------------------------------------------
    def line(self, code: str, amount: Decimal, base: bool = False) -> None:
        cents = rnd(amount)
        self.lines[code] = self.lines.get(code, NOTHING) + cents
        if base:
            self.base += cents
            self.in_base = True

    def price(self, component: str, scheme: str, day: datetime.date, period: str = "all") -> Decimal:
        found = price(self.area, component, period, scheme, self.voltage, day)
        if found is None:
            raise NoBill("price gap")
        return found

    def charge(self, scheme: str, energy: dict[str, Decimal], sub: bool) -> None:
        floats = bool(self.row["time_of_use"]) and not self.row["supply"] and not sub
        cuts = pieces(self.area, scheme, self.voltage, floats, self.start, self.end)
        lengths = [D((end - start).days) for start, end in cuts]
        whole = sum(energy.values(), NOTHING)

        def cut(kwh: Decimal) -> list[Decimal]:
            return [kwh] if len(cuts) == 1 else share(kwh, lengths, self.step)

        shares = {period: cut(kwh) for period, kwh in energy.items()}
        greens = cut(min(self.get("green_kwh", NOTHING), whole)) if not sub else [NOTHING] * len(cuts)
        frees = cut(min(self.get("free_kwh", NOTHING), whole)) if not sub else [NOTHING] * len(cuts)
        year, used = self.start.year, self.get("year_to_date_kwh", NOTHING)
        for number, (start, end) in enumerate(cuts):
            part = {period: parts[number] for period, parts in shares.items()}
            kwh = sum(part.values(), NOTHING)
            if scheme in ("single_part", "two_part"):
                self.industrial_lines(scheme, start, part, kwh, greens[number], sub)
                if scheme == "two_part":
                    self.basic(start, end)
            elif scheme == "agricultural":
                if kwh:
                    self.line("agricultural_energy", kwh * self.price("agricultural_energy", scheme, start), not sub)
            else:
                for period, quantity in part.items():
                    if quantity:
                        value = self.price("residential_energy", scheme, start, period)
                        self.line("residential_energy", quantity * value)
                if frees[number] and scheme in ("tiered", "combined_meter"):
                    self.line("free_allowance", -frees[number] * self.price("residential_energy", scheme, start))
                if scheme in ("tiered", "tiered_time_of_use"):
                    if start.year != year:
                        year, used = start.year, NOTHING
                    self.tier_lines(scheme, start, used, kwh)
                    used += kwh

    def industrial_lines(
        self, scheme: str, day: datetime.date, part: dict[str, Decimal], kwh: Decimal, green: Decimal, sub: bool
    ) -> None:
        for period, quantity in part.items():
            if not quantity:
                continue
            if self.row["supply"] and not sub:
                value = self.get(f"contract_price_{period}", self.get("contract_price_all"))
                if value is None:
                    raise NoBill("contract price")
                self.line("contract_purchase", quantity * value, True)
                continue
            value = self.price("agency_purchase", scheme, day)
            if period != "all":
                floated = ratio(self.area, period, scheme, self.voltage, day)
                if floated is None:
                    raise NoBill("ratio")
                value *= floated
            if self.row["agency_penalty"] and not sub:
                value *= D("1.5")
            self.line("purchase", quantity * value, True)
        if green:
            premium = self.get("green_premium")
            if premium is None:
                raise NoBill("green")
            self.line("green_premium", green * premium)
        if kwh:
            for component in ("line_loss_fee", "transmission_distribution", "system_operation"):
                self.line(component, kwh * self.price(component, scheme, day), True)
            self.line("government_funds", kwh * self.price("government_funds", scheme, day))

    # 2.5 tiers ----------------------------------------------------------------------------------------------------
    def tier_lines(self, scheme: str, day: datetime.date, used: Decimal, kwh: Decimal) -> None:
        found = tiers(self.area, scheme, self.voltage, day)
        if found is None:
            if kwh:
                raise NoBill("tiers")
            return
        limits = [D(limit) for limit in found["limits"]]
        if self.row["persons"] >= found.get("extension_persons", 10**9):
            limits = [limit + D(found["extension_kwh"]) for limit in limits]
        first = last = None
        epoch = datetime.date(1970, 1, 1)
        if (value := self.get("opened")) is not None:
            opened = epoch + datetime.timedelta(int(value))
            first = opened.month if opened.year == day.year else None
        if (value := self.get("closed")) is not None:
            closed = epoch + datetime.timedelta(int(value))
            last = closed.month if closed.year == day.year else None
        months = max(1, (last or 12) - (first or 1) + 1)
        low, high = (rnd(limit * months / 12, D(1)) for limit in limits)
        # kWh of this bill that lie between two limits when the year so far is stacked below them.
        second = max(NOTHING, min(used + kwh, high) - max(used, low))
        third = max(NOTHING, used + kwh - max(used, high))
        if second:
            self.line("tier_2", second * D(found["adders"][0]))
        if third:
            self.line("tier_3", third * D(found["adders"][1]))

    # 2.3 basic charge ---------------------------------------------------------------------------------------------
    def basic(self, start: datetime.date, end: datetime.date) -> None:
        epoch = datetime.date(1970, 1, 1)
        capacity = self.get("capacity_kva")
        if not capacity or capacity <= 0:
            raise NoBill("capacity")
        spans = []
        first, last = self.row["period_start"], self.row["period_end"]
        first = max(first, self.get("opened", first))
        last = min(last, self.get("closed", last))
        for prefix in ("basic", "second"):
            kva = self.get(f"{prefix}_kva", capacity if prefix == "basic" else None)
            if kva is None:
                continue
            given = self.get(f"{prefix}_from"), self.get(f"{prefix}_to")
            if self.get(f"{prefix}_kva") is not None and None not in given and given[1] <= given[0]:
                raise NoBill("span")
            since = max(first, self.get(f"{prefix}_from", first))
            until = min(last, self.get(f"{prefix}_to", last))
            if since < until and kva:
                spans.append((kva, {epoch + datetime.timedelta(int(n)) for n in range(int(since), int(until))}))
        final = self.end - datetime.timedelta(1)
        if (self.start.year, self.start.month) == (final.year, final.month):
            following = datetime.date(final.year + final.month // 12, final.month % 12 + 1, 1)
            cycle = (following - self.start.replace(day=1)).days
        else:
            cycle = self.days
        way = int(self.row["basic_charge"])
        here = {start + datetime.timedelta(n) for n in range((end - start).days)}
        if way == 1:
            for kva, days in spans:
                self.monthly("capacity_charge", kva * self.price("capacity", "two_part", start), days, here, cycle)
            return
        demands = [
            rnd(dial * self.get(f"{prefix}multiplier", D(1)), D("0.000001"))
            for prefix in ("", "removed_")
            if (dial := self.get(f"{prefix}maximum_demand")) is not None
        ]
        if not demands:
            raise NoBill("demand")
        demand = max(demands)
        if way == 2:
            contract = self.get("contract_demand_kw")
            if contract is None:
                raise NoBill("contract demand")
            limit = D("1.05") * contract
            demand = contract if demand <= limit else (limit if self.jump else contract) + 2 * (demand - limit)
        value = self.price("demand", "two_part", start)
        if self.whole >= 260 * capacity:
            value *= D("0.9")
        days = set().union(*(item[1] for item in spans)) if spans else set()
        if demand:
            self.monthly("demand_charge", demand * value, days, here, cycle)

    def monthly(self, code: str, amount: Decimal, days: set, here: set, cycle: int) -> None:
        divisor = 30 if self.thirty and len(days) < cycle else cycle
        if days & here:
            self.line(code, amount * len(days & here) / divisor, True)

    # 2.7 power factor ---------------------------------------------------------------------------------------------
    def power_factor(self) -> None:
        if self.standard is None or not self.in_base or not (self.whole or self.reactive):
            return
        factor = rnd(self.whole / (self.whole**2 + self.reactive**2).sqrt())
        self.line("power_factor", self.base * power_factor_percent(self.standard, factor) / 100)
