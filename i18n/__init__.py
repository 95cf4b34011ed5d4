"""The catalogues: every text that a user sees, in English and 简体中文.

One YAML file a subject and language (`en/wall.yaml`, `zh/wall.yaml`), flat `key: text`; the subject is the first part
of the key: `wall.on_duty`. `./run check` refuses a key that one language lacks and a placeholder that the two do not
share.
"""

from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Literal, get_args

import yaml

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FOLDER = Path(__file__).resolve().parent


class UnknownText(KeyError):
    """A key that no catalogue has: a fault of the program."""

    def __init__(self, key: str, language: str) -> None:
        super().__init__(f"no text {key!r} in i18n/{language}/{key.split('.', 1)[0]}.yaml")


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: Language) -> dict[str, str]:
    """All texts of a language: full key → text."""
    texts: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.yaml")):
        for key, value in (yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}).items():
            texts[f"{path.stem}.{key}"] = str(value)
    return texts


def t(key: str, language: Language, **values: object) -> str:
    """The text for `key`, placeholders such as `{count}` filled in.

    Raises:
        UnknownText: the catalogue of this language has no such key.
    """
    try:
        text = catalogue(language)[key]
    except KeyError:
        raise UnknownText(key, language) from None
    return text.format(**values) if values else text


def faults() -> list[str]:
    """What is wrong with the catalogues, one sentence each; empty when both languages are complete."""
    found: list[str] = []
    for language in LANGUAGES:
        for other in LANGUAGES:
            found += [
                f"{key} is in {other} but not in {language}"
                for key in catalogue(other)
                if key not in catalogue(language)
            ]
    first, *rest = LANGUAGES
    for language in rest:
        for key in catalogue(first).keys() & catalogue(language).keys():
            names = [
                {name for _, name, _, _ in Formatter().parse(catalogue(lang)[key]) if name}
                for lang in (first, language)
            ]
            if names[0] != names[1]:
                found.append(f"{key}: placeholders differ, {first} {sorted(names[0])}, {language} {sorted(names[1])}")
    return sorted(found)
