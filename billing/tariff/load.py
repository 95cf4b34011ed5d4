"""Reads and refuses tariff files. A refusal names the file, the key, the value and what was expected."""

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from billing.tariff.rows import PolicyRow, PowerFactorFile, Row, TariffFile

Model = TypeVar("Model", bound=BaseModel)


class DataRefused(ValueError):
    """A data file of the package or of a utility that can't be used; `faults` has one text a fault."""

    def __init__(self, path: str, faults: Sequence[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(faults))
        self.path = path
        self.faults = tuple(faults)


def read_yaml(path: Path | Traversable) -> Any:
    """The content of a YAML file; numbers stay text where the file quotes them. Raises DataRefused."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataRefused(str(path), [f"expected a readable YAML file, found: {error}"]) from error


def read_model(path: Path | Traversable, model: type[Model]) -> Model:
    """A YAML file as `model`. Raises DataRefused with key, value and expectation of each fault."""
    content = read_yaml(path)
    _refuse_floats(str(path), content)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise DataRefused(
            str(path),
            [
                f"key {'.'.join(str(part) for part in item['loc']) or '(whole)'}: found {str(item['input'])[:120]!r}, "
                f"expected: {item['msg']}"
                for item in error.errors()
            ],
        ) from error


def _refuse_floats(path: str, content: Any, key: str = "") -> None:
    """A price written without quotes has passed through a binary float: refused, not repaired."""
    if isinstance(content, float):
        raise DataRefused(path, [f"key {key}: found the bare number {content!r}, expected it in quotes"])
    if isinstance(content, dict):
        for name, value in content.items():
            _refuse_floats(path, value, f"{key}.{name}" if key else str(name))
    if isinstance(content, list):
        for position, value in enumerate(content):
            _refuse_floats(path, value, f"{key}.{position}")


def read_tariff(path: Path | Traversable) -> TariffFile:
    """A tariff file whose rows leave no doubt. Raises DataRefused."""
    tariff = read_model(path, TariffFile)
    faults = []
    for name in ("prices", "tiers", "ratios", "hours", "policies"):
        faults += _conflicts(name, getattr(tariff, name))
    identifiers: set[str] = set()
    for row in (*tariff.prices, *tariff.tiers, *tariff.ratios, *tariff.hours, *tariff.policies):
        if row.id in identifiers:
            faults.append(f"key id: found {row.id!r} twice, expected each row once")
        identifiers.add(row.id)
    if not tariff.policies:
        faults.append("key policies: found none, expected at least one row")
    if faults:
        raise DataRefused(str(path), faults)
    return tariff


def _conflicts(name: str, rows: Sequence[Row]) -> list[str]:
    """Two rows that answer the same question on the same day and were recorded at the same time."""
    faults = []
    for position, row in enumerate(rows):
        for other in rows[:position]:
            if row.slot() == other.slot() and row.recorded_at == other.recorded_at and _overlap(row, other):
                faults.append(
                    f"key {name}.{position}: found {row.id!r} valid from {row.valid_from}, expected no overlap with "
                    f"{other.id!r} ({other.valid_from} to {other.valid_until or 'open'})"
                )
    return faults


def _overlap(one: Row, other: Row) -> bool:
    same_schemes = not one.schemes or not other.schemes or set(one.schemes) & set(other.schemes)
    same_voltages = not one.voltages or not other.voltages or set(one.voltages) & set(other.voltages)
    in_time = (other.valid_until is None or one.valid_from < other.valid_until) and (
        one.valid_until is None or other.valid_from < one.valid_until
    )
    return bool(same_schemes and same_voltages and in_time)


def read_power_factor(path: Path | Traversable) -> PowerFactorFile:
    """The power-factor table. Raises DataRefused."""
    return read_model(path, PowerFactorFile)


def shipped(folder: str) -> list[Traversable]:
    """The package's own YAML files in a folder below `data`, by name."""
    return sorted(
        (entry for entry in files("billing").joinpath("data", folder).iterdir() if entry.name.endswith(".yaml")),
        key=lambda entry: entry.name,
    )


__all__ = ["DataRefused", "PolicyRow", "read_model", "read_power_factor", "read_tariff", "read_yaml", "shipped"]
