"""`./run scan`: look at counties' data with all rules in the foreground, with a line for each county."""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from data_access.parameters import BadParameter
from data_access.risk_runs import counties, last_day_of, make_run, newest_days, outcome
from i18n import Language, t
from jobs.risk_scan import scan
from jobs.work_ranking import rank_county
from ops.admin import with_database

BY = "./run scan"
COUNTS = ("points_new", "points_confirmed", "points_cleared")


def _day(text: str, form: str, name: str) -> date:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).date()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no {name}") from None


def run_scan(
    county: Annotated[str | None, typer.Option(help="Code of one county; else all that have customers.")] = None,
    day: Annotated[
        str | None, typer.Option(help="Last day that counts, YYYY-MM-DD; else the newest with readings.")
    ] = None,
    month: Annotated[str | None, typer.Option(help="A whole month instead, YYYY-MM: the state at its end.")] = None,
    language: Annotated[str, typer.Option(help="zh or en, for what was dropped.")] = "en",
) -> None:
    """Find risk points by the rules; the same day again changes nothing. Every night the worker does it by itself."""
    if day and month:
        raise typer.BadParameter("give a day or a month, not both")
    kind = "month" if month else "day"
    asked = _day(month, "%Y-%m", "month") if month else _day(day, "%Y-%m-%d", "day") if day else None
    chosen: Language = "zh" if language == "zh" else "en"
    raise typer.Exit(with_database(lambda: _scan(county, kind, asked, chosen)))


def _words(counts: Mapping[str, int]) -> str:
    return f"new {counts[COUNTS[0]]:,}  confirmed {counts[COUNTS[1]]:,}  cleared {counts[COUNTS[2]]:,}"


async def _scan(county: str | None, kind: str, asked: date | None, language: Language) -> int:
    now, newest = datetime.now(UTC), {}
    if asked is None:
        newest = await newest_days(now)
    known = [code for code, _ in await counties()]
    if county is not None and county not in known:
        raise BadParameter("county", county, "the code of a county with customers")
    total: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    failed = 0
    for code in known if county is None else [county]:
        last = newest.get(code) if asked is None else last_day_of(kind, asked, now)
        if last is None:
            typer.echo(f"{code}  no readings of the last weeks")
            continue
        begun = time.perf_counter()
        number = await make_run(code, kind, last, BY)
        try:
            await scan(code, number)
            await rank_county(code, now)
        except Exception as error:
            # The run keeps its reference and the log what happened; the other counties are looked at all the same.
            failed += 1
            typer.echo(f"{code}  {last}  {type(error).__name__}: {error}", err=True)
        result = await outcome(code, number)
        total.update({name: result[name] for name in (*COUNTS, "customers")})
        dropped.update(result["dropped"])
        what = f"{result['rules_done']} rules  {result['customers']:,} customers  {_words(result)}"
        typer.echo(f"{code}  {last}  {what}  {time.perf_counter() - begun:.1f} s")
    typer.echo(f"{total['customers']:,} customers  {_words(total)}")
    for reason, count in sorted(dropped.items()):
        typer.echo(f"  {t(f'rules_engine.dropped_{reason}', language)}: {count:,}")
    return 1 if failed else 0
