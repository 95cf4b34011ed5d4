"""A document on A4: sections of facts, paragraphs, tables and pictures, as a PDF with its own fonts.

Pure: a `Document` in, bytes out. What stands in a ticket's case file is decided in `components.case_file`.
Takes up to seconds (fonts, pictures): call it through `asyncio.to_thread`.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Literal

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from PIL import Image

from components.case_file_fonts import MISSING, printed_font
from components.case_file_wrap import wrapped

Grey = tuple[int, int, int]
INK: Grey = (20, 32, 47)
QUIET: Grey = (91, 107, 128)
EDGE: Grey = (220, 227, 236)
SHADE: Grey = (244, 247, 250)
MARGIN, GAP, PADDING = 18.0, 4.0, 1.4
"""Millimetres."""
PICTURE_HEIGHT = 62.0
PICTURE_PIXELS = 1_100
"""Longest edge of an embedded picture: about 300 dots an inch at half a page's width."""
SIZES = {"title": 20.0, "heading": 11.5, "text": 9.0, "small": 7.5}
"""Points."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and values in two columns."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; `quiet` for remarks."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A table. `widths` are shares of the line; a head is repeated on each page; `right` are columns of numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    right: frozenset[int] = frozenset()
    size: Literal["text", "small"] = "small"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture (JPEG, PNG or WebP bytes; None where only its words are known) and its caption."""

    content: bytes | None
    caption: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """Two pictures a row, each with its words."""

    pictures: Sequence[Picture]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Lines to sign on paper."""

    labels: Sequence[str]


Block = Facts | Words | Rows | Pictures | Signatures


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """All texts are ready for print. `foot` stands on every page, followed by the page's number."""

    kind: str
    title: str
    subtitle: str
    marks: Sequence[str]
    foot: str
    made_at: datetime
    language: str
    sections: Sequence[Section] = field(default_factory=tuple)

    def texts(self) -> Iterator[str]:
        """Every text, for the font."""
        yield from (self.kind, self.title, self.subtitle, self.foot, *self.marks)
        for section in self.sections:
            yield section.title
            for block in section.blocks:
                match block:
                    case Facts():
                        yield from (text for pair in block.pairs for text in pair)
                    case Words():
                        yield block.text
                    case Rows():
                        yield from block.head
                        yield from (cell for row in block.rows for cell in row)
                    case Pictures():
                        yield from (one.caption for one in block.pictures)
                    case Signatures():
                        yield from block.labels


class _Paper(FPDF):
    """The sheet: fonts, head and foot of each page, and the few ways in which blocks are drawn."""

    def __init__(self, document: Document) -> None:
        super().__init__(format="A4")
        self.document = document
        text = "".join(document.texts()) + "0123456789/ ·#"
        self._known: dict[str, frozenset[int]] = {}
        for style, weight in (("", 400), ("B", 700)):
            path, known = printed_font(700 if weight == 700 else 400).covering(text)
            self.add_font("case", style, path)
            self._known[style] = known
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(False)
        self.alias_nb_pages("##")
        self.set_title(f"{document.kind} {document.title}")
        self.set_creator("gridaudit")
        self.set_producer("gridaudit")
        self.set_creation_date(document.made_at)
        self.set_lang("zh-CN" if document.language == "zh" else "en")
        self.bottom = self.h - 16
        self.pen("text")

    def pen(self, size: str, *, bold: bool = False, colour: Grey = INK) -> None:
        """What the next texts look like."""
        self.style = "B" if bold else ""
        self.set_font("case", self.style, SIZES[size])
        self.set_text_color(*colour)
        self.line_mm = SIZES[size] * 0.3528 * 1.45

    def clean(self, text: str) -> str:
        """Printable: blanks for what has no shape, a sign for what the font lacks."""
        known = self._known[self.style]
        return "".join(
            character
            if ord(character) in known or character == "\n"
            else " "
            if unicodedata.category(character)[0] in "CZ"
            else MISSING
            for character in text
        )

    def lines(self, text: str, width: float) -> list[str]:
        """The text in lines of `width` millimetres."""
        return wrapped(self.clean(text), width, self.get_string_width)

    def put(self, x: float, y: float, width: float, lines: Sequence[str], align: Literal["L", "R"] = "L") -> None:
        """Lines with their upper left corner at x, y."""
        for i, line in enumerate(lines):
            self.set_xy(x, y + i * self.line_mm)
            self.cell(width, self.line_mm, line, align=align, new_x=XPos.RIGHT, new_y=YPos.TOP)

    def room(self, height: float) -> bool:
        """Make room for `height`; whether a new page was begun for it."""
        if self.y + height <= self.bottom:
            return False
        self.add_page()
        return True

    def header(self) -> None:
        """On every page but the first: which document this is."""
        if self.page_no() > 1:
            self.pen("small", colour=QUIET)
            self.put(MARGIN, 9, self.epw, [self.clean(f"{self.document.kind} · {self.document.title}")])
        self.set_y(MARGIN)

    def footer(self) -> None:
        """Who printed it and when, and the page."""
        self.pen("small", colour=QUIET)
        self.put(MARGIN, self.h - 11, self.epw, [self.clean(self.document.foot)])
        self.put(MARGIN, self.h - 11, self.epw, [f"{self.page_no()} / ##"], "R")

    def rule(self) -> None:
        """A thin line across."""
        self.set_draw_color(*EDGE)
        self.set_line_width(0.25)
        self.line(MARGIN, self.y, self.w - MARGIN, self.y)


def _head(paper: _Paper, document: Document) -> None:
    paper.pen("small", colour=QUIET)
    paper.put(MARGIN, paper.y, paper.epw, [paper.clean(document.kind)])
    paper.set_y(paper.y + paper.line_mm + 1)
    paper.pen("title", bold=True)
    paper.put(MARGIN, paper.y, paper.epw, [paper.clean(document.title)])
    paper.set_y(paper.y + paper.line_mm)
    for text, bold in ((document.subtitle, True), (" · ".join(document.marks), False)):
        paper.pen("text" if not bold else "heading", colour=INK if bold else QUIET)
        lines = paper.lines(text, paper.epw)
        paper.put(MARGIN, paper.y, paper.epw, lines)
        paper.set_y(paper.y + len(lines) * paper.line_mm - (len(lines) - 1) * paper.line_mm)
    paper.set_y(paper.y + 1)


def _facts(paper: _Paper, block: Facts) -> None:
    column = (paper.epw - GAP) / 2
    label = column * 0.32
    for left in range(0, len(block.pairs), 2):
        both = block.pairs[left : left + 2]
        paper.pen("text")
        values = [paper.lines(value, column - label) for _, value in both]
        paper.pen("small")
        labels = [paper.lines(name, label - 2) for name, _ in both]
        high = max(len(lines) for lines in values) * SIZES["text"] * 0.3528 * 1.45
        high = max(high, max(len(lines) for lines in labels) * paper.line_mm) + 1
        paper.room(high)
        y = paper.y
        for i, (name, value) in enumerate(zip(labels, values, strict=True)):
            x = MARGIN + i * (column + GAP)
            paper.pen("small", colour=QUIET)
            paper.put(x, y + 0.45, label, name)
            paper.pen("text")
            paper.put(x + label, y, column - label, value)
        paper.set_y(y + high)


def _words(paper: _Paper, block: Words) -> None:
    paper.pen("small" if block.quiet else "text", colour=QUIET if block.quiet else INK)
    for line in paper.lines(block.text, paper.epw):
        paper.room(paper.line_mm)
        y = paper.y
        paper.put(MARGIN, y, paper.epw, [line])
        paper.set_y(y + paper.line_mm)
    paper.set_y(paper.y + 1)


def _row(paper: _Paper, block: Rows, cells: Sequence[list[str]], *, head: bool) -> None:
    high = max(1, *(len(lines) for lines in cells)) * paper.line_mm + 2 * PADDING
    y, x, total = paper.y, MARGIN, sum(block.widths)
    if head:
        paper.set_fill_color(*SHADE)
        paper.rect(MARGIN, y, paper.epw, high, style="F")
    for i, lines in enumerate(cells):
        width = paper.epw * block.widths[i] / total
        paper.put(x + PADDING, y + PADDING, width - 2 * PADDING, lines, "R" if i in block.right else "L")
        x += width
    paper.set_y(y + high)
    paper.rule()


def _cells(paper: _Paper, block: Rows, row: Sequence[str]) -> list[list[str]]:
    total = sum(block.widths)
    return [paper.lines(text, paper.epw * block.widths[i] / total - 2 * PADDING) for i, text in enumerate(row)]


def _rows(paper: _Paper, block: Rows) -> None:
    def draw_head() -> None:
        paper.pen(block.size, bold=True, colour=QUIET)
        _row(paper, block, _cells(paper, block, block.head), head=True)
        paper.pen(block.size)

    paper.room(20)
    draw_head()
    most = int((paper.bottom - MARGIN - 14) / paper.line_mm)
    for row in block.rows:
        rest = _cells(paper, block, row)
        # A cell higher than a page goes on in a further row of the same columns.
        while any(rest):
            part, rest = [lines[:most] for lines in rest], [lines[most:] for lines in rest]
            if paper.room(max(len(lines) for lines in part) * paper.line_mm + 2 * PADDING):
                draw_head()
            _row(paper, block, part, head=False)
    paper.set_y(paper.y + 2)


def _small_copy(content: bytes) -> tuple[BytesIO, float] | None:
    """A JPEG no larger than needed on paper, and its height over its width; None for bytes that are no picture."""
    try:
        with Image.open(BytesIO(content)) as image:
            image.thumbnail((PICTURE_PIXELS, PICTURE_PIXELS))
            written = BytesIO()
            image.convert("RGB").save(written, "JPEG", quality=82)
            return written, image.height / image.width
    except (OSError, Image.DecompressionBombError):
        return None


def _pictures(paper: _Paper, block: Pictures) -> None:
    column = (paper.epw - GAP) / 2
    for left in range(0, len(block.pictures), 2):
        pair = block.pictures[left : left + 2]
        paper.pen("small")
        captions = [paper.lines(one.caption, column) for one in pair]
        copies = [_small_copy(one.content) if one.content else None for one in pair]
        drawn = any(copies)
        high = (PICTURE_HEIGHT + 1.5 if drawn else 0) + max(len(lines) for lines in captions) * paper.line_mm + 3
        paper.room(high)
        y = paper.y
        for i, made in enumerate(copies):
            x = MARGIN + i * (column + GAP)
            if made:
                copy, ratio = made
                width = min(column, PICTURE_HEIGHT / ratio)
                paper.image(copy, x, y, w=width, h=width * ratio)
            paper.put(x, y + (PICTURE_HEIGHT + 1.5 if drawn else 0), column, captions[i])
        paper.set_y(y + high)


def _signatures(paper: _Paper, block: Signatures) -> None:
    paper.room(20)
    width = paper.epw / len(block.labels)
    y = paper.y + 14
    paper.set_draw_color(*QUIET)
    for i, label in enumerate(block.labels):
        x = MARGIN + i * width
        paper.line(x, y, x + width - 6, y)
        paper.pen("small", colour=QUIET)
        paper.put(x, y + 1, width - 6, [paper.clean(label)])
    paper.set_y(y + 8)


def _block(paper: _Paper, block: Block) -> None:
    match block:
        case Facts():
            _facts(paper, block)
        case Words():
            _words(paper, block)
        case Rows():
            _rows(paper, block)
        case Pictures():
            _pictures(paper, block)
        case Signatures():
            _signatures(paper, block)


def render(document: Document) -> bytes:
    """The PDF. A picture that cannot be read is left out, its words stay."""
    paper = _Paper(document)
    paper.add_page()
    _head(paper, document)
    for section in document.sections:
        paper.room(24)
        paper.set_y(paper.y + 4)
        paper.pen("heading", bold=True)
        paper.start_section(section.title)
        paper.put(MARGIN, paper.y, paper.epw, [paper.clean(section.title)])
        paper.set_y(paper.y + paper.line_mm + 0.6)
        paper.rule()
        paper.set_y(paper.y + 2)
        for block in section.blocks:
            _block(paper, block)
    return bytes(paper.output())
