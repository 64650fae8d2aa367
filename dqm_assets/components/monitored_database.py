"""`MonitoredDatabase`: a source file as a Dagster component, in a ``defs.yaml``."""

import dagster as dg
from pydantic import Field

from dqm_assets.errors import SettingsError


class MonitoredDatabase(dg.Component, dg.Model, dg.Resolvable):
    """Assets, checks, job and schedule of one database, as `dqm sources` knows it."""

    file: str = Field(description="Source file, relative to defs.yaml; see docs/databases.md.")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Make them.

        Raises:
            SettingsError: every mistake in the file, one per line.
        """
        from dqm_assets.defs.databases.definitions import (  # noqa: PLC0415 - it loads the store and ibis
            source_definitions,
        )
        from dqm_assets.sources.databases.source_files import check_source  # noqa: PLC0415

        folder = context.path if context.path.is_dir() else context.path.parent
        found = check_source(folder / self.file)
        if found.source is None:
            raise SettingsError("\n".join(map(str, found.problems)))
        return source_definitions(found.source)
