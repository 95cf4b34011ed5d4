"""Every word that a bill can say exists in both languages."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from bench.billing_population import population
from billing import Fault, bill, breach, corrections, standard_book
from billing.batch import bill_columns, case_of_row
from billing.texts import catalogue, say
from billing.trace import OPERATIONS

PACKAGE = Path(inspect.getfile(bill)).parent


def test_every_text_has_both_languages_and_the_same_placeholders():
    for key, entry in catalogue().items():
        assert set(entry) == {"en", "zh"}, key
        assert set(re.findall(r"{(\w+)", entry["en"])) >= set(re.findall(r"{(\w+)", entry["zh"])), key


def test_faults_operations_and_components_have_words():
    keys = {f"finding.{str(kind.name).lower()}" for kind in Fault if kind}
    keys |= {f"operation.{name}" for name in OPERATIONS}
    keys |= {f"component.{item.code}" for item in standard_book().components}
    assert keys - set(catalogue()) == set()


def test_every_label_of_real_bills_has_words():
    columns = population(1_500, seed=9)
    result, labels = bill_columns(columns), set()
    for row in np.flatnonzero(result.billed)[:1_000].tolist():
        labels |= {node.label for node in bill(case_of_row(columns, row, standard_book())).trace}
    assert labels - {""} - set(catalogue()) == set()


def test_every_label_written_in_the_code_has_words():
    written = set()
    for file in PACKAGE.rglob("*.py"):
        written |= set(re.findall(r'(?:leaf|named|total)\([^"\n]*"([a-z_0-9]+\.[a-z_0-9.]+)"', file.read_text("utf-8")))
    assert len(written) > 50
    assert {label for label in written if label not in catalogue()} == set()


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="expected one of en, zh"):
        say("bill.total", "fr")
    assert breach.EDITION == corrections.EDITION == "2024"
