"""Claims: which dropped files become new runs, the same content only once."""

from collections.abc import Callable, Sequence

from dqm_assets.ingest import Claim, Landing
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.store import Store


def claim_dropped(
    open_store: Callable[[], Store], landing: Landing, dataset: Dataset, settle_seconds: float
) -> list[Claim]:
    """Claim the files of a dataset that are complete; put those away whose content is known already.

    Args:
        open_store: Gives the store; asked only when there is a file, so that watching costs nothing.
        landing: The landing folder.
        dataset: The dataset to look at.
        settle_seconds: How long a file must have been unchanged.

    Returns:
        New runs in the order of their file names.
    """
    ready = landing.ready(dataset.name, settle_seconds)
    claims = [claim for claim in (landing.claim(path) for path in ready) if claim is not None]
    return without_duplicates(open_store(), landing, dataset, claims) if claims else []


def recover_claims(store: Store, landing: Landing, dataset: Dataset, older_than: float = 0.0) -> list[Claim]:
    """Claims that were left behind for so many seconds, without those whose content is known already."""
    claims = [claim for claim in landing.pending_claims(older_than) if claim.dataset == dataset.name]
    return without_duplicates(store, landing, dataset, claims) if claims else []


def without_duplicates(
    store: Store, landing: Landing, dataset: Dataset, claims: Sequence[Claim]
) -> list[Claim]:
    """Put away claims whose content another run or another claim has: the same file twice is one run."""
    owners = {
        row["file_sha256"]: row["run_id"]
        for row in store.rows(
            "SELECT file_sha256, run_id FROM metrics.runs WHERE dataset = ?", [dataset.name]
        )
    }
    fresh = []
    for claim in claims:
        owner = owners.setdefault(claim.sha256, claim.run_id)
        if owner == claim.run_id and all(claim.run_id != other.run_id for other in fresh):
            fresh.append(claim)
        else:
            landing.archive(claim)
    return fresh
