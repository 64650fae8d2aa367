"""What a fleet is made of: states, machine types, suppliers with their models, systems with their versions.

Suppliers and models are invented; the shares of the states follow their population (IBGE census 2022).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class State:
    """A federative unit: its share of the devices, its region, its hours from UTC."""

    code: str
    millions: float
    region: str
    utc_offset: int = -3


@dataclass(frozen=True)
class Model:
    """A machine model: one supplier makes it, for one type, from some year on; it runs these systems."""

    name: str
    supplier: str
    type: str
    weight: float
    since: int
    #: System → share of the model's devices.
    systems: tuple[tuple[str, float], ...]
    #: Share of the devices that report an error.
    error_rate: float = 0.02


@dataclass(frozen=True)
class MachineType:
    """A machine type: letters of its codes, share of the fleet, share switched on by night and by day."""

    name: str
    letters: str
    weight: float
    night: float
    day: float


STATES: tuple[State, ...] = (
    State("AC", 0.83, "North", -5),
    State("AL", 3.13, "Northeast"),
    State("AM", 3.94, "North", -4),
    State("AP", 0.73, "North"),
    State("BA", 14.14, "Northeast"),
    State("CE", 8.79, "Northeast"),
    State("DF", 2.82, "Midwest"),
    State("ES", 3.83, "Southeast"),
    State("GO", 7.06, "Midwest"),
    State("MA", 6.78, "Northeast"),
    State("MG", 20.54, "Southeast"),
    State("MS", 2.76, "Midwest", -4),
    State("MT", 3.66, "Midwest", -4),
    State("PA", 8.12, "North"),
    State("PB", 3.97, "Northeast"),
    State("PE", 9.06, "Northeast"),
    State("PI", 3.27, "Northeast"),
    State("PR", 11.44, "South"),
    State("RJ", 16.06, "Southeast"),
    State("RN", 3.30, "Northeast"),
    State("RO", 1.58, "North", -4),
    State("RR", 0.64, "North", -4),
    State("RS", 10.88, "South"),
    State("SC", 7.61, "South"),
    State("SE", 2.21, "Northeast"),
    State("SP", 44.41, "Southeast"),
    State("TO", 1.51, "North"),
)

TYPES: tuple[MachineType, ...] = (
    MachineType("ATM", "AT", 0.44, 0.962, 0.985),
    MachineType("CC", "CC", 0.14, 0.80, 0.955),
    MachineType("PD", "PD", 0.22, 0.82, 0.96),
    MachineType("PC", "PC", 0.20, 0.62, 0.945),
)

_WINDOWS = (("Windows", 1.0),)
_MIXED = (("Windows", 0.6), ("Linux", 0.4))
MODELS: tuple[Model, ...] = (
    Model("Boreal 410", "Boreal", "ATM", 0.17, 2011, _WINDOWS, 0.035),
    Model("Boreal 520", "Boreal", "ATM", 0.16, 2017, _MIXED, 0.015),
    Model("Cobalto D2", "Cobalto", "ATM", 0.18, 2013, _MIXED, 0.025),
    Model("Cobalto D4", "Cobalto", "ATM", 0.14, 2019, (("Linux", 1.0),), 0.012),
    Model("Itapema X", "Itapema", "ATM", 0.19, 2015, (("Linux", 0.8), ("Windows", 0.2)), 0.02),
    Model("Jacaranda 7", "Jacaranda", "ATM", 0.16, 2012, _WINDOWS, 0.03),
    Model("Cobalto Conta", "Cobalto", "CC", 0.35, 2012, (("QNX", 1.0),), 0.02),
    Model("Itapema Cofre", "Itapema", "CC", 0.35, 2014, (("Linux", 0.7), ("QNX", 0.3)), 0.018),
    Model("Mirante C1", "Mirante", "CC", 0.30, 2018, (("QNX", 0.4), ("Linux", 0.6)), 0.015),
    Model("Mirante Pad", "Mirante", "PD", 0.34, 2016, (("Android", 1.0),), 0.03),
    Model("Sabia Touch", "Sabia", "PD", 0.36, 2018, (("Android", 1.0),), 0.02),
    Model("Jacaranda Mesa", "Jacaranda", "PD", 0.30, 2013, (("Android", 0.5), ("Linux", 0.5)), 0.025),
    Model("Sabia Office", "Sabia", "PC", 0.30, 2014, (("Windows", 0.85), ("Linux", 0.15)), 0.015),
    Model("Tucano S", "Tucano", "PC", 0.40, 2015, (("Windows", 0.75), ("Linux", 0.25)), 0.015),
    Model("Tucano Mini", "Tucano", "PC", 0.30, 2019, (("Linux", 0.55), ("Windows", 0.45)), 0.012),
)
SUPPLIERS: tuple[str, ...] = tuple(sorted({model.supplier for model in MODELS}))
#: A supplier is strong where it has its service: region → supplier → factor on its models' weights.
STRONGHOLDS = {
    "North": {"Itapema": 1.5, "Tucano": 1.3},
    "Northeast": {"Jacaranda": 1.6, "Sabia": 1.2},
    "Midwest": {"Cobalto": 1.3},
    "Southeast": {"Boreal": 1.2},
    "South": {"Mirante": 1.6, "Boreal": 1.3},
}
#: System → version and the year from which devices were bought with it, oldest first.
VERSIONS: dict[str, tuple[tuple[str, int], ...]] = {
    "Windows": (("7.0", 1990), ("8.1", 2014), ("10.0", 2016), ("11.0", 2022)),
    "Linux": (("3.2", 1990), ("4.9", 2017), ("5.4", 2020), ("6.1", 2023)),
    "Android": (("8.1", 1990), ("11.0", 2020), ("13.0", 2022)),
    "QNX": (("6.5", 1990), ("7.0", 2017), ("7.1", 2020)),
}
SYSTEMS: tuple[str, ...] = tuple(VERSIONS)
#: Share of the devices that were brought to the next version after they were bought.
UPGRADED = 0.35


def state_weights() -> np.ndarray:
    """Share of each state of the devices, shape (27,), sum 1."""
    millions = np.array([state.millions for state in STATES])
    return millions / millions.sum()


def model_weights(type_name: str, region: str) -> np.ndarray:
    """Share of each model of the devices of a type in a region, shape (models,), sum 1."""
    factors = STRONGHOLDS[region]
    weights = np.array(
        [m.weight * factors.get(m.supplier, 1.0) if m.type == type_name else 0.0 for m in MODELS]
    )
    return weights / weights.sum()
