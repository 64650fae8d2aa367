"""``dqm init``: look at a database, propose how its tables are watched, write source file and contracts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dqm_assets.cli.output import JsonFlag, console, log_console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.settings import Settings
    from dqm_assets.sources.databases.discovery import Proposal
    from dqm_assets.sources.databases.engine import Engine
    from dqm_assets.sources.databases.source import DatabaseSource


def init(
    url: Annotated[
        str, typer.Argument(help="postgres://, mysql://, sqlite:///, duckdb:///, s3://, …, or a folder.")
    ],
    *,
    name: Annotated[str, typer.Option(help="Name of the source; made from the URL when left out.")] = "",
    owner: Annotated[str, typer.Option(help="Team that owns the data.")] = "",
    table: Annotated[list[str] | None, typer.Option(help="Table to watch; may be repeated.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: watch every table.")] = False,
    contracts: Annotated[bool, typer.Option(help="Also write a contract for each table.")] = True,
    json_output: JsonFlag = False,
) -> None:
    """Look at a database and write what watching it takes: a source file, and a contract for each table."""
    from dqm_assets.errors import SettingsError
    from dqm_assets.settings import settings
    from dqm_assets.sources.databases.connection import open_engine
    from dqm_assets.sources.databases.discovery import chosen_tables, propose

    source = _source(url, name, owner)
    file = settings().sources_folder / f"{source.source}.yaml"
    if file.exists():
        raise SettingsError(f"{file} exists. Change it, remove it, or give another --name.")
    engine = open_engine(source)
    try:
        with log_console.status(f"looking at {source.address}"):
            found = engine.tables()
            wanted = chosen_tables([_bare(one.name) for one in found], table or [])
            rows = {one.name: one.rows for one in found}
            proposals = [propose(engine, one.table, rows[one.table]) for one in wanted]
        missing = set(table or []) - {part for one in proposals for part in _names(one.table)}
        if missing:
            raise SettingsError(f"There is no table {min(missing)} in {source.address}.")
        if not json_output:
            print_table(f"tables of {source.address}", [_row(one) for one in proposals])
        chosen = proposals if yes or table else _asked(proposals)
        written = _written(settings(), source, url, chosen)
        if contracts:
            written += [
                path for one in chosen if (path := _contract(settings(), engine, source, one)) is not None
            ]
    finally:
        engine.close()
    _tell(source, url, chosen, written, json_output=json_output)


def _tell(
    source: "DatabaseSource", url: str, chosen: "list[Proposal]", written: list[Path], *, json_output: bool
) -> None:
    from dqm_assets.sources.databases.authoring import password_variable, without_password

    variable = password_variable(source.source) if without_password(url, source.source)[1] else None
    if json_output:
        tables = [_row(one) for one in chosen]
        files = [str(path) for path in written]
        print_json({"source": source.source, "tables": tables, "files": files, "password_variable": variable})
        return
    for path in written:
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)
    if variable:
        console.print(f"Put the password into the environment variable {variable}; no file holds it.")
    console.print(f"Now: dqm sources run {source.source}", highlight=False)


def _source(url: str, name: str, owner: str) -> "DatabaseSource":
    from urllib.parse import urlsplit

    from pydantic import ValidationError

    from dqm_assets.errors import SettingsError
    from dqm_assets.ingest import table_name
    from dqm_assets.sources.databases.source import DatabaseSource

    parts = urlsplit(url)
    last = Path(parts.path).stem or parts.hostname or "source"
    if not parts.scheme:
        url = str(Path(url).expanduser().absolute())
    try:
        return DatabaseSource(source=name or table_name(last), url=url, owner=owner)
    except ValidationError as error:
        raise SettingsError(f"{error.errors()[0]['msg'].removeprefix('Value error, ')}.") from None


def _bare(name: str) -> "Proposal":
    from dqm_assets.sources.databases.discovery import Proposal
    from dqm_assets.sources.databases.source import WatchedTable

    return Proposal(name, 0, None, WatchedTable(table=name), "")


def _names(table: str) -> tuple[str, str]:
    return table, table.rpartition(".")[2]


def _asked(proposals: "list[Proposal]") -> "list[Proposal]":
    import sys

    from rich.prompt import Prompt

    from dqm_assets.errors import SettingsError

    if not sys.stdin.isatty():
        raise SettingsError("Nobody can be asked here: add --yes for every table, or --table NAME.")
    while True:
        answer = Prompt.ask("Which tables? Names, separated by commas, or all", default="all")
        names = [] if answer.strip() == "all" else [each.strip() for each in answer.split(",")]
        chosen = [one for one in proposals if not names or set(_names(one.table)) & set(names)]
        if chosen:
            return chosen
        console.print("No table is called so.")


def _row(one: "Proposal") -> dict[str, Any]:
    watched = one.watched
    return {
        "table": one.table,
        "rows": one.rows,
        "columns": one.columns,
        "kind": watched.kind if watched.freshness else "snapshot",
        "freshness": watched.freshness,
        "reason": one.reason,
    }


def _written(
    settings: "Settings", source: "DatabaseSource", url: str, chosen: "list[Proposal]"
) -> list[Path]:
    from dqm_assets.sources.databases.authoring import without_password, write_source

    file = settings.sources_folder / f"{source.source}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    safe, password = without_password(url, source.source)
    file.write_text(write_source(source, safe if password else source.url, chosen), encoding="utf-8")
    return [file]


def _contract(
    settings: "Settings", engine: "Engine", source: "DatabaseSource", one: "Proposal"
) -> Path | None:
    """Write the contract of a table, unless there is one already or it has no rows to learn from."""
    from datetime import UTC, datetime, timedelta

    from dqm_assets.pipeline.database_points import whole_periods
    from dqm_assets.quality.contracts.authoring import write_contract
    from dqm_assets.quality.contracts.facts import column_facts
    from dqm_assets.sources.databases.discovery import sampled
    from dqm_assets.sources.databases.scan import scan

    dataset = source.dataset_of(one.watched)
    path = settings.contracts / f"{dataset}.odcs.yaml"
    if path.exists():
        return None
    bare = one.watched.model_copy(update={"profile": "none"})
    now = datetime.now(UTC)
    found = scan(engine, source.type, bare, None, now)
    if not found.periods and one.newest is not None:
        # Nothing came for long: what the table was like when something did is worth a proposal.
        now = one.newest + timedelta(days=1)
        found = scan(engine, source.type, bare, None, now)
    rows = sampled(engine, one.watched, found.newest)
    if not rows.num_rows:
        return None
    periods = [period.rows for period in whole_periods(found, bare, now, None)]
    facts = column_facts([rows])
    text = write_contract(dataset, facts, periods or [rows.num_rows], owner=source.owner, table=one.table)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("`dqm contract init`", "`dqm init`"), encoding="utf-8")
    return path
