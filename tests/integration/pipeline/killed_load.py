"""A process that loads what has been dropped and is killed between the commit and putting the files away."""

import os
import signal

from dqm_assets.ingest import Claim, Landing
from dqm_assets.pipeline.claims import claim_dropped, recover_claims
from dqm_assets.pipeline.datasets import DETECTOR, find_dataset
from dqm_assets.pipeline.load import load_runs
from dqm_assets.settings import settings
from dqm_assets.store import open_store


class KilledLanding(Landing):
    """A landing folder whose process dies as soon as it wants to archive a second file."""

    archived = 0

    def archive(self, claim: Claim) -> None:
        """Put the first file away; then die without any clean-up."""
        if self.archived:
            os.kill(os.getpid(), signal.SIGKILL)
        self.archived += 1
        super().archive(claim)


if __name__ == "__main__":
    landing = KilledLanding(settings().landing_folder)
    dataset = find_dataset(settings(), DETECTOR)
    with open_store(settings()) as store:
        fresh = claim_dropped(lambda: store, landing, dataset, settle_seconds=0)
        load_runs(store, landing, dataset, fresh or recover_claims(store, landing, dataset))
