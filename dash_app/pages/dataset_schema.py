"""The schema tab of a dataset: its columns now, and every change of them."""

from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, empty
from dash_app.components.number import MISSING, plural
from dash_app.components.run_id import run_id_text
from dash_app.components.status import CHANGE_MARKS, badge, mark_of
from dash_app.components.table import Heading, table
from dash_app.components.when import when
from dash_app.links import dataset_link, run_link
from dash_app.services.schema import SchemaVersion, schema_versions
from dash_app.services.services import Services


async def schema_tab(services: Services, dataset: str) -> Component:
    """Lay out the columns of the newest batch beside the history of their changes."""
    versions = await services.reads(schema_versions, dataset)
    if not versions:
        return html.Section(
            empty(
                "No columns known yet",
                html.P("The columns of each batch of files are kept from its arrival on."),
            ),
            className="card",
        )
    return html.Div(
        [_columns(dataset, versions[0]), _history(dataset, versions)], className="columns columns-halves"
    )


def _columns(dataset: str, newest: SchemaVersion) -> Component:
    rows = [
        [
            dcc.Link(column.name, href=dataset_link(dataset, column=column.name)),
            html.Span(column.type, className="raw"),
            html.Span(column.written, className="raw") if column.written != column.name else MISSING,
        ]
        for column in newest.columns
    ]
    return card(
        plural(len(newest.columns), "column"),
        table("Columns", (Heading("Column"), Heading("Type"), Heading("As written")), rows),
        note=html.Span(["as ", run_id_text(newest.run_id), " brought them"]),
    )


def _history(dataset: str, versions: tuple[SchemaVersion, ...]) -> Component:
    changed = [version for version in versions if version.changes]
    first = versions[-1]
    items = [_version(dataset, version) for version in changed]
    if not first.changes:
        items.append(
            html.Li(
                [
                    html.Strong(f"First seen with {plural(len(first.columns), 'column')}"),
                    " · ",
                    when(first.ts),
                    html.Div(dcc.Link(run_id_text(first.run_id), href=run_link(dataset, first.run_id))),
                ]
            )
        )
    note = f"{plural(len(changed), 'batch', 'batches')} with other columns than the one before"
    return card("Schema history", html.Ol(items, className="timeline"), note=note)


def _version(dataset: str, version: SchemaVersion) -> Component:
    changes = [
        html.Li(
            [
                badge(mark_of(CHANGE_MARKS, "breaking" if change.breaking else "harmless")),
                html.Span(change.message, className="change-text"),
            ]
        )
        for change in version.changes
    ]
    return html.Li(
        [
            html.Strong(plural(len(version.changes), "change")),
            " · ",
            when(version.ts),
            " · ",
            dcc.Link(run_id_text(version.run_id), href=run_link(dataset, version.run_id)),
            html.Ul(changes, className="changes"),
        ]
    )
