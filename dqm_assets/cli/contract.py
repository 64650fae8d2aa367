"""``dqm contract``: write, lint, compare and test data contracts."""

from pathlib import Path
from typing import Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, print_json, print_table

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
    from dqm_assets.quality.contracts import lint as lint_file  # noqa: PLC0415 (loads DuckDB)

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
        console.print(f"{len(files)} files: {errors} errors, {len(problems) - errors} warnings.")
    if wrong:
        raise typer.Exit(DATA_FAILED)


def _explained(file: Path) -> list[dict[str, object]]:
    from dqm_assets.quality.contracts import load_contracts  # noqa: PLC0415

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
