"""Who acts: the person whose name goes into histories and the audit table."""

import getpass


def actor() -> str:
    """Name the person behind the request: without sign-in, whoever runs the dashboard on this machine."""
    return getpass.getuser()
