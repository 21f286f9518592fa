"""Rule-based drivers as policies: what `sim.behavior.drivers` would do, as actions of an environment."""

from __future__ import annotations

import numpy as np
import warp as wp

from sim.behavior.drivers import DRIVERS, ego_actions
from sim.errors import SwerveError
from sim.sampling import Batch

__all__ = ["DRIVERS", "drive"]


def drive(batch: Batch, name: str) -> np.ndarray:
    """Actions of driver ``name`` for every world's ego, float32 (nworld, 2): steer and accelerate/brake in -1..1.

    The driver's memory is kept in the batch's state, so call it once per decision.

    Raises:
        SwerveError: if there is no such driver.
    """
    if name not in DRIVERS:
        raise SwerveError(f"no driver {name!r}: choose one of {', '.join(DRIVERS)}")
    action = wp.zeros((batch.nworld, 2), dtype=wp.float32, device=batch.device)
    ego_actions(batch.scene, batch.state, name, action)
    return action.numpy()
