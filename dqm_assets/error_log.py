"""``logs/error.log``: what went wrong, a JSON document a line, for grep and for log shippers."""

import logging
from functools import lru_cache
from pathlib import Path

import structlog
from concurrent_log_handler import ConcurrentRotatingFileHandler

_MOST_BYTES = 5 * 2**20
_KEPT_FILES = 5


@lru_cache(maxsize=8)
def error_log(home: Path) -> structlog.stdlib.BoundLogger:
    """The log of failures under ``home``, shared by all processes; rotated at 5 MiB, five old files are kept.

    Entries have ``event``, ``level``, ``timestamp`` (ISO 8601, UTC), and what the caller adds. Secrets do
    not belong into them.
    """
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    # Several processes write and rotate: the standard library's handler would lose lines.
    handler = ConcurrentRotatingFileHandler(
        str(folder / "error.log"), maxBytes=_MOST_BYTES, backupCount=_KEPT_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger(f"dqm.error_log.{folder}")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.handlers = [handler]
    return structlog.wrap_logger(
        logger,
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ],
    )
