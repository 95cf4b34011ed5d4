"""What is wrong with a file, as values: an error of the whole file, and findings about single rows."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from i18n import Language, t

MAX_FINDINGS = 50_000
"""Rows that a report names; all are counted."""


class FileRefused(Exception):
    """The file as a whole can't be imported. `code` is a text `imports.error_<code>`, `values` its placeholders."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(f"{code}: {values}")
        self.code = code
        self.values = {name: str(value) for name, value in values.items()}

    def message(self, language: Language) -> str:
        """What is wrong and what would be right."""
        return error_text(self.code, self.values, language)


def error_text(code: str, values: Mapping[str, Any], language: Language) -> str:
    """The text of a refusal that was stored."""
    return t(f"imports.error_{code}", language, **values)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one row: texts are `imports.fault_<code>` and `imports.right_<code>`."""

    row: int
    column: str
    value: str
    code: str
    expected: str = ""
    severity: Literal["error", "warning"] = "error"


@dataclass(slots=True)
class Findings:
    """All findings of an import; counts go on where the list ends."""

    listed: list[Finding] = field(default_factory=list)
    faulty_rows: set[int] = field(default_factory=set)
    warnings: int = 0

    def add(self, found: Iterable[Finding]) -> None:
        """Takes findings in."""
        for one in found:
            if one.severity == "error":
                self.faulty_rows.add(one.row)
            else:
                self.warnings += 1
            if len(self.listed) < MAX_FINDINGS:
                self.listed.append(one)

    def add_many(self, rows: Any, column: str, values: Any, code: str, expected: str = "") -> None:
        """The same fault at many rows (arrays of row numbers and values)."""
        self.faulty_rows.update(np.asarray(rows).tolist())
        room = max(0, MAX_FINDINGS - len(self.listed))
        self.listed += [
            Finding(int(row), column, "" if value is None else str(value), code, expected)
            for row, value in zip(rows[:room], values[:room], strict=True)
        ]

    def report(self, language: Language) -> str:
        """CSV by row: row number, severity, column, value, what is wrong, what would be right."""
        made = io.StringIO()
        writer = csv.writer(made, lineterminator="\r\n")
        writer.writerow([t(f"imports.report_{name}", language) for name in ("row", "severity", "column", "value",
                                                                            "wrong", "right")])  # fmt: skip
        for one in sorted(self.listed, key=lambda finding: (finding.row, finding.column)):
            writer.writerow([
                one.row, t(f"imports.severity_{one.severity}", language), column_label(one.column, language),
                _harmless(one.value), t(f"imports.fault_{one.code}", language),
                t(f"imports.right_{one.code}", language, expected=one.expected),
            ])  # fmt: skip
        return made.getvalue()


def column_label(name: str, language: Language) -> str:
    """A column as people call it."""
    return t(f"imports.column_{name}", language) if name else ""


def _harmless(value: str) -> str:
    """A value of the file must not become a formula where the report is opened."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") and not value[1:2].isdigit() else value[:200]
