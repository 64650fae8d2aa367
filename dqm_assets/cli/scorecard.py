"""``dqm scorecard``: the health of everything that is watched, and its reports."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, print_json, print_table


def scorecard(
    output: Annotated[
        Path | None, typer.Option(help="Write the reports into this folder as well.", file_okay=False)
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days to look back on.")] = 30,
    json_output: JsonFlag = False,
) -> None:
    """Score every dataset, source, owner and the whole; exit code 1 when a dataset is failing."""
    from dqm_assets.pipeline.score_drops import ScoreRules
    from dqm_assets.pipeline.scores import update_scores
    from dqm_assets.reports.documents import write_reports
    from dqm_assets.reports.portfolio import GroupHealth, read_portfolio
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    where = settings()
    rules = ScoreRules.of(where)
    with open_store(where) as store:
        update_scores(store, rules=rules)
        portfolio = read_portfolio(store, days=days)
    written = (
        write_reports(portfolio, output, dashboard=where.dashboard_url, weights=rules.weights)
        if output
        else ()
    )
    datasets = [
        {
            "dataset": dataset.name,
            "score": round(dataset.score, 1),
            "status": dataset.status,
            **{part: round(share, 4) for part, share in dataset.parts.items()},
            "open_alerts": dataset.open_alerts,
            "owner": dataset.owner,
        }
        for dataset in portfolio.datasets
    ]
    if json_output:

        def listed(word: str, groups: Sequence[GroupHealth]) -> list[dict]:
            return [
                {word: group.name, "score": group.score, "datasets": group.datasets}
                | {"open_alerts": group.open_alerts, "status": group.status}
                for group in groups
            ]

        print_json(
            {
                "score": portfolio.score,
                "status": portfolio.status,
                "datasets": datasets,
                "owners": listed("owner", portfolio.owners),
                "sources": listed("source", portfolio.sources),
                "reports": [report.path for report in written],
            }
        )
    else:
        print_table(
            f"Health of {len(datasets)} datasets: {portfolio.score:.1f} of 100, {portfolio.status}"
            if portfolio.score is not None
            else "Nothing is scored yet: scores come with the first judged batch.",
            datasets,
        )
        for report in written:
            console.print(f"wrote {report.path}", highlight=False)
    if any(dataset.status == "failing" for dataset in portfolio.datasets):
        raise typer.Exit(DATA_FAILED)
