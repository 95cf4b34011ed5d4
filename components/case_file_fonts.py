"""The font of a printed case file: one small TrueType file for exactly the characters of a document.

The shipped font comes as about ninety slices with variable weight, cut for browsers (`assets/fonts/fonts.css` says
which characters lie in which). A PDF wants one plain font a weight: the slices that a text needs are cut to its
characters, brought to that weight, and joined. Characters only ever add up in a process, so that after the first few
documents nothing is left to do.
"""

import re
import tempfile
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Literal

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from settings import ROOT

FOLDER = ROOT / "assets" / "fonts"
Weight = Literal[400, 700]
MISSING = "〓"
"""Stands for a character that no slice has (下駄: a printer's sign for a missing letter)."""
KEPT_FILES = 8
"""Another thread may be about to open the file before the newest."""
_FACE = re.compile(r"src:url\((?P<file>[^)]+)\).*?unicode-range:(?P<ranges>[^;}]+)")
_NOT_PRINTED = ("GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "VORG", "HVAR", "MVAR", "VVAR", "meta", "DSIG")
"""Tables that plain horizontal text in one weight does not need."""


@lru_cache(maxsize=1)
def _slices() -> tuple[tuple[str, frozenset[int]], ...]:
    """File name and code points of each slice."""
    found = []
    for face in _FACE.finditer((FOLDER / "fonts.css").read_text(encoding="utf-8")):
        points: set[int] = set()
        for part in face["ranges"].split(","):
            first, _, last = part.strip().removeprefix("U+").partition("-")
            points.update(range(int(first, 16), int(last or first, 16) + 1))
        found.append((face["file"], frozenset(points)))
    return tuple(found)


def _cut(name: str, points: set[int], weight: Weight) -> tuple[bytes, frozenset[int]]:
    """A slice cut down to `points` as a plain font of one weight, and those of them that it really has."""
    font = TTFont(FOLDER / name)
    had = points & set(font.getBestCmap())
    options = Options()
    options.hinting, options.notdef_outline, options.name_IDs = False, True, ["*"]
    options.drop_tables = [*options.drop_tables, *_NOT_PRINTED]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=had)
    subsetter.subset(font)
    # Cut first: bringing a whole slice to a weight takes ten times as long.
    instantiateVariableFont(font, {"wght": weight}, inplace=True)
    font.flavor = None
    written = BytesIO()
    font.save(written)
    return written.getvalue(), frozenset(had)


class PrintedFont:
    """One weight of the font; `path` and `characters` grow together."""

    def __init__(self, weight: Weight) -> None:
        self.weight = weight
        self._folder = tempfile.TemporaryDirectory(prefix="gridaudit-font-")
        self._lock = Lock()
        self._asked: set[int] = set()
        self._parts: dict[str, tuple[set[int], bytes, frozenset[int]]] = {}
        """Slice → what was asked of it, the part of the font, what it has."""
        self._files: list[Path] = []
        self._made: tuple[Path, frozenset[int]] | None = None

    def covering(self, text: str) -> tuple[Path, frozenset[int]]:
        """A font file with every character of `text` that we have, and the code points in it. Takes up to seconds."""
        wanted = {ord(character) for character in text + MISSING + " -?"}
        with self._lock:
            if self._made is None or not wanted <= self._asked:
                self._asked |= wanted
                self._made = self._join()
            return self._made

    def _join(self) -> tuple[Path, frozenset[int]]:
        left = set(self._asked)
        for name, points in _slices():
            needed = left & points
            if not needed:
                continue
            known = self._parts.get(name)
            if known is None or known[0] != needed:
                known = self._parts[name] = (needed, *_cut(name, needed, self.weight))
            left -= known[2]
        path = Path(self._folder.name) / f"{len(self._files)}.ttf"
        self._files.append(path)
        for old in self._files[:-KEPT_FILES]:
            old.unlink(missing_ok=True)
        Merger().merge([BytesIO(content) for _, content, _ in self._parts.values()]).save(path)
        return path, frozenset().union(*(had for _, _, had in self._parts.values()))


@lru_cache(maxsize=2)
def printed_font(weight: Weight) -> PrintedFont:
    """The font of a weight in this process."""
    return PrintedFont(weight)
