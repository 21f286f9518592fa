"""Where a building stands and in what style, drawn for its setting; `sim.scenery.buildings` puts it up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.scenery.parts import Floats


@dataclass(frozen=True)
class Plot:
    """Where a building stands: its front runs from ``corner`` along ``along``, seen from the street left to right."""

    corner: tuple[float, float]
    along: tuple[float, float]
    """Unit vector."""
    width: float
    depth: float
    floor: float
    """Height of the ground floor [m]."""
    base: float
    """Foot of the foundation, below any ground around it [m]."""

    @property
    def front(self) -> Floats:
        """Unit vector out of the facade."""
        return np.array([self.along[1], -self.along[0], 0.0])

    def corners(self, margin: float = 0.0) -> Floats:
        """Plan of the building, counter-clockwise, (4, 2)."""
        a, u, f = np.array(self.corner), np.array(self.along), self.front[:2]
        p = a - u * margin + f * margin
        w, d = self.width + 2 * margin, self.depth + 2 * margin
        return np.array([p, p + u * w, p + u * w - f * d, p - f * d])


@dataclass(frozen=True)
class Style:
    """How a building looks."""

    storeys: int = 4
    storey: float = 3.1
    bay: float = 3.2
    brick: bool = False
    color: int = 0
    trim: int = 0
    frame: int = 0
    door: int = 0
    sign: int = 0
    roof_color: int = 0
    roof: str = "flat"
    """flat, gable or hip."""
    pitch: float = 0.75
    """Rise over run of a pitched roof."""
    window: tuple[float, float] = (1.3, 1.6)
    columns: int = 2
    rows: int = 1
    shop: bool = False
    awning: bool = False
    balconies: bool = False
    shutters: bool = False
    garage: bool = False
    rich: bool = True
    """Window bars with sides, railings in full."""
    sides: tuple[bool, bool] = (True, True)
    """Whether the left and right wall are seen."""


def draw_style(
    rng: np.random.Generator, setting: str, *, rich: bool = True, sides: tuple[bool, bool] = (True, True)
) -> Style:
    """A style fit for the setting."""
    town = setting == "town"
    storeys = int(rng.integers(3, 6)) if town else int(rng.integers(1, 3))
    roof = str(rng.choice(["flat", "gable", "gable"])) if town else str(rng.choice(["gable", "gable", "hip"]))
    tall = rng.random() < 0.35
    return Style(
        storeys=storeys, storey=float(rng.uniform(2.9, 3.4)) if town else float(rng.uniform(2.6, 2.9)),
        bay=float(rng.uniform(2.7, 3.6)), brick=bool(rng.random() < 0.4), color=int(rng.integers(60)), trim=int(rng.integers(60)),
        frame=int(rng.integers(60)), door=int(rng.integers(60)), sign=int(rng.integers(60)), roof_color=int(rng.integers(60)),
        roof=roof, pitch=float(rng.uniform(0.6, 0.95)), window=(float(rng.uniform(1.0, 1.25)), float(rng.uniform(1.7, 1.95))) if tall
        else (float(rng.uniform(1.2, 1.7)), float(rng.uniform(1.3, 1.55))), columns=int(rng.integers(1, 4)),
        rows=int(rng.choice([1, 1, 2])), shop=town and bool(rng.random() < 0.5), awning=bool(rng.random() < 0.4),
        balconies=town and bool(rng.random() < 0.3), shutters=bool(rng.random() < 0.25), garage=not town and bool(rng.random() < 0.5),
        rich=rich, sides=sides,
    )  # fmt: skip
