"""``dqm contract``: write, lint, compare and test data contracts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, print_json, print_table

if TYPE_CHECKING:
    import pyarrow as pa

app = typer.Typer(help="Write, lint, compare and test data contracts (ODCS 3.x).", no_args_is_help=True)


@app.command()
def lint(
    files: Annotated[list[Path], typer.Argument(help="ODCS contracts.", exists=True, dir_okay=False)],
    explain: Annotated[
        bool, typer.Option("--explain", help="List every clause and what enforces it, or why it is refused.")
    ] = False,
    json_output: JsonFlag = False,
) -> None:
    """Say what is wrong with contracts: file, line, column, and the key that was meant.

    Exit code 1 when a file has an error; what is only not enforced is a warning.
    """
    from dqm_assets.quality.contracts import lint as lint_file
    from dqm_assets.quality.plural import counted

    problems = [problem for file in files for problem in lint_file(file)]
    wrong = {problem.file for problem in problems if problem.severity == "error"}
    right = [file for file in files if str(file) not in wrong]
    if json_output:
        print_json(
            {
                "problems": [
                    {
                        "file": problem.file,
                        "line": problem.line,
                        "column": problem.column,
                        "path": problem.path,
                        "severity": problem.severity,
                        "message": problem.message,
                    }
                    for problem in problems
                ],
                **({"clauses": [row for file in right for row in _explained(file)]} if explain else {}),
            }
        )
    else:
        for problem in problems:
            console.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        for file in right if explain else []:
            print_table(str(file), _explained(file), ["line", "clause", "state", "how"])
        errors = sum(problem.severity == "error" for problem in problems)
        told = f"{counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}"
        console.print(f"{counted(len(files), 'file')}: {told}.")
    if wrong:
        raise typer.Exit(DATA_FAILED)


def _explained(file: Path) -> list[dict[str, object]]:
    from dqm_assets.quality.contracts import load_contracts

    return [
        {
            "file": str(file),
            "dataset": contract.dataset,
            "line": row.line,
            "path": row.path,
            "clause": row.statement,
            "state": row.state,
            "how": row.how,
        }
        for contract in load_contracts(file)
        for row in contract.explain()
    ]


@app.command()
def init(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="FILE…|TABLE", help="CSV or Parquet files of one dataset, or a raw table."),
    ],
    dataset: Annotated[
        str | None, typer.Option(help="Name of the dataset; the first file's, or the table's, if not given.")
    ] = None,
    owner: Annotated[str, typer.Option(help="Team that owns the dataset.")] = "",
    output: Annotated[Path | None, typer.Option(help="File to write; standard output if not given.")] = None,
    json_output: JsonFlag = False,
) -> None:
    """Write a contract from data: types, ranges, tolerances and categories as seen, each with its reason.

    Of a raw table of the store the latest batches are looked at.
    """
    from dqm_assets.ingest import table_name
    from dqm_assets.quality.contracts.authoring import write_contract
    from dqm_assets.quality.contracts.facts import batch_times, column_facts
    from dqm_assets.quality.plural import counted

    batches, texts = _batches(sources)
    first = Path(sources[0])
    table = table_name(first.name.split(".", 1)[0]) if first.exists() else sources[0].removeprefix("raw.")
    name = dataset or table
    facts = column_facts(batches, texts)
    text = write_contract(
        name,
        facts,
        [batch.num_rows for batch in batches],
        times=batch_times(batches),
        owner=owner,
        table=table_name(name) if first.exists() else table,
    )
    if output is not None:
        output.write_text(text, encoding="utf-8")
    if json_output:
        print_json({"dataset": name, "columns": len(facts), "contract": text, "file": output})
    elif output is None:
        typer.echo(text, nl=False)
    else:
        told = f"wrote {output}: {counted(len(facts), 'column')} from {counted(len(batches), 'batch')}"
        console.print(told, highlight=False, soft_wrap=True)


def _batches(sources: list[str]) -> "tuple[list[pa.Table], list[pa.Table]]":
    """Rows of each file or run, and the same of files as text, to see how dates are written."""
    import pyarrow as pa

    from dqm_assets.ingest import read_file
    from dqm_assets.pipeline.table_batches import table_batches
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    if len(sources) == 1 and not Path(sources[0]).exists() and "/" not in sources[0]:
        with open_store(settings()) as store:
            return table_batches(store, sources[0]), []
    parsed = [read_file(Path(file)) for file in sources]
    texts = [
        read_file(Path(file), columns={name: pa.string() for name, _ in one.columns_seen}).table
        for file, one in zip(sources, parsed, strict=True)
    ]
    return [one.table for one in parsed], texts


@app.command()
def history(
    dataset: Annotated[str, typer.Argument(help="Name of a dataset.")],
    limit: Annotated[int, typer.Option(min=1, help="Versions to show.")] = 20,
    json_output: JsonFlag = False,
) -> None:
    """Show how the columns of a dataset changed, newest first, as a diff, and how they break its contract."""
    from dqm_assets.errors import DqmError
    from dqm_assets.pipeline.schema_history import schema_steps
    from dqm_assets.quality.plural import counted
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        steps = schema_steps(store, dataset, limit=limit)
    if not steps:
        raise DqmError(f"No run of {dataset!r} is registered. `dqm runs` lists the datasets that have some.")
    if json_output:
        print_json(
            [
                {
                    "run": step.run_id,
                    "ts": step.ts,
                    "runs": step.runs,
                    "columns": [{"name": c.name, "type": c.type, "written": c.written} for c in step.columns],
                    "changes": step.changes,
                    "breaches": step.breaches,
                    "policy": step.policy,
                    "diff": step.diff,
                }
                for step in steps
            ]
        )
        return
    for step in steps:
        console.print(f"{step.ts:%Y-%m-%d %H:%M} {step.run_id}, {counted(step.runs, 'run')}", style="bold")
        for line in step.diff:
            style = {"+": "green", "-": "red"}.get(line[0])
            console.print(f"  {line}", style=style, markup=False, highlight=False)
        for breach in step.breaches:
            console.print(f"  ▲ {breach} (policy {step.policy})", markup=False, highlight=False)


@app.command()
def diff(
    old: Annotated[
        Path, typer.Argument(help="The contract that consumers rely on.", exists=True, dir_okay=False)
    ],
    new: Annotated[
        Path, typer.Argument(help="The contract that shall replace it.", exists=True, dir_okay=False)
    ],
    json_output: JsonFlag = False,
) -> None:
    """Say what changes between two contracts, and which changes break consumers.

    Exit code 1 when a change breaks consumers.
    """
    from dqm_assets.quality.contracts import load_contracts
    from dqm_assets.quality.contracts.comparison import compare_files
    from dqm_assets.quality.plural import counted

    changes = compare_files(load_contracts(old), load_contracts(new))
    rows = [
        {"breaks": change.breaking, "part": change.part, "name": change.name, "change": change.message}
        for change in changes
    ]
    breaking = sum(change.breaking for change in changes)
    if json_output:
        print_json({"breaking": breaking, "changes": rows})
    elif rows:
        breaks = "breaks" if breaking == 1 else "break"
        print_table(f"{counted(len(rows), 'change')}, {breaking} {breaks} consumers", rows)
    else:
        console.print("The contracts promise the same.")
    if breaking:
        raise typer.Exit(DATA_FAILED)


@app.command()
def test(
    contract: Annotated[Path, typer.Argument(help="ODCS contract.", exists=True, dir_okay=False)],
    data: Annotated[Path, typer.Option(help="File that satisfies it.", exists=True, dir_okay=False)],
    dataset: Annotated[str | None, typer.Option(help="Schema entry to use; the first if not given.")] = None,
    json_output: JsonFlag = False,
) -> None:
    """Mutate good data for every clause and prove that the clause catches it; name clauses that cannot fail.

    Exit code 1 when a mutant survives or the data breaks a clause as it is.
    """
    from datetime import UTC, datetime

    from dqm_assets.ingest import read_file
    from dqm_assets.quality.contracts import load_contract
    from dqm_assets.quality.contracts.mutation import mutation_test

    compiled = load_contract(contract, dataset)
    report = mutation_test(compiled, read_file(data, columns=compiled.columns).table, now=datetime.now(UTC))
    rows = [
        {"clause": one.clause, "line": one.line, "outcome": one.outcome, "mutation": one.mutation}
        for one in report.results
    ]
    if json_output:
        print_json({"contract": str(contract), "score": report.score, "clauses": rows})
    else:
        print_table(f"{contract.name}: mutation score {report.score:.0%}", rows)
    if any(one.outcome != "caught" for one in report.results):
        raise typer.Exit(DATA_FAILED)
