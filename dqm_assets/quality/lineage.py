"""Lineage: which datasets are made from which, so that what breaks downstream can be traced to its cause."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Lineage:
    """Direct parents of each dataset; pipelines and steps that make datasets are nodes like them.

    Attributes:
        upstream: for each dataset the datasets it is made from.
    """

    upstream: Mapping[str, Set[str]] = field(default_factory=dict)

    @classmethod
    def of_edges(cls, edges: Iterable[tuple[str, str]]) -> "Lineage":
        """Make it of pairs (dataset, one of its parents)."""
        upstream: dict[str, set[str]] = {}
        for dataset, parent in edges:
            upstream.setdefault(dataset, set()).add(parent)
        return cls(upstream)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Pairs (dataset, one of its parents), in order."""
        return tuple(sorted((name, parent) for name, parents in self.upstream.items() for parent in parents))

    def ancestors(self, names: Iterable[str]) -> frozenset[str]:
        """All that the named ones are made from, near and far, without themselves."""
        return _reached(names, self.upstream)

    def descendants(self, names: Iterable[str]) -> frozenset[str]:
        """All that is made from the named ones, near and far, without themselves."""
        return _reached(names, self._downstream)

    @cached_property
    def _downstream(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for dataset, parent in self.edges:
            found.setdefault(parent, set()).add(dataset)
        return found


def _reached(names: Iterable[str], steps: Mapping[str, Set[str]]) -> frozenset[str]:
    start = set(names)
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        new = steps.get(waiting.pop(), frozenset()) - found
        found |= new
        waiting += new
    return frozenset(found - start)
