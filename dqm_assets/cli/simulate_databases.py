"""``dqm simulate databases``: twelve sources over a month with known faults, looked at each morning."""

import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, log_console, print_json, print_table


def databases(
    *,
    days: Annotated[int, typer.Option(min=1, max=30, help="Days that pass.")] = 30,
    mysql: Annotated[
        str | None, typer.Option(help="URL of an empty MySQL or MariaDB database; SQLite takes its place.")
    ] = None,
    json_output: JsonFlag = False,
) -> None:
    """Make twelve sources, two of which fail, let a month with ten faults pass, and say what was found.

    Works in this home's store and PostgreSQL; files and contracts stay in its ``simulated_databases/``. Exit
    code 1 when a fault was missed or an alert was false.
    """
    from dqm_assets.cli.simulated_month import simulate_month
    from dqm_assets.settings import settings
    from dqm_assets.simulate.landscape import first_day, landscape
    from dqm_assets.store import open_store

    folder = settings().home / "simulated_databases"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    where = settings().model_copy(update={"contracts": folder / "contracts"})
    with open_store(where) as store:
        made = landscape(folder, _new_database, mysql, first_day(datetime.now(UTC).date(), days))

        def told(day: int, done: Any) -> None:
            away = [one.source for one in done if one.reason]
            failing = [
                table.dataset for one in done if not one.reason for table in one.tables if table.reason
            ]
            log_console.print(f"day {day}: away {away}, failing {failing}", highlight=False)

        report = simulate_month(store, where, made, days, told)
    if json_output:
        print_json(asdict(report))
    else:
        _show(report)
    if report.missed or report.false:
        raise typer.Exit(DATA_FAILED)


def _show(report: Any) -> None:
    rows = [_row(fault, alert) for fault, alert in report.found]
    rows += [_row(fault, None) for fault in report.missed]
    print_table("faults", rows)
    print_table(f"{len(report.false)} false alerts", [asdict(one) for one in report.false])
    for title in report.pipelines:
        console.print(title, highlight=False)
    told = f"{report.tables} tables, {report.mornings} mornings, {max(report.seconds):.1f} s for the slowest"
    console.print(told, highlight=False)


def _row(fault: Any, alert: Any) -> dict[str, Any]:
    told = {"told_on": alert.day, "alert": alert.title} if alert else {"told_on": None, "alert": "missed"}
    return {"fault": fault.kind, "table": fault.table, "day": fault.day} | told


def _new_database(name: str) -> str:
    """A database of its own beside the store's catalog, new each time."""
    from urllib.parse import urlsplit

    import psycopg
    from psycopg import sql

    from dqm_assets.settings import settings
    from dqm_assets.store.embedded import EmbeddedPostgres

    server = settings().postgres_url or EmbeddedPostgres(settings().home.absolute() / "postgres").url
    database = f"simulated_{name}"
    with psycopg.connect(server, autocommit=True) as connection:
        named = sql.Identifier(database)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(named))
    parts = urlsplit(server)
    # geturl() drops the slashes of an empty host, which is how a socket's URL is written.
    return f"{parts.scheme}://{parts.netloc}/{database}?{parts.query}"
