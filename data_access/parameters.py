"""What is wrong with a value that came from outside: a safe message that names it and says what is allowed."""

from datetime import date


class BadParameter(ValueError):
    """A parameter that cannot be used. Its text is safe to show: what the sender sent, and what we accept."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        shown = str(value)
        self.name = name
        self.value = shown if len(shown) <= 80 else f"{shown[:80]}…"
        self.expected = expected
        super().__init__(f"{name}: got {self.value!r}, expected {expected}")


FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2079, 12, 31)


def parse_day(name: str, value: str) -> date:
    """A calendar day `YYYY-MM-DD` (Asia/Shanghai).

    Raises:
        BadParameter: another form, or outside 2000-2079.
    """
    expected = f"a day as YYYY-MM-DD from {FIRST_DAY} to {LAST_DAY}"
    try:
        if len(value) != 10:
            raise ValueError
        day = date.fromisoformat(value)
    except ValueError:
        raise BadParameter(name, value, expected) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise BadParameter(name, value, expected)
    return day


def parse_whole(name: str, value: str, lowest: int, highest: int) -> int:
    """A whole number within bounds, both inclusive.

    Raises:
        BadParameter: not a whole number, or out of bounds.
    """
    expected = f"a whole number from {lowest} to {highest}"
    if not (value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 12):
        raise BadParameter(name, value, expected)
    number = int(value)
    if not lowest <= number <= highest:
        raise BadParameter(name, value, expected)
    return number


def parse_box(name: str, value: str) -> tuple[float, float, float, float]:
    """A bounding box `west,south,east,north` in degrees (WGS-84).

    Raises:
        BadParameter: not four numbers, outside the world, or empty.
    """
    expected = "west,south,east,north in degrees with west < east and south < north"
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError:
        raise BadParameter(name, value, expected) from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadParameter(name, value, expected)
    return west, south, east, north
