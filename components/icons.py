"""Icons: Tabler's outline set, shipped in `assets/icons/`, drawn as masks in the colour of the text around them."""

from dash import html

from components.attributes import attributes


def icon(name: str) -> html.Span:
    """The icon `name`; decoration only, so hidden from screen readers. A name without a file shows nothing."""
    return html.Span(className=f"icon icon-{name}", **attributes({"aria-hidden": "true"}))
