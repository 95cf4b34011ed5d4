"""The package's own words in English and Chinese: data in `data/texts.yaml`, so that a wheel of it can speak alone."""

from functools import cache
from importlib.resources import files

import yaml

LANGUAGES = ("en", "zh")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every text by key and language."""
    content = files("billing").joinpath("data/texts.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = yaml.load(content, Loader=yaml.CSafeLoader)
    return loaded


def say(key: str, language: str = "en", /, **values: object) -> str:
    """The text of `key` with its placeholders filled; an unknown key is said as it stands (rules of a utility).

    Raises ValueError for a language that the catalogue does not hold.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}: expected one of {', '.join(LANGUAGES)}")
    entry = catalogue().get(key)
    if entry is None:
        details = ", ".join(f"{name}={value}" for name, value in values.items() if value not in ("", None))
        return f"{key} ({details})" if details else key
    return entry[language].format(**values)
