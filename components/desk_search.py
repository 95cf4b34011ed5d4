"""The search of the top bar: its place. `/` puts the cursor into the first field in it, when there is one."""

from dash import html

from i18n import Language


def search_slot(language: Language) -> html.Div:
    """The place of the search in the top bar, `#desk-search`; empty takes no room."""
    return html.Div(id="desk-search", className="topbar__search", lang="zh-CN" if language == "zh" else "en")
