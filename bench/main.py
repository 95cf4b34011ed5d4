"""`./run bench`: measure against the budgets of DESIGN.md, print a table, write JSON.

`--size demo|city|province|tickets`,
`--only tiles,snapshot,details,search,pages,tickets,trends,live,ingest,markers,rules,scan,billing`. The size `tickets`
is for the part of that name alone; `rules` are always judged on the demo utility, whose truth is known.
"""

import argparse
import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from bench import billing, rules, scan
from bench.fill import SIZES
from bench.ingest import over_http, raw_copy
from bench.live import fan_out, polling_peer
from bench.markers import moving_markers
from bench.pages import drill_down
from bench.people_pages import people_pages
from bench.report import Figure, show
from bench.search import search_calls
from bench.target import Target, database, running
from bench.tickets import ticket_table
from bench.trends import trend_queries
from bench.web import details, heat_tiles, snapshot
from data_access.tracks import today
from ops.port import listen

CPU = "server CPU for a viewer, phones included"
VIEWERS = {"demo": 100, "city": 200, "province": 500, "tickets": 100}


def _tiles(target: Target, _size: str) -> list[Figure]:
    with closing(target.client()) as client:
        return heat_tiles(client, target.owner_url)


def _snapshot(target: Target, _size: str) -> list[Figure]:
    with closing(target.client()) as client:
        return snapshot(client)


def _details(target: Target, _size: str) -> list[Figure]:
    with closing(target.client()) as client:
        return details(client, target.owner_url)


def _pages(target: Target, _size: str) -> list[Figure]:
    return [*drill_down(target.owner_url), *people_pages(target.owner_url)]


def _tickets(target: Target, _size: str) -> list[Figure]:
    with closing(target.client()) as client:
        return ticket_table(client, target.owner_url)


def _trends(target: Target, _size: str) -> list[Figure]:
    return trend_queries(target.owner_url)


def _cookie(target: Target) -> str:
    with closing(target.client()) as client:
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _live(target: Target, size: str) -> list[Figure]:
    tokens, places = target.inspectors()
    if not tokens:
        print("live, ingest: the size `demo` has no bench inspectors, choose --size city or province")
        return []
    found = asyncio.run(
        fan_out(
            target.base_url,
            _cookie(target),
            tokens,
            places,
            inspectors=len(tokens),
            viewers=VIEWERS[size],
            seconds=30,
            server_pids=target.pids,
        )
    )
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    cpu, kilobytes = asyncio.run(polling_peer(target.owner_url, port, viewers=5, seconds=10))
    return [
        replace(item, peer=cpu, peer_name="polling page", budget=cpu / 20)
        if item.figure == CPU
        else replace(item, peer=kilobytes, peer_name="polling page")
        if item.figure == "bytes to a viewer"
        else item
        for item in found
    ]


def _ingest(target: Target, _size: str) -> list[Figure]:
    tokens, places = target.inspectors()
    if not tokens:
        return []
    raw = raw_copy(target.owner_url, rows=200_000)
    taken = asyncio.run(over_http(target.base_url, tokens, places, batches_each=8))
    return [replace(taken, peer=raw, peer_name="raw COPY", budget=max(10_000.0, raw / 3))]


def _search(target: Target, _size: str) -> list[Figure]:
    with closing(target.client()) as client:
        return search_calls(client, target.owner_url)


def _markers(target: Target, _size: str) -> list[Figure]:
    with closing(target.client()) as client:
        cookies = [{"name": name, "value": value, "url": target.base_url} for name, value in client.cookies.items()]
        picture = client.get("/api/v1/live/snapshot").json()
    found: list[Figure] = []
    for zoom_out in (True, False):
        found += asyncio.run(
            moving_markers(target.base_url, cookies, picture, markers=2000, seconds=60, zoom_out=zoom_out)
        )
    return found


PARTS: dict[str, Callable[[Target, str], list[Figure]]] = {
    "tiles": _tiles,
    "snapshot": _snapshot,
    "details": _details,
    "search": _search,
    "pages": _pages,
    "tickets": _tickets,
    "trends": _trends,
    "live": _live,
    "ingest": _ingest,
    "markers": _markers,
}


def _rules(_size: str, reset: bool) -> list[Figure]:
    with database(rules.SIZE, SIZES[rules.SIZE], reset=reset) as (_, address):
        return rules.figures(address)


def _scan(size: str, reset: bool) -> list[Figure]:
    with database(size, SIZES[size], reset=reset) as (cluster, address):
        return scan.figures(cluster, address, today())


WITH_DATABASE: dict[str, Callable[[str, bool], list[Figure]]] = {"rules": _rules, "scan": _scan}
"""Parts that need the data of a size, but no server: by the size's name and whether to make it anew."""
WITHOUT_SERVER: dict[str, Callable[[str], list[Figure]]] = {"billing": billing.figures}


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen parts; 0 when every budget is kept, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="city")
    parser.add_argument(
        "--only", default=",".join([*PARTS, *WITH_DATABASE, *WITHOUT_SERVER]), help="parts, comma separated"
    )
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    parser.add_argument("--fixes", type=int, help="fill in this many fixes instead of the size's own number")
    parser.add_argument("--reset", action="store_true", help="make the data anew")
    chosen = parser.parse_args(arguments)
    known = [*PARTS, *WITH_DATABASE, *WITHOUT_SERVER]
    wanted = [part.strip() for part in chosen.only.split(",") if part.strip()]
    unknown = [part for part in wanted if part not in known]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join([*PARTS, *WITHOUT_SERVER])}")
    found: list[Figure] = []
    failed: list[str] = []
    if any(part in PARTS for part in wanted):
        size = SIZES[chosen.size]
        filled = size if chosen.fixes is None else replace(size, fixes=chosen.fixes)
        with running(chosen.size, filled, workers=chosen.workers, reset=chosen.reset) as target:
            for part in wanted:
                if part in PARTS:
                    print(f"measuring {part}")
                    try:
                        found += PARTS[part](target, chosen.size)
                    except Exception as error:
                        # What the other parts measured must not be lost with this one.
                        failed.append(f"{part}: {type(error).__name__}: {error}")
    for part in wanted:
        if part in WITH_DATABASE:
            print(f"measuring {part}")
            try:
                found += WITH_DATABASE[part](chosen.size, chosen.reset and not any(one in PARTS for one in wanted))
            except Exception as error:
                failed.append(f"{part}: {type(error).__name__}: {error}")
        if part in WITHOUT_SERVER:
            print(f"measuring {part}")
            found += WITHOUT_SERVER[part](chosen.size)
    target_file = show(chosen.size, found)
    for item in found:
        if item.note:
            print(f"{item.figure}: {item.note}")
    for line in failed:
        print(f"FAILED  {line}")
    kept = not failed and all(item.met is not False for item in found)
    print(json.dumps({"written": str(target_file.name), "kept": kept}))
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
