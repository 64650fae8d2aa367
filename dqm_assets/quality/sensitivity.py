"""How readily a detector alarms, in the user's words: "about one false alert per N weeks"."""

from dataclasses import dataclass

from dqm_assets.errors import SettingsError
from dqm_assets.quality.student import two_sided_quantile

SECONDS_PER_WEEK = 604_800.0
#: No point is called anomalous at a tail probability above this, however rare the points of a series are.
LARGEST_TAIL = 0.02
SMALLEST_TAIL = 1e-12


@dataclass(frozen=True)
class Sensitivity:
    """Exactly one of the three is set; make one with the constructors below."""

    #: About one false alert per this many weeks, for each series.
    weeks: float | None = None
    #: About one false alert per this many points, for each series.
    points: float | None = None
    #: Alarm beyond this many scales from the expected value; no calibration, no small-sample correction.
    z: float | None = None

    def __post_init__(self) -> None:
        """Check that one way of saying it was chosen.

        Raises:
            SettingsError: none or several are set, or the value is not above zero.
        """
        given = [value for value in (self.weeks, self.points, self.z) if value is not None]
        if len(given) != 1 or not given[0] > 0:
            raise SettingsError(
                "A sensitivity needs exactly one of weeks, points and z, above zero: "
                f"got weeks={self.weeks}, points={self.points}, z={self.z}."
            )

    @classmethod
    def per_weeks(cls, weeks: float) -> "Sensitivity":
        """About one false alert per ``weeks`` weeks, whatever the cadence of the series."""
        return cls(weeks=weeks)

    @classmethod
    def per_points(cls, points: float) -> "Sensitivity":
        """About one false alert per ``points`` points; for series without a steady cadence, such as runs."""
        return cls(points=points)

    @classmethod
    def of_z(cls, z: float) -> "Sensitivity":
        """Alarm beyond ``z`` scales from the expected value."""
        return cls(z=z)

    def tail(self, cadence: float) -> float:
        """Probability per point at which a normal point may be called anomalous.

        Args:
            cadence: seconds between two points of the series; 0 or NaN when not known (one a day is taken).
        """
        if self.points is not None:
            probability = 1.0 / self.points
        else:
            seconds = cadence if cadence > 0 else SECONDS_PER_WEEK / 7
            probability = seconds / (SECONDS_PER_WEEK * (self.weeks or 1.0))
        return min(max(probability, SMALLEST_TAIL), LARGEST_TAIL)

    def threshold(self, cadence: float, dof: float) -> float:
        """Distance in scales beyond which a point is anomalous, for residuals that follow Student's t."""
        return self.z if self.z is not None else two_sided_quantile(self.tail(cadence), dof)
