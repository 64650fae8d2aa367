"""Whose scores there are: datasets, and sources, owners and the whole, which are means of datasets."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Literal

from dqm_assets.pipeline.source_tables import SOURCES, pipeline_of
from dqm_assets.store import Store

#: From the narrowest to the widest.
Scope = Literal["dataset", "source", "owner", "whole"]

#: Name of the whole; like those of sources and owners it can be no dataset's.
WHOLE = "portfolio/all"
_OWNERS = "owners/"

_MEMBERS = """
    SELECT coalesce(d.dataset, t.dataset) AS dataset, coalesce(t.source, '') AS source,
        coalesce(nullif(d.owner, ''), t.owner, '') AS owner, coalesce(d.simulated, false) AS simulated
    FROM monitoring.datasets AS d FULL JOIN monitoring.source_tables AS t ON t.dataset = d.dataset
"""


@dataclass(frozen=True)
class ScoreRow:
    """A line of ``monitoring.scores``."""

    scope: Scope
    name: str
    day: date
    score: float
    parts: str


@dataclass(frozen=True)
class Scored:
    """What has a score: a dataset, or a source, an owner or the whole with the datasets in it.

    Attributes:
        scope, name: as in ``monitoring.scores``.
        members: datasets whose mean it is; of a dataset itself.
        owner: who is told; empty when nobody is named, and for sources of several owners.
        simulated: whether all of it is.
    """

    scope: Scope
    name: str
    members: frozenset[str]
    owner: str = ""
    simulated: bool = False

    @property
    def subject(self) -> str:
        """What stands for the dataset in its alerts."""
        match self.scope:
            case "source":
                return pipeline_of(self.name)
            case "owner":
                return f"{_OWNERS}{self.name}"
            case _:
                return self.name

    @property
    def words(self) -> str:
        """What people call it."""
        match self.scope:
            case "dataset":
                return self.name
            case "whole":
                return "all datasets"
            case scope:
                return f"{scope} {self.name}"


def scope_of(subject: str) -> tuple[Scope, str]:
    """Scope and name behind the `Scored.subject` of an alert."""
    if subject == WHOLE:
        return "whole", WHOLE
    if subject.startswith(_OWNERS):
        return "owner", subject.removeprefix(_OWNERS)
    if subject.startswith(SOURCES):
        return "source", subject.removeprefix(SOURCES)
    return "dataset", subject


def read_scored(store: Store, datasets: Collection[str]) -> tuple[Scored, ...]:
    """Everything that has a score when these datasets have one, the narrowest scope first."""
    known = {row["dataset"]: row for row in store.rows(_MEMBERS)}
    simulated = {name for name in datasets if name in known and known[name]["simulated"]}
    owners = {name: known[name]["owner"] if name in known else "" for name in datasets}
    sources = {name: known[name]["source"] if name in known else "" for name in datasets}

    def scored(scope: Scope, name: str, members: frozenset[str]) -> Scored:
        theirs = {owners[member] for member in members}
        owner = theirs.pop() if len(theirs) == 1 and scope != "whole" else ""
        return Scored(scope, name, members, owner, members <= simulated)

    found = [scored("dataset", name, frozenset({name})) for name in sorted(datasets)]
    found += [scored("source", name, members) for name, members in _grouped(sources)]
    found += [scored("owner", name, members) for name, members in _grouped(owners)]
    if datasets:
        found.append(scored("whole", WHOLE, frozenset(datasets)))
    return tuple(found)


def _grouped(names: Mapping[str, str]) -> list[tuple[str, frozenset[str]]]:
    """Datasets by a name that each has; those without one are left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for dataset, name in names.items():
        if name:
            found[name].add(dataset)
    return [(name, frozenset(members)) for name, members in sorted(found.items())]


def mean_scores(scored: Sequence[Scored], rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Scores of everything wider than a dataset: on each day the mean over those that had one."""
    wider = [one for one in scored if one.scope != "dataset"]
    within: dict[str, list[Scored]] = defaultdict(list)
    for one in wider:
        for member in one.members:
            within[member].append(one)
    by_day: dict[tuple[Scope, str, date], list[float]] = defaultdict(list)
    for row in rows:
        for one in within[row.name]:
            by_day[one.scope, one.name, row.day].append(row.score)
    return [
        ScoreRow(scope, name, day, round(fmean(scores), 2), "{}")
        for (scope, name, day), scores in by_day.items()
    ]
