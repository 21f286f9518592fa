"""What happened in a world, at the times of its frames: recorded once, then rendered, plotted and replayed from here."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sim.errors import SwerveError
from sim.export.impacts import FIELDS, list_impacts
from sim.metrics.measure import measure_gaps
from sim.render.poses import Poses, PoseWindow, pose_owner
from sim.sampling import Batch
from sim.simulation import make_steps
from sim.structs import to_numpy
from sim.types import TICK, Scene, State

POSES = tuple(Poses.vars)
"""Fields of `sim.render.poses.Poses`: all that a picture depends on, interpolated to the frame's time."""

STATE = ("done", "motion", "accel", "contact_tick", "contact_with", "contact_speed", "ttc", "gap")
"""Further fields of `sim.types.State`, as of the last tick before or at the frame's time."""

METRICS = (
    "time_to_collision", "distance", "conflict_actor", "onset_tick", "onset_actor", "occluder", "conflict", "collided",
    "collision_tick", "collision_actor", "off_road", "goal_reached",
)  # fmt: skip
"""Fields of `sim.types.Metrics`, as above."""

IMPACTS = tuple(f"impacts.{name}" for name in FIELDS)
"""Fields of `sim.types.Impacts`, as above."""

MAX_BYTES = 4 << 30
"""Tracks that unpack to more are refused."""


def frame_rate(fps: float) -> Fraction:
    """Frames per second as a ratio of small numbers: 29.97 is 2997/100."""
    return Fraction(fps).limit_denominator(1001)


@dataclass
class Tracks:
    """One world over time: arrays (nframe + 1, ...) by field, the last row being the neighbour of the last frame."""

    rate: Fraction
    """Frames per second."""
    arrays: dict[str, np.ndarray]
    """Fields of POSES and STATE as they are called, those of METRICS after 'metrics.', IMPACTS."""

    @property
    def nframe(self) -> int:
        """Frames to render."""
        return len(self.arrays["tick"]) - 1

    def time(self, frame: int) -> float:
        """When a frame is [s]."""
        return float(frame / self.rate)

    def impacts(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """`sim.export.impacts.list_impacts` of all that happened; ``names``: of the actors."""
        return list_impacts({name: self.arrays[f"impacts.{name}"][self.nframe - 1] for name in FIELDS}, names)

    def encode(self) -> bytes:
        """The tracks as .npz bytes, equal for equal tracks."""
        from sim.export.writer import encode_npz

        rate = np.array([self.rate.numerator, self.rate.denominator], np.int64)
        return encode_npz({"rate": rate, **self.arrays}, level=6)

    @staticmethod
    def decode(data: bytes) -> Tracks:
        """Tracks from `encode`'s bytes.

        Raises:
            SwerveError: if they are no tracks, lack a field, or unpack to more than `MAX_BYTES`.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
            if size > MAX_BYTES:
                raise SwerveError(f"these tracks unpack to {size} bytes; at most {MAX_BYTES} are read")
            with np.load(io.BytesIO(data), allow_pickle=False) as fields:
                arrays = {name: fields[name] for name in fields.files}
            rate = arrays.pop("rate")
            missing = {*POSES, *STATE, *IMPACTS, *(f"metrics.{name}" for name in METRICS)} - arrays.keys()
            if missing:
                raise SwerveError(f"these tracks lack {', '.join(sorted(missing))}")
            return Tracks(Fraction(int(rate[0]), int(rate[1])), arrays)
        except (zipfile.BadZipFile, OSError, KeyError, ValueError, IndexError, ZeroDivisionError, TypeError) as error:
            raise SwerveError(f"these are no tracks: {error}") from None


def frame_count(rate: Fraction, end: float, duration: float | None) -> int:
    """Frames of a world that ended at ``end`` [s], or is watched for ``duration`` [s] if that is shorter.

    The moment of the end itself is a frame; a given duration holds exactly duration times rate frames.
    """
    count = math.floor(end * float(rate) + 1e-6) + 1
    if duration is not None:
        count = min(count, math.ceil(duration * float(rate) - 1e-6))
    return max(1, count)


def record(
    batch: Batch, rate: Fraction, duration: float | None = None, progress: Callable[[float], None] | None = None
) -> list[Tracks]:
    """Run a batch from where it stands and record every world.

    Args:
        batch: Worlds at the start of their episodes.
        rate: Frames per second.
        duration: Longest recorded time [s]; None: each world to its end.
        progress: Called with the simulated time [s].
    """
    scene, state = batch.scene, batch.state

    steps = make_steps(scene, state, batch.control, batch.config.physics)
    window = PoseWindow(state)
    rows = [_snapshot(window, scene, state)]
    limit = int(scene.end_tick.numpy().max()) + 1
    if duration is not None:
        limit = min(limit, math.ceil(duration / TICK) + 1)
    tick, frame = 0, 0
    while tick < limit and not state.done.numpy().all():
        frame += 1
        exact = Fraction(frame) / rate / Fraction(TICK).limit_denominator(1000)
        last = math.ceil(exact)
        while tick < last - 1:
            steps.launch()
            tick += 1
        window.record(state)
        while tick < last:
            steps.launch()
            tick += 1
        window.fraction.fill_(float(exact - (last - 1)))
        window.advance(state)
        rows.append(_snapshot(window, scene, state))
        if progress is not None:
            progress(tick * TICK)
    rows.append(rows[-1])
    counts = [frame_count(rate, float(end), duration) for end in state.tick.numpy() * TICK]
    return _tracks(batch, rows, rate, counts)


def _tracks(batch: Batch, rows: list[dict[str, np.ndarray]], rate: Fraction, counts: list[int]) -> list[Tracks]:
    """Tracks of every world, ``counts`` frames long and one more, without the slots that hold no actor."""
    tracks = []
    for w in range(batch.nworld):
        count = min(counts[w], len(rows) - 1)
        nactor = len(batch.specs[w][0].actors)
        arrays = {k: np.stack([row[k][w] for row in rows[: count + 1]]) for k in rows[0]}
        for name, array in arrays.items():
            if array.ndim > 1 and name != "signal" and name not in IMPACTS:
                arrays[name] = np.ascontiguousarray(array[:, :nactor])
        tracks.append(Tracks(rate, arrays))
    return tracks


def _snapshot(window: PoseWindow, scene: Scene, state: State) -> dict[str, np.ndarray]:
    """Host copies of what tracks hold, by field, world first."""
    measure_gaps(scene, state)
    poses = to_numpy(window.current)
    values = {name: poses[name] for name in POSES}
    values |= {name: getattr(state, name).numpy().copy() for name in STATE}
    values |= {f"impacts.{name}": getattr(state.impacts, name).numpy().copy() for name in FIELDS}
    values |= {f"metrics.{name}": getattr(state.metrics, name).numpy().copy() for name in METRICS}
    return values


def show(tracks: Tracks, frame: int, state: State, window: PoseWindow) -> None:
    """Set a renderer's window, of this one world, to a frame and its neighbours, whatever it showed before.

    Frames so shown do not depend on which were shown before, so an interrupted run goes on with the same pictures.

    Args:
        tracks: The world's tracks.
        frame: 0 .. nframe - 1.
        state: State of the one world; its poses are overwritten.
        window: The renderer's.
    """
    first = max(frame - 1, 0)
    assign_poses(tracks, first, state)
    window.reset(state)
    for row in (frame, frame + 1)[: 2 if window.lookahead else 1]:
        assign_poses(tracks, row, state)
        window.advance(state)


def assign_poses(tracks: Tracks, row: int, state: Any) -> None:
    """Set the pose fields of a state of one world to a row of its tracks."""
    for name in POSES:
        target = getattr(pose_owner(state, name), name)
        values = tracks.arrays[name][row]
        if values.ndim == 0:
            target.assign(values.reshape(1))
            continue
        # A batch may have room for more actors than this world has.
        host = target.numpy().copy()
        host[0, : len(values)] = values
        target.assign(host)
