"""Tickets as an Excel file: a plain table, and beside it a sheet that says what it is of.

Written row by row in constant memory. Texts are written as texts, whatever they begin with: none becomes a formula or
a link. Times are those of Asia/Shanghai; the format has no zones. Customers are numbers here, never names.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import IO, Any

import xlsxwriter

from components import format as fmt
from components.map_words import anomaly_name, status_word
from components.ticket_rows import unit_name
from i18n import Language, t
from settings import DISPLAY_ZONE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}
Row = Mapping[str, Any]
_COLUMNS: tuple[tuple[str, int, str, Callable[[Row, Language], Any]], ...] = (
    ("head_number", 14, "text", lambda row, _: row["number"]),
    ("head_level", 7, "text", lambda row, _: fmt.roman(row["level"])),
    ("sheet_code", 10, "text", lambda row, _: row["anomaly_code"]),
    ("head_anomaly", 30, "text", lambda row, language: anomaly_name(row["anomaly_code"], language)),
    ("head_status", 18, "text", lambda row, language: status_word(row["status"], language)),
    ("sheet_due_at", 17, "moment", lambda row, _: row["due_at"]),
    ("head_unit", 22, "text", unit_name),
    ("sheet_station", 22, "text", lambda row, language: row[f"unit_{language}"]),
    ("sheet_customer", 16, "text", lambda row, _: row["customer_number"]),
    ("sheet_district", 22, "text", lambda row, _: row["district"] or row["district_code"]),
    ("head_handler", 14, "text", lambda row, _: row["handler"]),
    ("sheet_opened_at", 17, "moment", lambda row, _: row["opened_at"]),
    ("sheet_closed_at", 17, "moment", lambda row, _: row["closed_at"]),
    ("sheet_finding", 16, "text", lambda row, language: _finding(row["finding"], language)),
    ("sheet_returns", 10, "whole", lambda row, _: row["return_count"]),
    ("sheet_kwh", 16, "amount", lambda row, _: row["recovered_kwh"]),
    ("sheet_yuan", 16, "amount", lambda row, _: row["recovered_yuan"]),
    ("sheet_breach", 18, "amount", lambda row, _: row["breach_yuan"]),
)
"""Text, width in characters, kind and value of each column."""


def _finding(finding: str | None, language: Language) -> str | None:
    return t(f"ticket_list.sheet_finding_{finding}", language) if finding else None


class TicketWorkbook:
    """A workbook that is being written into `file`. Not for the event loop: run its methods in a thread."""

    def __init__(self, file: IO[bytes], language: Language) -> None:
        self.language = language
        self.rows = 0
        self._book = xlsxwriter.Workbook(file, _OPTIONS)
        self._sheet = self._book.add_worksheet(t("ticket_list.sheet", language))
        self._formats = {
            "head": self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "moment": self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "amount": self._book.add_format({"num_format": "#,##0.00"}),
            "whole": self._book.add_format({"num_format": "0"}),
        }
        self._sheet.freeze_panes(1, 1)
        for place, (key, width, _, _) in enumerate(_COLUMNS):
            self._sheet.set_column(place, place, width)
            self._sheet.write_string(0, place, t(f"ticket_list.{key}", language), self._formats["head"])

    def add(self, rows: Iterable[Row]) -> None:
        """Append rows of `ticket_list.export_rows`."""
        for row in rows:
            self.rows += 1
            for place, (_, _, kind, value) in enumerate(_COLUMNS):
                self._write(place, kind, value(row, self.language))

    def _write(self, place: int, kind: str, value: Any) -> None:
        if value is None or value == fmt.NOTHING:
            return
        if kind == "text":
            self._sheet.write_string(self.rows, place, str(value))
        elif kind == "moment":
            local = value.astimezone(DISPLAY_ZONE).replace(tzinfo=None)
            self._sheet.write_datetime(self.rows, place, local, self._formats["moment"])
        else:
            self._sheet.write_number(self.rows, place, value, self._formats[kind])

    def finish(self, *, who: str, view: str, taken: datetime, limit: int | None) -> None:
        """Complete the file. `limit`: the number of rows at which it was cut off, if it was."""
        self._sheet.autofilter(0, 0, max(1, self.rows), len(_COLUMNS) - 1)
        about = self._book.add_worksheet("i")
        about.set_column(0, 0, 100)
        moment = taken.astimezone(DISPLAY_ZONE).strftime("%Y-%m-%d %H:%M")
        lines = [
            t("ticket_list.title", self.language),
            t("ticket_list.sheet_taken", self.language, moment=moment, who=who),
            t("ticket_list.sheet_filter", self.language, filter=view),
            t("ticket_list.sheet_rows", self.language, n=fmt.number(self.rows, self.language)),
        ]
        if limit is not None:
            lines.append(t("ticket_list.sheet_limit", self.language, n=fmt.number(limit, self.language)))
        for place, line in enumerate(lines):
            about.write_string(place, 0, line)
        self._book.close()
