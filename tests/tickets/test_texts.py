"""Every code that the workflow can tell has its words in both languages, and its action a line in the documentation."""

import re

import pytest

from audit.workflow import _GUARDS
from audit.workflow_actions import ACTIONS, Who
from audit.workflow_missing import NEEDS
from audit.workflow_rules import rules
from i18n import LANGUAGES, catalogue
from settings import ROOT

SOURCES = [*(ROOT / "audit").glob("workflow*.py"), ROOT / "data_access/ticket_creation.py",
           ROOT / "data_access/ticket_store.py", ROOT / "data_access/tickets.py"]  # fmt: skip


def codes() -> set[str]:
    found = {f"action_{code}" for code in ACTIONS} | {f"event_{code}" for code in ACTIONS}
    found |= {f"field_{field.name}" for action in ACTIONS.values() for field in action.fields}
    found |= {f"why_{why}" for guards in _GUARDS.values() for why, _ in guards}
    for action in ACTIONS.values():
        wanted = sorted(who.value for who in action.who - {Who.SYSTEM})
        found.add("why_part_" + "_or_".join(wanted) if wanted else "why_part_system")
    found |= {f"missing_{need}" for need in NEEDS} | {f"cause_{cause}" for cause in rules().causes}
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        found |= {f"fault_{code}" for code in re.findall(r"(?:Fault|_wrong)\([^()]*?, \"(\w+)\"", text)}
        found |= {f"fault_{code}" for code in re.findall(r"_Wrong\(\"(\w+)\"", text)}
        found |= {
            f"why_{code}" for code in re.findall(r"(?:NotAllowed|Refusal)\(\"(?:not_allowed\", \")?(\w+)\"", text)
        }
    return found - {"why_fields_wrong", "why_not_allowed", "why_part_"}  # parts of the code, no reasons


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_words(language):
    known = codes()
    assert {"fault_evidence_for_false", "fault_too_long", "why_read_only", "why_open_twin"} <= known
    assert sorted(code for code in known if f"tickets.{code}" not in catalogue(language)) == []
    assert sorted(f"ticket_{code}" for code in ACTIONS if f"events.ticket_{code}" not in catalogue(language)) == []


def test_the_documentation_names_every_action():
    text = (ROOT / "docs/tickets.md").read_text(encoding="utf-8")
    assert [code for code in ACTIONS if not re.search(rf"\b{code}\b", text)] == []
