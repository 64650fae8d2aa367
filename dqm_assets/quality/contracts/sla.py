"""Service levels of a contract: how fresh, how often, how long kept, ready by when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from dqm_assets.quality.contracts.clause import Note, Refusal
from dqm_assets.quality.durations import span_words

_DAY = timedelta(days=1)
#: Units of ODCS (ISO abbreviations and words); a month is 30 days, a year 365.
UNITS: dict[str, timedelta] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * _DAY),
    **dict.fromkeys(("m", "mo", "month", "months"), 30 * _DAY),
    **dict.fromkeys(("y", "yr", "year", "years"), 365 * _DAY),
}


@dataclass(frozen=True)
class Availability:
    """Data of the day must be there by this time (with its zone)."""

    by: time
    driver: str = ""


@dataclass(frozen=True)
class Sla:
    """Service levels that dqm enforces; None where the contract asks for none."""

    #: Column that dates the data, from the properties' ``element``; empty when not said.
    element: str = ""
    #: Largest age of the newest data.
    latency: timedelta | None = None
    #: Largest time between two arrivals.
    frequency: timedelta | None = None
    #: Age after which data must be gone.
    retention: timedelta | None = None
    availability: tuple[Availability, ...] = ()
    #: After these times the dataset is no longer supported, or must not be used.
    end_of_support: datetime | None = None
    end_of_life: datetime | None = None

    def breaches(
        self,
        now: datetime,
        *,
        newest: datetime | None,
        oldest: datetime | None = None,
        arrivals: Sequence[datetime] = (),
    ) -> list["Breach"]:
        """List the service levels that do not hold at ``now``.

        Args:
            now: the time to judge at, with a zone.
            newest: time of the newest data; None when there is none.
            oldest: time of the oldest data.
            arrivals: times at which batches arrived, in any order.
        """
        found: list[Breach] = []
        if self.latency is not None and (newest is None or now - newest > self.latency):
            found.append(
                Breach(
                    "latency", f"newest data is {_age(now, newest)}, may be {span_words(self.latency)} old"
                )
            )
        if self.retention is not None and oldest is not None and now - oldest > self.retention:
            found.append(
                Breach(
                    "retention",
                    f"oldest data is {_age(now, oldest)}, must go after {span_words(self.retention)}",
                )
            )
        if self.frequency is not None:
            last = max(arrivals, default=None)
            if last is None or now - last > self.frequency:
                found.append(
                    Breach(
                        "frequency",
                        f"last arrival is {_age(now, last)}, one is due every {span_words(self.frequency)}",
                    )
                )
        for availability in self.availability:
            due = _due(now, availability.by)
            if now >= due and (newest is None or newest < due - _DAY):
                found.append(
                    Breach(
                        "timeOfAvailability",
                        f"data was due by {due.isoformat()}, newest is {newest or 'absent'}",
                    )
                )
        for name, end in (("endOfSupport", self.end_of_support), ("endOfLife", self.end_of_life)):
            if end is not None and now > end:
                found.append(Breach(name, f"{name} was {end.isoformat()}"))
        return found


@dataclass(frozen=True)
class Breach:
    """A service level that does not hold."""

    property: str
    message: str


@dataclass(frozen=True)
class SlaTerm:
    """One ``slaProperties`` entry with its place in the document."""

    property: str
    value: object
    unit: str
    element: str
    driver: str
    path: str
    line: int
    column: int


def read_sla(terms: Sequence[SlaTerm], default_element: str = "") -> tuple[Sla, list[Note], list[Refusal]]:
    """Turn the entries into the levels that are enforced, and name those that are refused."""
    fields: dict[str, object] = {"element": _column(default_element)}
    availability: list[Availability] = []
    notes: list[Note] = []
    refusals: list[Refusal] = []
    for term in terms:
        what = f"{term.property} {term.value} {term.unit}".strip()
        try:
            name, value = _level(term)
        except ValueError as error:
            refusals.append(Refusal(term.path, term.line, term.column, what, str(error)))
            continue
        if name == "availability" and isinstance(value, time):
            availability.append(Availability(value, term.driver))
        elif name:
            fields[name] = value
        if term.element and not fields["element"]:
            fields["element"] = _column(term.element)
        notes.append(Note(term.path, term.line, what, _CARRIED[name]))
    return Sla(**fields, availability=tuple(availability)), notes, refusals  # ty: ignore[invalid-argument-type]


_DURATIONS = {"latency": "latency", "ly": "latency", "frequency": "frequency", "fy": "frequency",
              "retention": "retention", "re": "retention"}  # fmt: skip
_MOMENTS = {
    "endOfSupport": "end_of_support",
    "es": "end_of_support",
    "endOfLife": "end_of_life",
    "el": "end_of_life",
}
_CARRIED = {
    "latency": "the freshness check: age of the newest data",
    "frequency": "the freshness check: time since the last arrival",
    "retention": "the freshness check: age of the oldest data",
    "availability": "the freshness check: data of the day is there by then",
    "end_of_support": "the freshness check: warns after that time",
    "end_of_life": "the freshness check: fails after that time",
    "": "documentation",
}


def _level(term: SlaTerm) -> tuple[str, object]:
    """Return field name and value of a term; the name is empty when it only documents."""
    if term.property in _DURATIONS:
        return _DURATIONS[term.property], _duration(term)
    if term.property in _MOMENTS:
        return _MOMENTS[term.property], _aware(datetime.fromisoformat(str(term.value)))
    if term.property in {"timeOfAvailability", "ta"}:
        by = time.fromisoformat(str(term.value))
        return "availability", by if by.tzinfo else by.replace(tzinfo=UTC)
    if term.property in {"generalAvailability", "ga"}:
        return "", None
    raise ValueError(f"the service level {term.property!r} is not enforced")


def _duration(term: SlaTerm) -> timedelta:
    if isinstance(term.value, bool) or not isinstance(term.value, int | float | str):
        raise ValueError(f"{term.property}: {term.value!r} is no number")
    unit = term.unit if term.unit in UNITS else term.unit.casefold()
    if unit not in UNITS:
        raise ValueError(
            f"{term.property}: the unit {term.unit!r} is not known; use one of {', '.join(UNITS)}"
        )
    return float(term.value) * UNITS[unit]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _column(element: str) -> str:
    return element.split(",", maxsplit=1)[0].strip().rsplit(".", 1)[-1]


def _age(now: datetime, then: datetime | None) -> str:
    return "absent" if then is None else f"{span_words(now - then)} old"


def _due(now: datetime, by: time) -> datetime:
    return datetime.combine(now.astimezone(by.tzinfo).date(), by)
