"""The shared calculation module: every amount of money in the product comes from here.

Pure: data in, data and findings out. No database, no web, nothing of the rest of the project.
"""

from billing.findings import Fault, Finding, Level
from billing.model.account import Account
from billing.model.bill import Bill, BillLine
from billing.model.case import Case, CaseRefused, parse_case
from billing.model.readings import Readings
from billing.single import bill
from billing.tariff.book import TariffBook, standard_book
from billing.tariff.load import DataRefused

__all__ = [
    "Account",
    "Bill",
    "BillLine",
    "Case",
    "CaseRefused",
    "DataRefused",
    "Fault",
    "Finding",
    "Level",
    "Readings",
    "TariffBook",
    "bill",
    "parse_case",
    "standard_book",
]
