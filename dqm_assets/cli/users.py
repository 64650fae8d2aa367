"""``dqm users`` and ``dqm tokens``: who may sign in to the dashboard, and what programs may ask for."""

import getpass
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from dqm_assets.cli.output import JsonFlag, console, print_json, print_table

users = typer.Typer(help="Add, list and change the users of the dashboard.", no_args_is_help=True)
tokens = typer.Typer(help="Add, list and revoke API tokens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the user.")]
Role = Annotated[str, typer.Option("--role", "-r", help="viewer, operator or admin.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@users.command()
def add(name: Name, role: Role = "viewer", password_stdin: FromInput = False) -> None:
    """Add a user who signs in with a password."""
    from dqm_assets.accounts.users import add_local_user, checked_role

    checked_role(role)
    password = _password(name, from_input=password_stdin)
    with _store() as store:
        account = add_local_user(store, name, role, password, actor=getpass.getuser())
    _say(f"{account.name} may sign in as {account.role}.")


@users.command("list")
def list_users(json_output: JsonFlag = False) -> None:
    """List all users."""
    from dqm_assets.accounts.users import list_accounts

    with _store() as store:
        rows = [
            {
                "name": account.name,
                "role": account.role,
                "signs_in_by": account.source,
                "active": account.active,
                "created": account.created_at,
                "changed": account.changed_at,
            }
            for account in list_accounts(store)
        ]
    if json_output:
        print_json({"users": rows})
    else:
        print_table(f"Users: {len(rows)}", rows)


@users.command()
def role(name: Name, role: Annotated[str, typer.Argument(help="viewer, operator or admin.")]) -> None:
    """Change what a user may do; it holds at once, also where they are signed in."""
    from dqm_assets.accounts.users import set_role

    with _store() as store:
        account = set_role(store, name, role, actor=getpass.getuser())
    _say(f"{account.name} is {account.role}.")


@users.command()
def password(name: Name, password_stdin: FromInput = False) -> None:
    """Change a password; whoever is signed in with the old one is signed out."""
    from dqm_assets.accounts.users import set_password

    new = _password(name, from_input=password_stdin)
    with _store() as store:
        set_password(store, name, new, actor=getpass.getuser())
    _say(f"{name} has a new password and is signed out everywhere.")


@users.command()
def deactivate(name: Name) -> None:
    """Keep a user out from the next request on; what they did stays in the histories."""
    from dqm_assets.accounts.users import set_active

    with _store() as store:
        set_active(store, name, False, actor=getpass.getuser())
    _say(f"{name} is kept out.")


@users.command()
def activate(name: Name) -> None:
    """Let a user in again."""
    from dqm_assets.accounts.users import set_active

    with _store() as store:
        set_active(store, name, True, actor=getpass.getuser())
    _say(f"{name} may sign in.")


@users.command("sign-out")
def sign_out(name: Name) -> None:
    """Sign a user out everywhere."""
    from dqm_assets.accounts.users import end_sessions

    with _store() as store:
        end_sessions(store, name, actor=getpass.getuser())
    _say(f"{name} is signed out everywhere.")


@tokens.command("add")
def add_api_token(
    name: Annotated[str, typer.Argument(help="Which program uses it.")],
    role: Role = "viewer",
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days it holds; for good when left out.")
    ] = None,
    json_output: JsonFlag = False,
) -> None:
    """Make a token; it is shown once and kept only as a hash."""
    from dqm_assets.accounts.tokens import add_token

    lifetime = timedelta(days=days) if days else None
    with _store() as store:
        token, text = add_token(store, name, role, actor=getpass.getuser(), lifetime=lifetime)
    if json_output:
        print_json({"token_id": token.token_id, "token": text, "expires_at": token.expires_at})
        return
    _say(f"Token {token.token_id} of {name}, {token.role}. It is not shown again:")
    typer.echo(text)


@tokens.command("list")
def list_api_tokens(json_output: JsonFlag = False) -> None:
    """List all tokens, without their secrets."""
    from dqm_assets.accounts.tokens import list_tokens

    now = datetime.now(UTC)
    with _store() as store:
        rows = [
            {
                "token": token.token_id,
                "name": token.name,
                "role": token.role,
                "usable": token.usable(now),
                "created_by": token.created_by,
                "created": token.created_at,
                "expires": token.expires_at,
                "revoked": token.revoked_at,
            }
            for token in list_tokens(store)
        ]
    if json_output:
        print_json({"tokens": rows})
    else:
        print_table(f"Tokens: {len(rows)}", rows)


@tokens.command()
def revoke(token_id: Annotated[str, typer.Argument(help="Id of the token.")]) -> None:
    """End a token; it holds at once."""
    from dqm_assets.accounts.tokens import revoke_token

    with _store() as store:
        revoke_token(store, token_id, actor=getpass.getuser())
    _say(f"Token {token_id} lets nobody in any more.")


def _password(name: str, *, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    return typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True)


def _say(text: str) -> None:
    console.print(text, highlight=False, markup=False)


def _store() -> Any:
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    return open_store(settings())
