"""`python -m billing`: a case file to a bill, the schemas of both, and a look at the tariff book.

Exit codes: 0 billed, 1 not billed (the findings say why), 2 the case or a data file was refused.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from billing import Bill, Case, CaseRefused, DataRefused, TariffBook, bill, parse_case, standard_book
from billing.explain import explain
from billing.texts import LANGUAGES


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="billing", description="The shared calculation module.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("bill", help="bill one case file (JSON or YAML)")
    one.add_argument("case", type=Path)
    one.add_argument("--explain", action="store_true", help="print the bill as a tree instead of JSON")
    one.add_argument("--language", choices=LANGUAGES, default="en")
    one.add_argument("--tariff", type=Path, action="append", default=[], help="a further tariff file")
    commands.add_parser("schema", help="the JSON Schemas of case and bill")
    commands.add_parser("tariffs", help="areas, components and everything that is not certain")
    options = parser.parse_args(arguments)
    try:
        match options.command:
            case "bill":
                return _bill(options)
            case "schema":
                _print({"case": Case.model_json_schema(), "bill": Bill.model_json_schema(mode="serialization")})
            case "tariffs":
                _print(_tariffs(standard_book()))
    except CaseRefused as refusal:
        print(json.dumps({"refused": refusal.faults}, ensure_ascii=False, indent=1), file=sys.stderr)
        return 2
    except DataRefused as refusal:
        print(
            json.dumps({"refused": refusal.faults, "path": refusal.path}, ensure_ascii=False, indent=1), file=sys.stderr
        )
        return 2
    return 0


def read_case(path: Path) -> dict[str, Any]:
    """The content of a case file. Raises CaseRefused when it isn't an object in JSON or YAML."""
    try:
        source = path.read_text(encoding="utf-8")
        # Decimals are kept as written: a JSON number that became a binary float would already be another number.
        content = json.loads(source, parse_float=str) if path.suffix == ".json" else yaml.safe_load(source)
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        raise CaseRefused(
            [{"path": "(file)", "found": str(path), "expected": f"a JSON or YAML file: {error}"}]
        ) from error
    if not isinstance(content, dict):
        raise CaseRefused([{"path": "(whole)", "found": type(content).__name__, "expected": "an object"}])
    return content


def _bill(options: argparse.Namespace) -> int:
    made = bill(parse_case(read_case(options.case)), TariffBook.load(*options.tariff))
    if options.explain:
        print(explain(made, options.language))
    else:
        print(made.model_dump_json(indent=1))
    return 0 if made.billed else 1


def _tariffs(book: TariffBook) -> dict[str, Any]:
    uncertain = [
        {"area": name, "row": row.id, "certainty": row.certainty, "document": row.document, "note": row.note}
        for name, area in book.areas.items()
        for row in (
            *area.tariff.prices,
            *area.tariff.tiers,
            *area.tariff.ratios,
            *area.tariff.hours,
            *area.tariff.policies,
        )
        if row.certainty != "found"
    ]
    return {"areas": list(book.areas), "components": [item.code for item in book.components], "not_certain": uncertain}


def _print(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=1, default=str))


if __name__ == "__main__":
    sys.exit(main())
