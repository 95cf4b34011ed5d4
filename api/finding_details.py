"""What stands in the `details` of errors about files and amounts: codes, whose words are in `i18n/*/evidence.yaml`."""

from typing import Any

from audit.evidence_rules import NotEvidence
from audit.finding_forms import UnknownForm
from data_access.adjustments import NotAccepted
from data_access.calculation_facts import NotComputable
from data_access.ticket_amounts import FormFaults


def finding_details(
    error: FormFaults | UnknownForm | NotEvidence | NotComputable | NotAccepted,
) -> list[dict[str, Any]]:
    """Each fault with its field, what was got and what would be right (`evidence.fault_…`, `refused_…`, `amount_…`)."""
    match error:
        case FormFaults():
            return [
                {"where": one.field, "problem": one.code, "got": one.got, "expected": one.expected}
                for one in error.faults
            ]
        case NotEvidence():
            return [{"where": "file", "why": error.why, "got": error.got, "expected": error.expected}]
        case NotComputable():
            return [{"where": error.field, "why": error.why, "detail": error.detail}]
        case NotAccepted():
            return error.findings
    return [{"where": "form", "problem": "form_unknown"}]
