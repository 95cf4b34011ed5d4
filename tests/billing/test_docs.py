"""The documentation is held to the code: its example is billed, its lists are complete."""

import json
import re
from pathlib import Path

from billing import bill, parse_case, standard_book
from billing.__main__ import main
from billing.batch import COLUMNS
from billing.checks.facts import FACTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "billing.md").read_text(encoding="utf-8")


def test_the_example_gives_the_total_that_the_page_states(tmp_path, capsys):
    source = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL).group(1)
    stated = re.search(r'made.total +# Decimal\("([0-9.]+)"\)', PAGE).group(1)
    assert str(bill(parse_case(json.loads(source))).total) == stated
    file = tmp_path / "case.json"
    file.write_text(source, encoding="utf-8")
    assert main(["bill", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == stated


def test_every_column_component_and_fact_is_on_the_page():
    for name, column in COLUMNS.items():
        assert f"| `{name}` | {column.scale} | {column.meaning} |" in PAGE
    for component in standard_book().components:
        assert f"| `{component.code}` |" in PAGE
    for fact in FACTS:
        assert f"`{fact}`" in PAGE
