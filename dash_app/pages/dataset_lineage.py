"""The lineage tab of a dataset: Dagster's assets from the source to the alerts, each a link into Dagster."""

from dash import html
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty
from dash_app.components.number import plural
from dash_app.components.toolbar import outside_link
from dash_app.components.when import when
from dash_app.links import dagster_asset_link, dagster_run_link
from dash_app.services.datasets import dataset_summaries
from dash_app.services.lineage import Asset
from dash_app.services.services import Services


async def lineage_tab(services: Services, dataset: str) -> Component:
    """Lay out the assets in layers, upstream on the left."""
    summaries = await services.reads(dataset_summaries, dataset)
    table_name = summaries[0].table_name.removeprefix("raw.") if summaries else dataset
    lineage = await services.dagster.lineage_of((table_name, dataset))
    url = services.settings.dagster_url
    if lineage.problem:
        return html.Section(
            empty(
                "Dagster does not answer",
                html.P(["Lineage is asked of ", outside_link(url, url), ": ", lineage.problem]),
                html.P(["Start it with ", command("dqm up"), " and come back to this tab."]),
                sign="✕",
            ),
            className="card",
        )
    if not lineage.layers:
        return html.Section(
            empty(
                "No assets of this dataset",
                html.P(["Dagster knows no asset group ", command(table_name), ". Reload its code location."]),
            ),
            className="card",
        )
    amount = sum(map(len, lineage.layers))
    own = {table_name, dataset}
    layers = [
        html.Ol([_asset(url, asset, own=asset.group in own) for asset in layer], className="layer")
        for layer in lineage.layers
    ]
    graph = outside_link(
        "Asset graph",
        f"{url}/asset-groups" if not table_name else f"{url}/locations/dqm/asset-groups/{table_name}/lineage",
    )
    return card(
        "Lineage",
        html.Div(layers, className="lineage", role="region", tabIndex="0", **{"aria-label": "Lineage"}),
        note=f"{plural(amount, 'asset')} in Dagster, from what is read to what is told",
        right=html.Span(graph, className="tool"),
    )


def _asset(url: str, asset: Asset, *, own: bool) -> Component:
    run = (
        html.Span(
            [
                "made ",
                html.A(
                    when(asset.materialized, "ago"),
                    href=dagster_run_link(url, asset.run_id),
                    target="_blank",
                    rel="noopener",
                ),
            ]
        )
        if asset.run_id
        else html.Span("never made", className="muted")
    )
    facts: list[Component | str] = [run]
    if asset.checks:
        facts += [" · ", plural(asset.checks, "check")]
    above = ", ".join("/".join(key) for key in asset.upstream)
    return html.Li(
        [
            outside_link(asset.name, dagster_asset_link(url, asset.key)),
            html.Div(facts, className="muted"),
            html.Div(f"from {above}", className="asset-from", title=above) if above else None,
        ],
        className="asset asset-own" if own else "asset",
        title=asset.description or None,
    )
