"""Links from one thing to another: a district, a customer, a ticket. A page that isn't there yet leaves plain text."""

from typing import Any
from urllib.parse import quote

import dash
from dash import html
from dash.development.base_component import Component

from components.desk import Crumb, link
from i18n import Language

PLACES = {
    "district": "/districts",
    "customer": "/customers",
    "ticket": "/tickets",
    "risk": "/risks",
    "inspector": "/inspectors",
    "region": "/regions",
}


def address_of(kind: str, key: str | None) -> str | None:
    """Where the page of a thing is; None without a key or without such a page.

    Raises:
        KeyError: a kind that has no pages.
    """
    place = PLACES[kind]
    if not key or not any(
        (page.get("path_template") or "").startswith(f"{place}/<") for page in dash.page_registry.values()
    ):
        return None
    return f"{place}/{quote(key, safe='')}"


def thing(kind: str, key: str | None, text: Any = None) -> Component | str | None:
    """A link to a thing, named by `text` or its key; plain where it has no page; None without a key."""
    if not key:
        return None
    shown = text if text is not None else key
    address = address_of(kind, key)
    return html.Span(shown) if address is None else link(shown, address, className="number")


def unit_crumbs(units: list[dict[str, Any]], language: Language) -> list[Crumb]:
    """The units above a thing as steps of its breadcrumb, each leading to its region's page."""
    return [Crumb(unit[f"name_{language}"], address_of("region", unit["code"])) for unit in units]
