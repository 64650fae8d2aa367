"""Who acts: the person whose name goes into histories and the audit table."""

from dash_app.auth import current_user


def actor() -> str:
    """Name the person behind the request: without sign-in, whoever runs the dashboard on this machine."""
    return current_user().name
