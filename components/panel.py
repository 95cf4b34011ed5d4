"""Panels over the map: the list behind a figure, the card of a thing. Filled by callbacks, opened by the address."""

from typing import Any

from dash import html

from components.attributes import attributes
from components.icons import icon
from components.notice import notice
from i18n import Language, t


def panel(name: str, *, action: str, covers: str, label: str, language: Language) -> html.Section:
    """A closed panel `#name` with a body `#name-body`. `action` is what its close and retry buttons are called after.

    `covers` is the map edge it lies over, so that the map keeps its middle where it can be seen.
    """
    skeleton = [html.Span(className="skeleton", style={"width": f"{width}%"}) for width in (52, 84, 70, 92, 64, 78)]
    waiting: list[Any] = [
        html.Div(skeleton, className="panel__skeleton", **attributes({"aria-hidden": "true"})),
        html.Div(
            [
                notice(t("wall.no_answer", language), language),
                html.Button(
                    [icon("refresh"), t("common.retry", language)],
                    type="button",
                    className="button",
                    **attributes({"data-action": f"retry-{action}"}),
                ),
            ],
            className="panel__unanswered",
        ),
    ]
    close = html.Button(
        icon("x"),
        type="button",
        className="panel__close",
        title=f"{t('common.close', language)} (Esc)",
        **attributes({"data-action": f"close-{action}", "aria-label": t("common.close", language)}),
    )
    return html.Section(
        [close, *waiting, html.Div(id=f"{name}-body", className="panel__body")],
        id=name,
        className=f"panel panel--{name}",
        hidden=True,
        **attributes({"aria-label": label, "data-covers": covers}),
    )
