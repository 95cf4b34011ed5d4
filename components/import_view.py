"""What the page of imports shows: the form, the templates, and what became of the last imports."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from components import format as fmt
from components.attributes import attributes
from components.desk import columns, section
from components.icons import icon
from components.notice import empty_state
from components.table import Column, table
from i18n import Language, t

RUNNING = ("queued", "reading", "checking", "writing")
_KINDS = {"done": "good", "refused": "warn", "failed": "late"}
_SIGNS = {"done": "circle-check", "refused": "alert-triangle", "failed": "clock-exclamation"}


def form(kinds: Sequence[str], systems: Sequence[str], suffixes: Sequence[str], language: Language) -> html.Div:
    """The choices; `assets/js/desk/imports.js` sends them with the file."""

    def choice(name: str, options: list[html.Option]) -> html.Div:
        label = html.Label(t(f"imports.field_{name}", language), htmlFor=f"import-{name}")
        return html.Div([label, html.Select(options, id=f"import-{name}", className="import__field")])

    kind_options = [html.Option(t(f"imports.kind_{kind}", language), value=kind) for kind in kinds]
    system_options = [html.Option(t("imports.system_file", language), value="")]
    system_options += [html.Option(_system(system), value=system) for system in systems]
    chosen = html.Span(t("imports.no_file", language), id="import-name", className="quiet")
    pick = html.Button(
        [icon("file-import"), t("imports.choose_file", language)],
        type="button",
        className="button",
        **attributes({"data-import": "choose", "data-accept": ",".join(suffixes)}),
    )
    return html.Div(
        [
            columns(choice("kind", kind_options), choice("system", system_options)),
            html.Div(
                [html.Span(t("imports.field_file", language)), html.Div([pick, chosen], className="import__file")]
            ),
            html.Div(
                [
                    html.Label(t("imports.field_mapping", language), htmlFor="import-mapping"),
                    dcc.Textarea(id="import-mapping", rows=2, className="import__field"),
                ]
            ),
            html.Div(
                [
                    dmc.Checkbox(id="import-dry_run", label=t("imports.field_dry_run", language), checked=True),
                    dmc.Checkbox(id="import-keep_good", label=t("imports.field_keep_good", language)),
                ],
                className="import__switches",
            ),
            html.Div(
                [
                    html.Button(
                        [icon("upload"), t("imports.send", language)],
                        type="button",
                        disabled=True,
                        className="button button--main",
                        **attributes({"data-import": "send"}),
                    ),
                    html.Span(
                        id="import-said",
                        role="status",
                        **attributes(
                            {
                                "data-sending": t("imports.sending", language),
                                "data-queued": t("imports.sent", language),
                                "data-lost": t("imports.lost", language),
                            }
                        ),
                    ),
                ],
                className="import__send",
            ),
        ],
        className="import",
    )


def _system(name: str) -> str:
    return {"wgs84": "WGS-84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}.get(name, name.upper())


def templates(kinds: Sequence[str], language: Language) -> html.Ul:
    """A line a kind with its two files."""
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(t(f"imports.kind_{kind}", language)),
                    *(
                        html.A(
                            [icon("download"), form_name.upper()],
                            href=f"/api/v1/imports/templates/{kind}/{form_name}?lang={language}",
                            className="button button--bare",
                            **attributes({"aria-label": f"{t(f'imports.kind_{kind}', language)} {form_name.upper()}"}),
                        )
                        for form_name in ("xlsx", "csv")
                    ),
                ]
            )
            for kind in kinds
        ],
        className="import__templates",
    )


def recent_view(rows: Sequence[Mapping[str, Any]], language: Language, explain: Any) -> Any:
    """The last imports, newest first. `explain(code, values)` words a refusal."""
    if not rows:
        return empty_state(t("imports.none_yet", language), t("imports.none_hint", language), "file-import")

    def state(row: Mapping[str, Any]) -> Any:
        kind = _KINDS.get(row["state"], "off")
        words = [t(f"imports.state_{row['state']}", language)]
        if row["options"].get("dry_run"):
            words.append(t("imports.dry", language))
        sign = icon(_SIGNS.get(row["state"], "clock"))
        said: list[Any] = [html.Span([sign, html.Span(" · ".join(words))], className=f"import__state is-{kind}")]
        if row["error_code"]:
            said.append(html.Div(explain(row["error_code"], row["error_values"] or {}), className="import__why"))
        return html.Div(said)

    def result(row: Mapping[str, Any]) -> str:
        counts = (row["rows_new"], row["rows_changed"], row["rows_equal"])
        return " / ".join(fmt.number(count, language) for count in counts) if row["state"] == "done" else fmt.NOTHING

    def download(row: Mapping[str, Any]) -> Any:
        if not row["has_report"]:
            return fmt.NOTHING
        return html.A(
            [icon("download"), t("imports.report", language)],
            href=f"/api/v1/imports/{row['id']}/report",
            className="button button--bare",
        )

    def number(name: str, head: str) -> Column:
        return Column(t(f"imports.col_{head}", language), lambda row: fmt.number(row[name], language), "number")

    newest = rows[0]
    return table(
        [
            Column(t("imports.col_at", language), lambda row: fmt.moment(row["requested_at"], language)),
            Column(t("imports.col_kind", language), lambda row: t(f"imports.kind_{row['kind']}", language)),
            Column(t("imports.col_file", language), lambda row: html.Span(row["file_name"], title=row["file_name"])),
            Column(t("imports.col_state", language), state),
            number("rows_read", "rows"),
            Column(t("imports.col_result", language), result, "number"),
            number("rows_faulty", "faulty"),
            number("warnings", "warnings"),
            Column(t("imports.col_report", language), download),
        ],
        rows,
        caption=t("imports.recent", language),
        empty=t("imports.none_yet", language),
        key=f"{newest['id']}-{newest['state']}-{newest['rows_read']}",
    )


def whole(
    kinds: Sequence[str], systems: Sequence[str], suffixes: Sequence[str], recent: Any, language: Language
) -> list[Any]:
    """The page's cards."""
    return [
        columns(
            section(
                t("imports.new_import", language), form(kinds, systems, suffixes, language),
                note=t("imports.new_note", language),
            ),
            section(t("imports.templates", language), templates(kinds, language),
                    note=t("imports.templates_note", language)),
            template="minmax(0, 3fr) minmax(260px, 1fr)",
        ),
        section(t("imports.recent", language), html.Div(recent, id="import-recent")),
    ]  # fmt: skip
