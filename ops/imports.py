"""`./run import KIND FILE`: an import in the foreground, with its progress and its report."""

import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml

from data_access import imports
from i18n import Language, t
from jobs.imports.findings import FileRefused
from jobs.imports.kinds import KINDS
from jobs.imports.places import SYSTEMS
from jobs.imports.run import Options, Outcome, import_file
from ops.admin import _path, with_database


def _mapping(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise typer.BadParameter(f"{path} must hold lines `column: heading of the file`")
    return {str(column): str(heading) for column, heading in content.items()}


def run_import(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")],
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, Excel, GeoPackage, zipped Shapefile, GeoJSON.")
    ],
    system: Annotated[str | None, typer.Option(help=f"Coordinates of the file: {', '.join(SYSTEMS)}.")] = None,
    mapping: Annotated[Path | None, typer.Option(exists=True, help="YAML: column: heading of the file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    keep_good: Annotated[bool, typer.Option("--keep-good", help="Write the good rows when others are faulty.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where the report of faulty rows goes; else beside the file.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Only rows of this unit (code or path); else the whole utility.")
    ] = None,
    language: Annotated[str, typer.Option(help="zh or en, for the report.")] = "en",
) -> None:
    """Import a file: all of it or nothing, again without doubling; says row by row what is wrong."""
    chosen: Language = "zh" if language == "zh" else "en"
    options = Options(system, _mapping(mapping), dry_run, keep_good, chosen)

    async def watch(state: str, rows: int, faulty: int) -> None:
        end = "\r" if sys.stdout.isatty() else "\n"
        typer.echo(f"{t(f'imports.state_{state}', chosen)}: {rows:,} ({faulty:,})", nl=False)
        typer.echo(end, nl=False)

    async def work() -> Outcome:
        scope = await _path(unit) if unit else await imports.root_path()
        return await import_file(kind, file, options, by="./run import", org_path=scope, watch=watch)

    try:
        outcome = with_database(work)
    except FileRefused as refused:
        typer.echo(refused.message(chosen), err=True)
        raise typer.Exit(2) from None
    if outcome.refused is not None:
        typer.echo(outcome.refused.message(chosen), err=True)
    counts = outcome.counts
    state = t("imports.dry", chosen) if dry_run else t(f"imports.state_{outcome.state}", chosen)
    typer.echo(
        t("imports.summary", chosen, state=state, rows=f"{outcome.rows:,}", new=f"{counts.new:,}",
          changed=f"{counts.changed:,}", equal=f"{counts.equal:,}",
          faulty=f"{len(outcome.findings.faulty_rows):,}", warnings=f"{outcome.findings.warnings:,}")
    )  # fmt: skip
    if outcome.findings.listed:
        place = report or file.with_suffix(".report.csv")
        place.write_text("\ufeff" + outcome.findings.report(chosen), encoding="utf-8", newline="")
        typer.echo(str(place))
    raise typer.Exit(0 if outcome.state == "done" else 1)
