import numpy as np
import pytest

from tests.unit.quality.baselines.reference.transform import Transform, choose_transform

KINDS = ("real", "count", "share", "positive")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 1, 3, 0, 2], "count"),
        ([0.01, 0.02, 0.0], "share"),
        ([1.5, 30.0, 400.0, 2500.0], "positive"),
        ([10.1, 9.8, 10.3], "real"),
        ([-1.0, 0.5, 0.2], "real"),
        ([4000.0, 4000.0, 4000.0], "real"),
    ],
)
def test_the_scale_is_chosen_from_the_values(values: list[float], kind: str) -> None:
    assert choose_transform(np.array(values, dtype=float)).kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_mapped_maps_back(kind: str) -> None:
    values = np.array([0.001, 0.2, 0.5, 0.999])
    transform = Transform(kind)
    assert transform.backward(transform.forward(values)) == pytest.approx(values)


@pytest.mark.parametrize("kind", KINDS)
def test_the_map_rises_even_beyond_the_range_of_its_kind(kind: str) -> None:
    values = np.array([-2.0, -0.5, 0.0, 0.3, 0.9, 1.5, 40.0])
    assert np.all(np.diff(Transform(kind).forward(values)) > 0)
