"""What a measurement is, and how it is shown: a table for people, JSON for history."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure. `budget` and `peer` are in the figure's unit; `higher_is_better` says which way counts."""

    figure: str
    unit: str
    samples: int
    median: float
    p95: float
    budget: float | None = None
    peer: float | None = None
    peer_name: str = ""
    higher_is_better: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept, judged on p95 (or the median where more is better); none without a budget."""
        if self.budget is None:
            return None
        return self.median >= self.budget if self.higher_is_better else self.p95 <= self.budget


def summarise(figure: str, unit: str, values: Sequence[float], **more: object) -> Figure:
    """A figure from raw samples.

    Raises:
        ValueError: there are no samples.
    """
    if not values:
        raise ValueError(f"{figure}: nothing was measured")
    return Figure(
        figure=figure,
        unit=unit,
        samples=len(values),
        median=float(np.median(values)),
        p95=float(np.percentile(values, 95)),
        **more,  # type: ignore[arg-type]
    )


def machine() -> str:
    """Processor, cores, memory and kernel: a figure without its machine says nothing."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {model}, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}"


def commit() -> str:
    """The commit that was measured, with a plus sign when the tree held changes."""
    here = Path(__file__).resolve().parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=False).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain") else "")


def show(size: str, figures: Sequence[Figure]) -> Path:
    """Print the table and write `bench/results/<time>-<size>.json`; returns the file."""
    table = Table(title=f"gridaudit bench, size {size}, {commit()}, {machine()}", title_justify="left")
    for name in ("figure", "unit"):
        table.add_column(name)
    for name in ("n", "median", "p95", "budget", "peer"):
        table.add_column(name, justify="right")
    table.add_column("kept")
    for item in figures:
        table.add_row(
            item.figure,
            item.unit,
            f"{item.samples:,}",
            f"{item.median:,.4g}" if item.median < 1000 else f"{item.median:,.0f}",
            f"{item.p95:,.4g}" if item.p95 < 1000 else f"{item.p95:,.0f}",
            "" if item.budget is None else ("≥ " if item.higher_is_better else "≤ ") + f"{item.budget:,g}",
            "" if item.peer is None else f"{item.peer:,.4g} {item.peer_name}",
            {None: "", True: "yes", False: "NO"}[item.met],
        )
    Console(width=150).print(table)
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{size}.json"
    target.write_text(
        json.dumps(
            {
                "size": size,
                "commit": commit(),
                "machine": machine(),
                "at": datetime.now(UTC).isoformat(),
                "figures": [{**asdict(item), "met": item.met} for item in figures],
            },
            ensure_ascii=False,
            indent=1,
        ),
        encoding="utf-8",
    )
    return target
