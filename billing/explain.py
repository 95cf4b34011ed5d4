"""A bill as a tree for a person, in English or Chinese: each line with its price, its rows and the steps behind it."""

from collections.abc import Iterator
from dataclasses import dataclass

from billing.exact import half_up, text
from billing.model.bill import Bill, BillLine, Notice
from billing.texts import catalogue, say
from billing.trace import TraceNode

SHOWN_DIGITS = 6
DEPTH = 12


def explain(bill: Bill, language: str = "en", depth: int = DEPTH) -> str:
    """The whole bill with its proof. Raises ValueError for an unknown language."""
    return "\n".join(explain_lines(bill, language, depth))


def explain_lines(bill: Bill, language: str = "en", depth: int = DEPTH) -> Iterator[str]:
    """`explain` line by line."""
    yield say("bill.title", language, account=bill.account, area=bill.area, start=bill.start, end=bill.end)
    if not bill.billed:
        yield say("bill.not_billed", language)
    else:
        yield f"{say('bill.total', language)}: {text(bill.total)} CNY"
    if bill.lines:
        yield f"{say('bill.lines', language)}"
    seen: set[int] = set()
    for line in bill.lines:
        yield f"├─ {line_words(line, language)}"
        if line.tariff_rows:
            yield f"│    {say('bill.rows', language, rows=', '.join(line.tariff_rows))}"
        for step in _steps(bill.trace, line.trace, language, depth, seen):
            yield f"│    {step}"
    if bill.findings:
        yield say("bill.findings", language)
        yield from (f"  [{finding.level}] {finding.field}: {finding.text(language)}" for finding in bill.findings)
    if bill.notices:
        yield say("bill.notices", language)
        yield from (f"  - {notice_text(notice, language)}" for notice in bill.notices)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a calculation in words, with the steps that it takes. `known`: its own steps were shown before."""

    text: str
    known: bool
    steps: tuple["Step", ...]


def line_steps(bill: Bill, line: BillLine, language: str = "en", depth: int = DEPTH) -> tuple[Step, ...]:
    """The steps behind one line's amount as a tree: what `explain` prints, for a screen that folds."""
    seen: set[int] = set()
    return _below(bill.trace, line.trace, language, depth, seen)


def trace_steps(nodes: tuple[TraceNode, ...], place: int, language: str = "en", depth: int = DEPTH) -> Step:
    """A stored trace as a tree from one of its results downwards: of a correction or a breach charge."""
    return Step(step_words(nodes[place], language), False, _below(nodes, place, language, depth, set()))


def _below(nodes: tuple[TraceNode, ...], place: int, language: str, depth: int, seen: set[int]) -> tuple[Step, ...]:
    found = []
    for source in nodes[place].inputs:
        node = nodes[source]
        known = source in seen and bool(node.inputs)
        seen.add(source)
        below = () if known or depth <= 1 else _below(nodes, source, language, depth - 1, seen)
        found.append(Step(step_words(node, language), known, below))
    return tuple(found)


def notice_text(notice: Notice, language: str = "en") -> str:
    """One notice as a sentence."""
    certainty = say(f"certainty.{notice.certainty}", language) if notice.certainty else ""
    return say(
        f"notice.{notice.code}",
        language,
        subject=notice.subject,
        certainty=certainty,
        document=notice.document,
        note=notice.note,
    ).strip()


def line_words(line: BillLine, language: str) -> str:
    """A line as one sentence: component, period, quantity x price = amount."""
    name = say(f"component.{line.component}", language)
    if f"component.{line.component}" not in catalogue():
        name = line.component
    parts = [name]
    if line.sub_account:
        parts.append(say("bill.sub_account", language, code=line.sub_account))
    if line.period != "all":
        parts.append(say(f"period.{line.period}", language))
    sum_text = f"{text(line.quantity)} {line.unit} × {text(line.price)}"
    if line.days is not None and line.days != line.cycle_days:
        sum_text += f" × {say('bill.days', language, days=line.days, cycle=line.cycle_days)}"
    return f"{', '.join(parts)}: {sum_text} = {text(line.amount)} CNY"


def _steps(nodes: tuple[TraceNode, ...], place: int, language: str, depth: int, seen: set[int]) -> Iterator[str]:
    node = nodes[place]
    for number, source in enumerate(node.inputs):
        last = number == len(node.inputs) - 1
        yield from _node(nodes, source, language, depth - 1, seen, "", last)


def _node(
    nodes: tuple[TraceNode, ...], place: int, language: str, depth: int, seen: set[int], indent: str, last: bool
) -> Iterator[str]:
    node = nodes[place]
    branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
    known = place in seen and bool(node.inputs)
    hint = f" ({say('bill.seen', language)})" if known else ""
    yield f"{indent}{branch}{step_words(node, language)}{hint}"
    if known or depth <= 0:
        return
    seen.add(place)
    for number, source in enumerate(node.inputs):
        yield from _node(nodes, source, language, depth - 1, seen, indent + below, number == len(node.inputs) - 1)


def step_words(node: TraceNode, language: str) -> str:
    """One step of the trace: name, value with unit, how it was made, the tariff row it is from."""
    how = say(f"operation.{node.operation}", language, **node.detail) if node.operation != "leaf" else ""
    name = say(node.label, language) if node.label else how
    value = node.value if -node.value.as_tuple().exponent <= SHOWN_DIGITS else None  # type: ignore[operator]
    shown = text(value) if value is not None else f"{text(half_up(node.value, SHOWN_DIGITS))}…"
    document = ""
    if "row" in node.detail and node.operation == "leaf":
        document = f" [{node.detail['row']}]"
    rule = f" ({how})" if how and node.label else ""
    return f"{name} = {shown}{f' {node.unit}' if node.unit else ''}{rule}{document}"
