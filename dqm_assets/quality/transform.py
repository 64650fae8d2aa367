"""What the values of a series are: it decides the scale on which they are judged."""

import math
from collections.abc import Mapping
from typing import Literal

#: real: judged as they are. count: on the scale √(x + 3/8) (Anscombe 1948). share: on arcsin √x. positive: on
#: log x. Each gives values of that kind a steadier spread.
ValueKind = Literal["real", "count", "share", "positive"]

#: Values that there can be: a band beyond them promises what cannot happen.
NATURAL_RANGE: Mapping[ValueKind, tuple[float, float]] = {
    "real": (-math.inf, math.inf),
    "count": (0.0, math.inf),
    "share": (0.0, 1.0),
    "positive": (0.0, math.inf),
}
