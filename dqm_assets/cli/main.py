"""The ``dqm`` command: registers the command groups and turns dqm's errors into one line and exit code 2."""

import importlib
import sys
import warnings
from typing import Any

import structlog
import typer
from rich.markup import escape
from typer.core import TyperGroup

from dqm_assets.cli.output import USAGE, log_console
from dqm_assets.errors import DqmError

#: Command or group → (module, attribute, one line of help). Loaded when asked for: ``dqm --help`` is quick.
_COMMANDS = {
    "up": ("dqm_assets.cli.up", "up", "Start everything: PostgreSQL, Dagster, dashboard, simulated sources."),
    "worker": ("dqm_assets.cli.worker", "worker", "Run Dagster's runs that come over the Celery broker."),
    "init": ("dqm_assets.cli.init", "init", "Look at a database; write source file and contracts for it."),
    "ingest": ("dqm_assets.cli.ingest", "ingest", "Load files into a dataset, as if they were dropped."),
    "runs": ("dqm_assets.cli.runs", "runs", "List registered runs: GOOD, BAD, and why."),
    "alerts": ("dqm_assets.cli.alerts", "app", "List, show, acknowledge, mute and resolve alerts."),
    "notify": ("dqm_assets.cli.notify", "app", "Test, send, list and lint notifications."),
    "crypto": ("dqm_assets.cli.crypto", "app", "Fetch crypto prices and see how it goes."),
    "devices": ("dqm_assets.cli.devices", "app", "Collect and watch the device fleet."),
    "stream": ("dqm_assets.cli.stream", "app", "Take events from Kafka; list and replay dead letters."),
    "sources": ("dqm_assets.cli.sources", "app", "Watch databases, warehouses and folders of files."),
    "profile": ("dqm_assets.cli.profile", "profile", "Profile CSV and Parquet files."),
    "check": ("dqm_assets.cli.check", "app", "Judge a file by a contract; show failing rows again."),
    "contract": ("dqm_assets.cli.contract", "app", "Write, lint, compare and test data contracts."),
    "backtest": ("dqm_assets.cli.backtest", "backtest", "Replay history: what would a detector have fired?"),
    "scorecard": ("dqm_assets.cli.scorecard", "scorecard", "Score the health of everything, and report it."),
    "store": ("dqm_assets.cli.store", "app", "Maintain, export and inspect the store."),
    "simulate": ("dqm_assets.cli.simulate", "app", "Make realistic data with known anomalies."),
    "users": ("dqm_assets.cli.users", "users", "Add, list and change the users of the dashboard."),
    "tokens": ("dqm_assets.cli.users", "tokens", "Add, list and revoke API tokens."),
    "doctor": ("dqm_assets.cli.doctor", "doctor", "Check that this machine has what dqm needs."),
}


class _LazyGroup(TyperGroup):
    """Imports a command's module when the command is used, and not before."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load one command."""
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, help_text = _COMMANDS[cmd_name]
        target = getattr(importlib.import_module(module), attribute)
        if isinstance(target, typer.Typer):
            group = target
        else:
            group = typer.Typer(add_completion=False)
            group.command(cmd_name)(target)
        command = typer.main.get_command(group)
        command.short_help = help_text
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


cli = typer.Typer(cls=_LazyGroup, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@cli.callback()
def _root() -> None:
    """Data quality monitoring as Dagster assets."""


def app() -> None:
    """Entry point of the ``dqm`` script."""
    # Dagster says so of parameters that are used knowingly.
    warnings.filterwarnings("ignore", message=r"Parameter .* is currently in beta")
    # Standard output is for results, which other programs read.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        cli()
    except DqmError as error:
        log_console.print(f"[red]✕[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(USAGE)
    except (PermissionError, FileNotFoundError, FileExistsError, NotADirectoryError) as error:
        told = f"{error.filename or 'a file'}: {error.strerror or error}"
        log_console.print(f"[red]✕[/red] {escape(told)}", highlight=False, soft_wrap=True)
        sys.exit(USAGE)
    except Exception as error:
        # Python's own exit code would be 1, which says that data failed a check.
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(USAGE)
