"""Reading contract files: lint first, compile only what is right."""

from pathlib import Path
from typing import Any

from dqm_assets.errors import ContractError
from dqm_assets.quality.contracts.clause import Refusal
from dqm_assets.quality.contracts.compiler import Compiler
from dqm_assets.quality.contracts.contract import Contract
from dqm_assets.quality.contracts.document import BrokenDocumentError, Document, dotted, read_document
from dqm_assets.quality.contracts.drift_policy import DriftPolicy, read_policy
from dqm_assets.quality.contracts.json_schema import schema_problems
from dqm_assets.quality.contracts.problem import Problem, nearest
from dqm_assets.quality.contracts.sla import SlaTerm, read_sla


def load_contract(path: str | Path, dataset: str | None = None) -> Contract:
    """Read and compile a contract.

    Args:
        path: an ODCS 3.x YAML file.
        dataset: name of the schema entry to take; None is the first.

    Raises:
        ContractError: every error that the linter finds, one per line as ``file:line:column``.
    """
    contracts = load_contracts(path)
    if dataset is None:
        return contracts[0]
    names = [contract.dataset for contract in contracts]
    if dataset not in names:
        raise ContractError(
            f"{path}: no schema entry {dataset!r}{nearest(dataset, names)}; it has {', '.join(names)}"
        )
    return contracts[names.index(dataset)]


def load_contracts(path: str | Path) -> list[Contract]:
    """Read and compile every schema entry of a file.

    A file without a schema gives one contract without columns, for its service levels.
    """
    document = read_document(path)
    contracts, problems = compile_document(document)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ContractError("\n".join(map(str, errors)))
    return contracts


def lint(path: str | Path) -> list[Problem]:
    """List what is wrong with a contract file, and as warnings what of it is not enforced.

    Raises:
        ContractError: the file cannot be opened.
    """
    try:
        document = read_document(path)
    except BrokenDocumentError as error:
        return [error.problem]
    contracts, problems = compile_document(document)
    refused = {_warning(refusal, str(path)) for contract in contracts for refusal in contract.refusals}
    return sorted({*problems, *refused})


def _warning(refusal: Refusal, file: str) -> Problem:
    message = f"{refusal.what}: refused, {refusal.reason}"
    return Problem(refusal.line, refusal.column, refusal.path, message, "warning", file)


def compile_document(document: Document) -> tuple[list[Contract], list[Problem]]:
    """Check a document against the standard and compile it; with errors there are no contracts."""
    problems = schema_problems(document)
    version = str(document.data.get("apiVersion", ""))
    if version.startswith("v2"):
        line, column = document.position(("apiVersion",))
        message = f"apiVersion {version} is not read; dqm reads v3.0.0 to v3.2.0"
        problems.append(Problem(line, column, "apiVersion", message, file=document.file))
    if problems:
        return [], problems
    compilers = [Compiler(document, index) for index in range(len(document.data.get("schema") or []))]
    for compiler in compilers:
        compiler.compile()
        problems.extend(compiler.problems)
    policies = [read_policy(document, index) for index in range(len(compilers))] or [
        read_policy(document, None)
    ]
    problems.extend(problem for _, found in policies for problem in found)
    if problems:
        return [], sorted(set(problems))
    entries: list[Any] = document.data.get("schema") or [{}]
    return [
        _contract(document, entry, compiler, policy)
        for entry, compiler, (policy, _) in zip(entries, compilers or [None], policies, strict=True)
    ], []


def _contract(
    document: Document, entry: dict[str, Any], compiler: Compiler | None, policy: DriftPolicy
) -> Contract:
    data = document.data
    sla, notes, refusals = read_sla(_sla_terms(document), str(data.get("slaDefaultElement") or ""))
    dataset = str(entry.get("name") or data.get("name") or data["id"])
    return Contract(
        file=document.file,
        id=str(data["id"]),
        version=str(data["version"]),
        status=str(data.get("status") or ""),
        dataset=dataset,
        table=str(entry.get("physicalName") or dataset),
        description=str(entry.get("description") or (data.get("description") or {}).get("purpose") or ""),
        owner=_owner(data.get("team")),
        channel=_channel(data.get("support") or []),
        properties=tuple(compiler.properties) if compiler else (),
        nested=tuple(compiler.nested) if compiler else (),
        clauses=tuple(compiler.clauses) if compiler else (),
        refusals=(*(compiler.refusals if compiler else ()), *refusals),
        notes=(*(compiler.notes if compiler else ()), *notes),
        sla=sla,
        drift_policy=policy,
    )


def _sla_terms(document: Document) -> list[SlaTerm]:
    terms: list[SlaTerm] = []
    for index, entry in enumerate(document.data.get("slaProperties") or []):
        line, column = document.position(("slaProperties", index))
        terms.append(
            SlaTerm(
                property=str(entry["property"]),
                value=entry["value"],
                unit=str(entry.get("unit") or ""),
                element=str(entry.get("element") or ""),
                driver=str(entry.get("driver") or ""),
                path=dotted(("slaProperties", index)),
                line=line,
                column=column,
            )
        )
    return terms


def _owner(team: Any) -> str:
    """Return the team's name, else the member whose role is owner, else the first that has not left."""
    if isinstance(team, dict) and team.get("name"):
        return str(team["name"])
    members = (team.get("members") or []) if isinstance(team, dict) else team or []
    present = [member for member in members if not member.get("dateOut")]
    owners = [member for member in present if str(member.get("role", "")).casefold() == "owner"]
    return str((owners or present or [{"username": ""}])[0]["username"])


def _channel(support: list[dict[str, Any]]) -> str:
    return str(support[0].get("channel") or support[0].get("url") or "") if support else ""
