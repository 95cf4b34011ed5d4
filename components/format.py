"""Numbers, money, energy, times and ages as people read them, in both languages. Times are shown in Asia/Shanghai.

Money and energy arrive as `Decimal` or as decimal text and are never turned into binary floats.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from i18n import Language, t
from settings import DISPLAY_ZONE

NOTHING = "–"
"""Shown where a value is not known."""
_LOCALES: dict[Language, str] = {"en": "en_GB", "zh": "zh_Hans_CN"}
_ROMAN = ("", "I", "II", "III", "IV")

Number = int | float | Decimal | str


def locale_of(language: Language) -> str:
    """The Babel locale of a language."""
    return _LOCALES[language]


def number(value: Number | None, language: Language, digits: int = 0) -> str:
    """A number with grouping and exactly `digits` decimals."""
    if value is None:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(
        Decimal(value) if isinstance(value, str) else value, format=pattern, locale=locale_of(language)
    )


def percent(part: Number | None, whole: Number | None, language: Language) -> str:
    """`part` of `whole` in percent; nothing known where there is no whole."""
    if part is None or not whole or Decimal(str(whole)) == 0:
        return NOTHING
    return f"{number(Decimal(str(part)) * 100 / Decimal(str(whole)), language)} %"


def yuan(value: Number | None, language: Language, digits: int = 2) -> str:
    """An amount of money in yuan."""
    if value is None:
        return NOTHING
    amount = number(value, language, digits)
    if language == "zh":
        return f"{amount} 元"
    return f"{amount[0]}¥{amount[1:]}" if amount.startswith("-") else f"¥{amount}"


def kilowatt_hours(value: Number | None, language: Language) -> str:
    """An amount of energy."""
    return NOTHING if value is None else f"{number(value, language)} kWh"


def distance(metres: Number | None, language: Language) -> str:
    """A length: metres below a kilometre, else kilometres with one decimal."""
    if metres is None:
        return NOTHING
    size = Decimal(str(metres))
    if size < 1000:
        return t("common.metres", language, n=number(size, language))
    return t("common.kilometres", language, n=number(size / 1000, language, 1))


def from_milliseconds(value: float | None) -> datetime | None:
    """Unix milliseconds as an aware time in UTC."""
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment!r}")
    return moment.astimezone(DISPLAY_ZONE)


def clock(moment: datetime | None, language: Language) -> str:
    """Hours and minutes."""
    return NOTHING if moment is None else format_datetime(_local(moment), "HH:mm", locale=locale_of(language))


def day(value: date | datetime | None, language: Language) -> str:
    """A calendar day."""
    if value is None:
        return NOTHING
    plain = _local(value).date() if isinstance(value, datetime) else value
    return format_date(plain, "yyyy-MM-dd", locale=locale_of(language))


def moment(value: datetime | None, language: Language) -> str:
    """Day and minute, for lists."""
    return NOTHING if value is None else format_datetime(_local(value), "MM-dd HH:mm", locale=locale_of(language))


def duration(seconds: float | None, language: Language) -> str:
    """A length of time in its largest fitting unit."""
    if seconds is None:
        return NOTHING
    whole = max(0.0, float(seconds))
    for limit, size, key in ((90, 1, "seconds"), (5_400, 60, "minutes"), (172_800, 3_600, "hours")):
        if whole < limit:
            return t(f"common.{key}", language, n=number(round(whole / size), language))
    return t("common.days", language, n=number(round(whole / 86_400), language))


def deadline(due: datetime | None, now: datetime, language: Language) -> str:
    """How long until a deadline, or how long past it."""
    if due is None:
        return NOTHING
    seconds = (due - now).total_seconds()
    key = "wall.overdue_by" if seconds < 0 else "wall.due_in"
    return t(key, language, age=duration(abs(seconds), language))


def roman(level: int | None) -> str:
    """A risk level as its numeral, I to IV."""
    return _ROMAN[level] if level and 1 <= level <= 4 else NOTHING
