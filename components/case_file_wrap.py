"""Lines of a given width from text that mixes Chinese and Latin: what may stand at the end and the start of a line.

Chinese may break after any character, but a closing mark never begins a line and an opening one never ends it (避头尾).
Words and numbers stay whole unless they alone are wider than the line, as hashes are.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

NOT_FIRST = frozenset("，。、；：！？）】》〉」』”’…％%,.;:!?)]}·—～°")
NOT_LAST = frozenset("（【《〈「『“‘([{¥￥")
_WIDE_FROM = 0x2E80
"""CJK radicals, and nearly everything wide after them."""

Measure = Callable[[str], float]


def _wide(character: str) -> bool:
    return ord(character) >= _WIDE_FROM or (character in NOT_FIRST and ord(character) > 0x2000)


@lru_cache(maxsize=4096)
def _units(text: str) -> tuple[str, ...]:
    """The pieces between which a line may break; a blank stays at the end of the piece before it."""
    units: list[str] = []
    glue = False
    for character in text:
        joins = bool(units) and (
            glue
            or character == " "
            or character in NOT_FIRST
            or not (_wide(character) or _wide(units[-1][-1]) or units[-1].endswith(" "))
        )
        if joins:
            units[-1] += character
        else:
            units.append(character)
        glue = character in NOT_LAST
    return tuple(units)


def _pieces(text: str, width: float, measure: Measure) -> Iterator[str]:
    """Units, and the parts of one that is wider than the line."""
    for unit in _units(text):
        rest = unit
        while len(rest) > 1 and measure(rest.rstrip()) > width:
            length = next((n for n in range(len(rest), 1, -1) if measure(rest[:n]) <= width), 1)
            yield rest[:length]
            rest = rest[length:]
        yield rest


def wrapped(text: str, width: float, measure: Measure) -> list[str]:
    """`text` as lines no wider than `width` in the unit of `measure`; a line break in it is kept.

    One character that is wider than the line stands alone on its line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for piece in _pieces(paragraph, width, measure):
            size = measure(piece)
            if line and used + measure(piece.rstrip()) > width:
                lines.append(line.rstrip())
                line, used = "", 0.0
            line += piece
            used += size
        lines.append(line.rstrip())
    return lines
