"""Templates to fill in: a kind's headings as CSV, or as Excel with an explanation of each column on a second sheet."""

import io

import xlsxwriter

from i18n import Language, t
from jobs.imports.findings import column_label
from jobs.imports.kinds import KINDS, Column

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_BOM = "\ufeff"
"""Without it Excel takes UTF-8 for the system's own encoding."""


def explained(kind_name: str, language: Language) -> list[tuple[str, str, bool, str]]:
    """Of each column: name, label, whether it must be filled, what it holds."""
    kind = KINDS[kind_name]
    known = {column.name: column for column in kind.columns}
    rows = []
    for name in kind.headings:
        column = known.get(name)
        note = _note(column, language) if column else t(f"imports.note_{'wkt' if name == 'wkt' else 'place'}", language)
        required = column.required if column else kind.shape_required
        rows.append((name, column_label(kind.label_of(name), language), required, note))
    return rows


def _note(column: Column, language: Language) -> str:
    values: dict[str, object] = {
        "choice": {"allowed": ", ".join(column.choices)},
        "whole": {"lowest": column.lowest, "highest": column.highest},
        "decimal": {"scale": column.scale},
    }.get(column.form, {})  # type: ignore[assignment]
    return t(f"imports.note_{column.form}", language, **values)


def template(kind_name: str, form: str, language: Language) -> bytes:
    """The file: `csv` or `xlsx`."""
    rows = explained(kind_name, language)
    if form == "csv":
        head = ",".join(label for _, label, _, _ in rows)
        return f"{_BOM}{head}\r\n".encode()
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        data = book.add_worksheet(t("imports.template_data", language))
        for at, (_, label, _, _) in enumerate(rows):
            data.write_string(0, at, label, bold)
            # As text: Excel would cut the zeros of a number and round what has more than 15 digits.
            data.set_column(at, at, max(12, len(label) + 4), text)
        data.freeze_panes(1, 0)
        help_sheet = book.add_worksheet(t("imports.template_help", language))
        for at, name in enumerate(("column", "label", "required", "note")):
            help_sheet.write_string(0, at, t(f"imports.template_{name}", language), bold)
        for row, (name, label, required, note) in enumerate(rows, start=1):
            said = t("imports.yes" if required else "imports.no", language)
            for at, value in enumerate((name, label, said, note)):
                help_sheet.write_string(row, at, value)
        help_sheet.set_column(0, 2, 24)
        help_sheet.set_column(3, 3, 80)
    return made.getvalue()
