"""The six-degree-of-freedom vehicle against CommonRoad's multi-body model, in that model's configuration."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("vehiclemodels", reason="needs commonroad-vehicle-models")
pytest.importorskip("scipy")

from tests.physics import commonroad as cr

SETS = (1, 2, 3)


@pytest.mark.parametrize("name", cr.MANOEUVRES)
def test_motion_is_that_of_the_multi_body_model(name):
    manoeuvre = cr.MANOEUVRES[name]
    tracks = [cr.reference(v, name) for v in SETS]
    ours = cr.drive_cars([cr.mapped_set(v) for v in SETS], tracks, manoeuvre.friction)
    for track, (pos, rate) in zip(tracks, ours, strict=True):
        assert track.time[-1] == pytest.approx(manoeuvre.seconds, abs=0.4)
        d = cr.compare(track, pos, rate)
        assert d.position < (1.5 if manoeuvre.limit else 0.5), d
        assert d.yaw_rate < (0.05 * d.peak if d.peak >= 0.05 else 0.005), d


def test_manoeuvres_at_the_limit_saturate_tyres_and_the_others_do_not():
    for name, manoeuvre in cr.MANOEUVRES.items():
        for v in SETS:
            p, track = cr.parameters(v, manoeuvre.friction), cr.reference(v, name)
            accel = np.gradient(track.speed, track.time), track.speed * track.yaw_rate
            use = np.hypot(*accel).max() / (p.tire.p_dy1 * 9.81)
            assert use > 0.9 if manoeuvre.limit else use < 0.8, (name, v, use)


@pytest.mark.parametrize("name", ["step steer, limit", "sine with dwell", "full brake"])
def test_shorter_steps_end_where_those_that_ship_do(name):
    manoeuvre = cr.MANOEUVRES[name]
    tracks = [cr.reference(v, name) for v in SETS]
    sets = [cr.mapped_set(v) for v in SETS]
    ship, fine = (cr.drive_cars(sets, tracks, manoeuvre.friction, steps=steps) for steps in (3, 15))
    for (pos, _), (other, _) in zip(ship, fine, strict=True):
        assert np.linalg.norm(pos[-1] - other[-1]) < 0.15
