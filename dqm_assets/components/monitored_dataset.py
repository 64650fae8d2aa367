"""`MonitoredDataset`: every check of an asset, in a ``defs.yaml``."""

import importlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from dqm_assets.checks.data import Data, File, Sql, StoreTable
from dqm_assets.checks.quality import build_quality_checks
from dqm_assets.errors import SourceError


class MonitoredData(dg.Model, dg.Resolvable):
    """Where the rows are: exactly one of ``path``, ``sql``, ``table`` and ``function``."""

    path: str | None = Field(
        None, description="CSV or Parquet file, relative to defs.yaml; {partition} is the partition's key."
    )
    sql: str | None = Field(None, description="Query in DuckDB's SQL; $partition is the partition's key.")
    database: str | None = Field(None, description="DuckDB file that the query reads.")
    table: str | None = Field(None, description="Raw table of dqm's store, such as raw.orders.")
    function: str | None = Field(None, description="Function that gives the rows, as package.module:name.")

    def source(self, folder: Path) -> Data:
        """Say it as `build_quality_checks` wants it.

        Args:
            folder: what relative paths start from.

        Raises:
            SourceError: none, or more than one, is given.
        """
        given = [name for name in ("path", "sql", "table", "function") if getattr(self, name)]
        if len(given) != 1:
            told = " and ".join(given) or "nothing"
            raise SourceError(f"{folder}: data gives {told}; give one of path, sql, table, function")
        if self.path:
            return File(folder / self.path)
        if self.sql:
            return Sql(self.sql, folder / self.database if self.database else None)
        if self.table:
            return StoreTable(self.table)
        return _imported(str(self.function))


class MonitoredDataset(dg.Component, dg.Model, dg.Resolvable):
    """Checks of one asset, which may be defined anywhere: in this project, or in another code location."""

    asset: str = Field(description="Key of the asset; its parts are separated by slashes.")
    data: MonitoredData = Field(description="Where the rows of the asset are.")
    contract: str | None = Field(None, description="ODCS contract, relative to defs.yaml: a check a clause.")
    freshness: bool = Field(False, description="Judge the contract's service levels, or the usual pause.")
    max_age_hours: float | None = Field(None, description="Largest age of the newest data, in hours.")
    volume: bool = Field(False, description="Judge the number of rows against the batches before.")
    anomalies: bool | list[str] = Field(
        False, description="Judge metrics of the columns; or their names: mean, price.mean."
    )
    dataset: str = Field("", description="Name on the dashboard; the contract's when left out.")
    timestamp: str = Field("", description="Column that dates the rows, when the contract does not say.")
    owner: str = Field("", description="Who is told; the contract's owner when left out.")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Make the checks."""
        folder = context.path if context.path.is_dir() else context.path.parent
        age = None if self.max_age_hours is None else timedelta(hours=self.max_age_hours)
        checks = build_quality_checks(
            self.asset,
            data=self.data.source(folder),
            contract=folder / self.contract if self.contract else None,
            freshness=age if age is not None else self.freshness,
            volume=self.volume,
            anomalies=self.anomalies,
            dataset=self.dataset,
            timestamp=self.timestamp,
            owner=self.owner,
        )
        return dg.Definitions(asset_checks=checks)


def _imported(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SourceError(f"the function {path!r} cannot be imported: {error}") from error
