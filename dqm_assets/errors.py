"""The errors dqm raises: each message says what is wrong, where, and how to mend it."""


class DqmError(Exception):
    """Base of every error that dqm raises on purpose.

    The command line prints its message as one line and exits with code 2; it is
    never a reason to show a traceback.
    """


class SettingsError(DqmError):
    """An environment variable or option has a value that cannot be used."""


class SourceError(DqmError):
    """A source (file, API, topic, database) cannot be read at all.

    ``code`` is a short word for machines, kept in ``raw.quarantine``: ``unreadable``,
    ``empty_file``, ``too_large``.
    """

    def __init__(self, message: str, code: str = "unreadable") -> None:
        super().__init__(message)
        self.code = code


class KernelError(DqmError):
    """The profile kernel refuses its input: an unknown Arrow type, or bytes that are no state."""


class ContractError(DqmError):
    """A data contract is wrong, or asks for something that cannot be enforced."""


class StoreError(DqmError):
    """The store cannot be opened, migrated or written."""
