"""What lies on roads and what water does to tyres: the numbers of `sim.road.grip`, and where they come from.

Friction is relative to dry asphalt, which counts as 1 (a set's tyres scale it). Sources of the numbers:

- Wong 2008, Theory of ground vehicles, table 1.3 (peak values on dry asphalt 0.85, wet asphalt 0.6, wet concrete 0.8, gravel 0.6, hard snow
  0.2, ice 0.1), and its ch. 2 for the rolling resistance of loose ground; Wallman and Astrom 2001, VTI meddelande 911A, for snow (0.3)
  and ice (0.12) of roads in use. Oil and leaves are our own, between wet asphalt and hard snow.
- Friction in the wet falls with the speed at which rubber slides: exp(-S / Sp), Sp = 14.2 + 89.7 MPD km/h (ASTM E1960, the
  International Friction Index; MPD: depth of the road's profile, (TX - 0.2) / 0.8, with TX the texture's, both in mm: ASTM E1845). At
  its peak a tyre slides at about `PEAK_SLIP` of the vehicle's speed.
- Water film: Gallaway et al. 1979 (FHWA-RD-79-31). Aquaplaning: the same authors' speed from 2.4 mm of water on, PAVDRN's power of the
  depth below (Anderson et al. 1998, NCHRP web document 16). Horne and Dreher 1963 (NASA TN D-2056) is the check for deep water.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Grip:
    """What lies on a stretch of road."""

    friction: float
    """Over dry asphalt's, as it lies there."""
    wet_loss: float
    """Share of it that water takes at `WET_SPEED`."""
    rolling: float = 0.0
    """Coefficient of rolling resistance on top of the tyre's own."""
    depth: float = 0.0
    """Of the water on it [m]."""


GRIPS: dict[str, Grip] = {
    "asphalt": Grip(1.0, 0.3),
    "concrete": Grip(1.0, 0.06),
    "gravel": Grip(0.7, 0.1, 0.02),
    "oil": Grip(0.25, 0.2),
    "leaves": Grip(0.45, 0.3, 0.005),
    "snow": Grip(0.3, 0.2, 0.02),
    "ice": Grip(0.12, 0.4),
    "water": Grip(0.7, 0.0, 0.02, 0.005),
}
"""Kinds of patches. Water is wet asphalt under `Grip.depth` of water."""

ASPHALT_LOSS, GROUND_LOSS = GRIPS["asphalt"].wet_loss, 0.2
"""`Grip.wet_loss` of lanes and of grass and soil beside them."""
SNOW, ICE, DUST = GRIPS["snow"].friction, GRIPS["ice"].friction, GRIPS["gravel"].friction
WET_SPEED = 60.0 / 3.6
"""Speed at which `Grip.wet_loss` holds [m/s]."""
TEXTURE = 0.8
"""Depth of a road's texture, as sand poured on it measures it [mm]."""
PEAK_SLIP = 0.14
FADE_SPEED = (14.2 + 89.7 * (TEXTURE - 0.2) / 0.8) / 3.6 / PEAK_SLIP
"""Vehicle's speed over which friction in the wet falls by e [m/s]."""
PATH, CROSSFALL = 7.0, 0.025
"""How far rain runs across a carriageway [m], and the slope that it runs down."""
TREAD, SPIN_DOWN = 5.0, 10.0
"""Depth of treads [mm]; loss of a wheel's spin that counts as aquaplaning [%]."""
FLOAT, BAND = 0.04, 0.15
"""Friction of a tyre that floats, and the share of the onset speed over which that comes about, either way of the onset."""
THIN = 2.4
"""Depth of water below which PAVDRN's law holds [mm]."""

_INCH, _MPH, _PSI = 25.4, 0.44704, 6.894757


def film_depth(rain: float) -> float:
    """Water over a road's texture in steady rain [m] (Gallaway et al. 1979); ``rain``: [mm/h].

    0.01485 TX^0.11 L^0.43 I^0.59 / S^0.42 - TX, in mm: most roads of today shed 20 mm/h and less without a film.
    """
    depth = 0.01485 * TEXTURE**0.11 * PATH**0.43 * rain**0.59 / CROSSFALL**0.42 - TEXTURE
    return max(depth, 0.0) * 1e-3


def water_depth(wetness: float, film: float) -> float:
    """Water that tyres find on a road and in its texture [m], of which its valleys are half; ``film``: depth over it [m]."""
    return 0.5e-3 * TEXTURE * min(wetness, 1.0) + film


def tyre_factor(pressure: float) -> float:
    """What a tyre's pressure [kPa] contributes to its aquaplaning speed: SD^0.04 p^0.3 (TD + 1)^0.06 (psi, tread in 32nds of an inch)."""
    tread = TREAD / _INCH * 32.0
    return SPIN_DOWN**0.04 * (pressure / _PSI) ** 0.3 * (tread + 1.0) ** 0.06


def film_factor(depth: float) -> float:
    """What a water depth [m] contributes to the speed at which tyres float [m/s], 0 for none; the onset is this times `tyre_factor`.

    The greater of 10.409 / WD^0.06 + 3.507 and (28.952 / WD^0.06 - 7.817) TX^0.14 (inches, mph); below `THIN` as WD^-0.259.
    """
    if depth <= 0.0:
        return 0.0
    deep = max(depth * 1e3, THIN)
    wd, tx = deep / _INCH, TEXTURE / _INCH
    factor = max(10.409 / wd**0.06 + 3.507, (28.952 / wd**0.06 - 7.817) * tx**0.14)
    return factor * (min(depth * 1e3, THIN) / THIN) ** -0.259 * _MPH


def horne_speed(pressure: float) -> float:
    """Onset of aquaplaning on water deeper than tread and texture [m/s]: 6.36 sqrt(p) km/h, p in kPa (Horne and Dreher 1963)."""
    return 6.36 * math.sqrt(pressure) / 3.6
