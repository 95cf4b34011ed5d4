"""The columnar executor: millions of bills from columns of scaled integers, the same cents as one account at a time."""

from billing.batch.columns import COLUMNS, MISSING, Columns, ColumnsRefused
from billing.batch.convert import case_of_row, columns_of_cases
from billing.batch.engine import bill_chunks, bill_columns
from billing.batch.many import bill_many
from billing.batch.result import BatchResult, LineRow

__all__ = [
    "COLUMNS",
    "MISSING",
    "BatchResult",
    "Columns",
    "ColumnsRefused",
    "LineRow",
    "bill_chunks",
    "bill_columns",
    "bill_many",
    "case_of_row",
    "columns_of_cases",
]
