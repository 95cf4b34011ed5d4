"""Say what is wrong with the settings in the words of whoever set them: the variable, its value, what was expected."""

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings

import settings as settings_module


def concerns() -> list[type[BaseSettings]]:
    """Every class of settings.py that reads variables of its own."""
    return [
        each
        for each in vars(settings_module).values()
        if isinstance(each, type)
        and issubclass(each, BaseSettings)
        and each not in (BaseSettings, settings_module.Settings)
    ]


def variable(concern: type[BaseSettings], field: str) -> str:
    """Name of the environment variable of a field.

    >>> variable(settings_module.WebSettings, "port")
    'GRIDAUDIT_PORT'
    """
    return f"{concern.model_config.get('env_prefix', '')}{field}".upper()


def explain(error: ValidationError) -> str:
    """One line a fault. Values of secrets are not repeated."""
    concern = next((each for each in concerns() if each.__name__ == error.title), None)
    lines = []
    for fault in error.errors():
        message = fault["msg"].removeprefix("Value error, ")
        field = str(fault["loc"][0]) if fault["loc"] else ""
        known = concern is not None and field in concern.model_fields
        if not known or concern is None:
            lines.append(message)
            continue
        secret = SecretStr in getattr(concern.model_fields[field].annotation, "__args__", ())
        value = "" if secret else f" is {fault['input']!r}"
        lines.append(f"{variable(concern, field)}{value}: {message}")
    return "\n".join(f"Setting {line}" for line in lines)
