"""The shapes of the Brazilian states: Map of Brazil by Victor Cazanave (@svg-maps/brazil, CC BY 4.0)."""

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SHAPES = Path(__file__).parent.parent / "static" / "brazil" / "brazil.svg"
ATTRIBUTION = "Map of Brazil by Victor Cazanave, CC BY 4.0, simplified"
WIDTH, HEIGHT = 613.0, 639.0
#: Points nearer to the last one kept than this are left out: less than a pixel of the page.
_NEAREST = 1.1
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@dataclass(frozen=True)
class Shape:
    """One state: its outline as polygons, one after the other with a gap (``None``) between, y upwards."""

    code: str
    name: str
    x: tuple[float | None, ...]
    y: tuple[float | None, ...]
    #: Where its label stands.
    centre: tuple[float, float]


@cache
def shapes() -> tuple[Shape, ...]:
    """Read the 27 shapes, once."""
    root = ET.parse(SHAPES).getroot()  # noqa: S314 - a file that ships with the app
    found = [element for element in root.iter() if element.tag.endswith("path")]
    return tuple(
        _shape(
            element.attrib["id"].upper(),
            element.attrib["aria-label"],
            element.attrib["d"],
        )
        for element in found
    )


def _shape(code: str, name: str, path: str) -> Shape:
    polygons = [_thinned(polygon) for polygon in _polygons(path)]
    largest = max(polygons, key=_area)
    x: list[float | None] = []
    y: list[float | None] = []
    for place, polygon in enumerate(polygons):
        if place:
            x.append(None)
            y.append(None)
        x += [round(px, 1) for px, _ in polygon]
        y += [round(HEIGHT - py, 1) for _, py in polygon]
    xs, ys = [px for px, _ in largest], [py for _, py in largest]
    centre = ((min(xs) + max(xs)) / 2, HEIGHT - (min(ys) + max(ys)) / 2)
    return Shape(code, name, tuple(x), tuple(y), centre)


def _polygons(path: str) -> list[list[tuple[float, float]]]:
    """Corners of the closed polygons of a path that consists of relative moves (``m … z``) only."""
    polygons = []
    x = y = 0.0
    for part in re.split(r"[zZ]", path):
        numbers = [float(number) for number in _NUMBERS.findall(part)]
        corners = []
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            corners.append((x, y))
        if corners:
            polygons.append([*corners, corners[0]])
            x, y = corners[0]
    return polygons


def _thinned(polygon: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept = [polygon[0]]
    for point in polygon[1:-1]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= _NEAREST:
            kept.append(point)
    return [*kept, polygon[-1]]


def _area(polygon: list[tuple[float, float]]) -> float:
    following = itertools.pairwise(polygon)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in following)) / 2
