"""Layers of assets: what a dataset is made from, and what is made from it."""

from dash_app.services.lineage import Asset, layers_of


def asset(name: str, *above: str, group: str = "own") -> Asset:
    return Asset((name,), group, "", tuple((each,) for each in above), None, "", 0)


def test_assets_lie_below_all_that_they_are_made_from_and_neighbours_are_left_out() -> None:
    nodes = [
        asset("raw"),
        asset("metrics", "raw"),
        asset("registry", "raw", "metrics"),
        asset("alerts", "registry", "other_registry", group="monitoring"),
        asset("other_registry", group="other"),
    ]
    layers = layers_of(nodes, ("own",))
    assert [[each.name for each in layer] for layer in layers] == [
        ["raw"],
        ["metrics"],
        ["registry"],
        ["alerts"],
    ]


def test_an_unknown_group_has_no_layers() -> None:
    assert layers_of([asset("raw")], ("nope",)) == ()
