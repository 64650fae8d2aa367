"""A compiled contract: what it covers, its clauses, and what it refuses."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from dqm_assets.quality.contracts.clause import Clause, ClauseResult, Note, Refusal
from dqm_assets.quality.contracts.drift_policy import DEFAULT_POLICY, DriftPolicy
from dqm_assets.quality.contracts.explanation import Explanation, explain
from dqm_assets.quality.contracts.judge import judge_rows
from dqm_assets.quality.contracts.property import Property
from dqm_assets.quality.contracts.rows import JudgedRows, Rows
from dqm_assets.quality.contracts.sla import Sla

if TYPE_CHECKING:
    import pandera.pandas as pandera


@dataclass(frozen=True)
class Contract:
    """One dataset's contract: one entry of ``schema`` in an ODCS file."""

    file: str
    id: str
    version: str
    status: str
    #: Name of the dataset: ``schema[].name``, else the contract's name or id when it has no schema.
    dataset: str
    #: Name of its table: ``schema[].physicalName``, else the dataset's name.
    table: str
    description: str
    #: The team's name, else its owner; empty when the contract names neither.
    owner: str
    #: Where to tell of a breach: the first support channel; empty when there is none.
    channel: str
    properties: tuple[Property, ...]
    clauses: tuple[Clause, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[Note, ...]
    sla: Sla = field(default_factory=Sla)
    #: What follows when the columns of a batch are not the contract's.
    drift_policy: DriftPolicy = DEFAULT_POLICY
    #: What stands inside columns: fields of objects, named ``column.field``.
    nested: tuple[Property, ...] = ()

    @cached_property
    def columns(self) -> Mapping[str, pa.DataType]:
        """Arrow types to read a file's columns as; columns without a logical type are left out."""
        found = {prop.name: prop.arrow_type for prop in self.properties}
        return {name: arrow_type for name, arrow_type in found.items() if arrow_type is not None}

    @property
    def timestamp_column(self) -> str | None:
        """Column that dates a row: the SLA's element, else the first timestamp, else the first date."""
        names = {prop.label: prop.name for prop in self.properties}
        if self.sla.element in names:
            return names[self.sla.element]
        for wanted in ("timestamp", "date"):
            for prop in self.properties:
                if prop.logical_type == wanted:
                    return prop.name
        return None

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of the primary key in order; empty when there is none."""
        parts = sorted((prop.key_position, prop.name) for prop in self.properties if prop.key_position)
        return tuple(name for _, name in parts)

    def check(
        self,
        data: Rows,
        *,
        now: datetime,
        references: Mapping[str, Rows] | None = None,
        only: Collection[str] | None = None,
    ) -> list[ClauseResult]:
        """Judge rows against every clause, in the contract's order.

        Args:
            data: the rows; a relation stays where it is and is scanned once for all plain clauses.
            now: time of judgement, with a zone; ``now()`` in SQL rules.
            references: other datasets by name or table, which relationships point to.
            only: clause ids to judge; None is all of them.
        """
        return judge_rows(
            [clause for clause in self.clauses if only is None or clause.id in only],
            JudgedRows((*self.properties, *self.nested), data),
            names=(self.dataset, self.table),
            now=now,
            references=references or {},
        )

    def pandera_schema(self) -> "pandera.DataFrameSchema":
        """Compile the schema part of the contract to Pandera, for frames from ``Table.to_pandas()``."""
        from dqm_assets.quality.contracts.pandera_schema import (  # noqa: PLC0415 (loads 0.3 s of Pandera)
            compile_schema,
        )

        return compile_schema(self.dataset, self.description, self.properties, self.clauses)

    def explain(self) -> list[Explanation]:
        """Say of each clause how it is enforced, or that it is refused and why."""
        return explain(self.clauses, self.notes, self.refusals)
