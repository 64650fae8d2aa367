"""How a simulator is told apart from the real thing, and which moment of its world it is asked for."""

from datetime import UTC, datetime

#: Marks every answer of the simulator: what is stored from it is marked as well.
SIMULATED_HEADER = "x-dqm-simulated"
#: Names the moment that a request is about, so that hours can pass in seconds.
CLOCK_HEADER = "x-dqm-clock"


def clock_header(at: datetime | None) -> dict[str, str]:
    """The header that asks for a moment; none for the present."""
    return {} if at is None else {CLOCK_HEADER: at.astimezone(UTC).isoformat()}
