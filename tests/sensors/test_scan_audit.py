"""Points of whole scenarios against the scene's own meshes; and the audit finds faults that are put in."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from sim.export.tracks import assign_poses, record
from sim.render.world import build_library
from sim.sampling import sample_worlds
from sim.scenario.reader import expand, library_files, load_scenario
from sim.sensors.audit import audit_scan
from sim.sensors.lidar import Lidar
from sim.sensors.presets import LIDARS, spread


def scans(name, seconds, frames, config):
    batch = sample_worlds([load_scenario(expand([name])[0])], [0], "cpu")
    tracks = record(batch, Fraction(2), seconds)[0]
    lidar = Lidar(build_library(batch, detail=0.5), batch.scene, batch.state, config)
    for frame in frames:
        assign_poses(tracks, min(frame, tracks.nframe - 1), batch.state)
        lidar.reset(batch.scene, batch.state)
        lidar.scan(batch.scene)
        yield tracks, lidar


CONFIG = replace(LIDARS["spin32"], columns=300, range_noise=0.01)


def test_points_of_a_street_lie_on_what_they_are_labelled_with():
    seen = set()
    for _, lidar in scans("child-between-parked-cars", 3.5, (0, 5, 6), CONFIG):
        assert audit_scan(lidar) == []
        seen |= set(np.unique(lidar.points.instance.numpy()))
    assert len(seen) > 8


def test_the_audit_finds_what_is_wrong():
    for _, lidar in scans("child-between-parked-cars", 2.5, (4,), CONFIG):
        points = lidar.points
        for name, spoil in (
            ("instance", lambda a: np.where(a > 0, a % 3 + 1, 0)),
            ("range", lambda a: a + 0.3 * (a > 20.0)),
            ("echo", lambda a: np.where(a == 0, 1, a)),
            ("semantic", lambda a: np.full_like(a, 255)),
        ):
            array = getattr(points, name)
            whole = array.numpy().copy()
            array.assign(spoil(whole).astype(whole.dtype))
            assert audit_scan(lidar), name
            array.assign(whole)
        # Somebody moved a little while the points were taken.
        lidar.swept.poses.vel.assign(lidar.swept.poses.vel.numpy() + np.array([8.0, 0.0, 0.0], np.float32))
        assert audit_scan(lidar)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(library_files()))
def test_points_of_every_scenario_lie_on_what_they_are_labelled_with(name):
    config = replace(CONFIG, elevations=spread(-25, 15, 24), columns=200)
    for _, lidar in scans(name, 8.0, (0, 5, 10, 15), config):
        assert audit_scan(lidar) == [], name
