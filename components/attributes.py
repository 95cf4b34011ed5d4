"""`data-*` and `aria-*` attributes: Dash takes them as keyword arguments whose names Python cannot write."""

from collections.abc import Mapping
from typing import Any


def attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes, to be passed on with `**`."""
    return dict(values)
