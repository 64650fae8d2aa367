"""The words of the segment API: dimensions of the inventory, and the segments made of up to three."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

#: Dimension, as segments name it → column of the inventory.
DIMENSIONS: Mapping[str, str] = {
    "State": "state",
    "Type": "machine_type",
    "Supplier": "supplier",
    "OS": "operating_system",
    "Model": "machine_model",
    "OS_version": "os_version",
}
#: Dimensions whose values are each a part of the fleet with a meaning of its own; a version means nothing
#: without its system.
SINGLE: tuple[str, ...] = ("State", "Supplier", "Type", "OS", "Model")
JOINT = " and "
MOST_DIMENSIONS = 3

#: All segments that are asked for: each dimension, each pair (who broke, and what is beside it), and the
#: systems with their versions.
SEGMENTS: tuple[str, ...] = (
    "State",
    "Type",
    "Supplier",
    "OS",
    "Model",
    *(JOINT.join(pair) for pair in combinations(("State", "Type", "Supplier", "OS", "Model"), 2)),
    "OS and OS_version",
    "Type and OS and OS_version",
)
#: The segment whose counts add up to the devices that are online.
WHOLE_FLEET = "Type"


@lru_cache(maxsize=1024)
def dimensions_of(segment: str) -> tuple[str, ...]:
    """Dimensions of a segment, in order: ``"Type and OS"`` has ``Type`` and ``OS``."""
    return tuple(segment.split(JOINT))


def segment_of(*dimensions: str) -> str:
    """Name of the segment of these dimensions, in the order in which the API has it."""
    wanted = set(dimensions)
    for segment in SEGMENTS:
        if set(dimensions_of(segment)) == wanted:
            return segment
    return JOINT.join(dimensions)


def named(dimension: str, value: str) -> str:
    """A value of a dimension as series and alerts name it: ``Supplier=Boreal``."""
    return f"{dimension}={value}"
