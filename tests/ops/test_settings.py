"""Every setting is documented, and a wrong one stops the start with a clear text."""

import os
import re
import subprocess
import sys

import pytest

from ops.settings_text import concerns, variable
from settings import ROOT

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
TOOLS = {"TEST_DATABASE_URL", "GRIDAUDIT_CHROMIUM", "GRIDAUDIT_DEMO_PASSWORD"}


def rows() -> dict[str, str]:
    """Variable → default, as the page states them."""
    return dict(re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]+?) \|", PAGE, flags=re.MULTILINE))


def test_the_page_lists_every_variable_and_no_other() -> None:
    known = {variable(concern, field) for concern in concerns() for field in concern.model_fields}
    assert set(rows()) - TOOLS == known


def test_the_page_states_the_real_defaults() -> None:
    told = rows()
    wrong = []
    for concern in concerns():
        for field, info in concern.model_fields.items():
            name = variable(concern, field)
            default = info.default
            if isinstance(default, bool):
                expected = str(default).lower()
            elif isinstance(default, int | float):
                expected = f"{default:g}"
            else:
                continue
            if told[name] != expected:
                wrong.append(f"{name}: the page says {told[name]}, settings.py {expected}")
    assert wrong == []


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"GRIDAUDIT_PORT": "eighty"}, "GRIDAUDIT_PORT is 'eighty'"),
        ({"GRIDAUDIT_WORKERS": "0"}, "GRIDAUDIT_WORKERS is '0'"),
        ({"GRIDAUDIT_MAP_TILE_URL": "https://tiles.example/{z}.png"}, "GRIDAUDIT_MAP_TILE_URL needs {z}, {x} and {y}"),
        ({"GRIDAUDIT_LIVE_MERGE_MS": "1"}, "GRIDAUDIT_LIVE_MERGE_MS is '1'"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_the_variable(variables: dict[str, str], expected: str) -> None:
    answer = start("demo", **variables)
    assert answer.returncode == 2
    assert expected in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_wrong_database_address_is_refused_without_repeating_it() -> None:
    """It may carry a password."""
    answer = start("serve", DATABASE_URL="mysql://owner:hidden-password@host/x")
    assert answer.returncode == 2
    assert "DATABASE_URL: expected an address that begins with postgresql://" in answer.stderr
    assert "hidden-password" not in answer.stderr + answer.stdout


def test_serve_without_a_database_says_what_to_set() -> None:
    answer = start("serve")
    assert answer.returncode == 1
    assert "DATABASE_URL is not set" in answer.stderr


def start(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("GRIDAUDIT_", "DATABASE", "WEB_"))
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), command],
        env={**clean, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
