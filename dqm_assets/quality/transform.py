"""What the values of a series are: it decides the scale on which they are judged."""

from typing import Literal

#: real: judged as they are. count: on the scale √(x + 3/8) (Anscombe 1948). share: on arcsin √x. positive: on
#: log x. Each gives values of that kind a steadier spread.
ValueKind = Literal["real", "count", "share", "positive"]
