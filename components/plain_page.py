"""A page outside Dash: sign-in, and what is shown while nothing else can be. No scripts of Dash, the same looks."""

from html import escape

from i18n import Language, t

LANG = {"en": "en", "zh": "zh-CN"}


def plain_page(title: str, body: str, language: Language, *, head: str = "") -> str:
    """A whole HTML document around `body` (HTML that the caller has escaped). Always dark: a control room's door."""
    return (
        f'<!doctype html><html lang="{LANG[language]}" data-theme="dark"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="dark"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title>"
        '<link rel="icon" href="/_favicon.ico">'
        '<link rel="stylesheet" href="/assets/fonts/fonts.css"><link rel="stylesheet" href="/assets/tokens.css">'
        '<link rel="stylesheet" href="/assets/base.css"><link rel="stylesheet" href="/assets/icons/icons.css">'
        f'<link rel="stylesheet" href="/assets/signin/signin.css">{head}</head><body class="door">{body}</body></html>'
    )


def trouble(message: str, reference: str, language: Language, *, again_in_seconds: int | None) -> str:
    """A page that says what is wrong; with `again_in_seconds` it loads itself anew, so that a wall heals by itself."""
    again = t("session.trouble_again", language) if again_in_seconds else ""
    head = f'<meta http-equiv="refresh" content="{again_in_seconds}">' if again_in_seconds else ""
    body = (
        '<main class="door__card door__card--trouble"><p class="door__brand">gridaudit</p>'
        f'<h1 class="door__title">{escape(t("session.trouble_title", language))}</h1>'
        f'<p class="door__text">{escape(message)} {escape(again)}</p>'
        f'<p class="door__hint">{escape(t("session.reference", language, reference=reference))}</p>'
        f'<p><a class="button" href="/">{escape(t("session.trouble_home", language))}</a></p></main>'
    )
    return plain_page(t("session.trouble_title", language), body, language, head=head)
