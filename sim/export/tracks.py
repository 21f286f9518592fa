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
    """Fields of POSES and STATE as they are called, those of METRICS after 'metrics.', IMPACTS; for shutters also those of POSES after
    'before.' and 'after.', and 'span': how long before and after each frame that is [s]."""

    @property
    def span(self) -> float:
        """Time between a frame and its poses before and after [s]; 0: there are none."""
        return float(self.arrays["span"][0]) if "span" in self.arrays else 0.0

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


class _Clock:
    """A running batch that can be asked for its poses at any time not before the last one.

    Args:
        batch: Worlds at the start of their episodes.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch, self.tick = batch, 0
        self.steps = make_steps(batch.scene, batch.state, batch.control, batch.config.physics)
        self.window = PoseWindow(batch.state)

    def go(self, exact: Fraction) -> None:
        """Run to the first tick at or after a time [ticks], and set the window between it and the one before."""
        last = math.ceil(exact)
        while self.tick < last:
            if self.tick == last - 1:
                self.window.record(self.batch.state)
            self.steps.launch()
            self.tick += 1
        self.window.fraction.fill_(float(exact - (last - 1)) if last > 0 else 1.0)

    def poses(self) -> dict[str, np.ndarray]:
        """Poses at the time it has gone to."""
        self.window.advance(self.batch.state)
        poses = to_numpy(self.window.current)
        return {name: poses[name] for name in POSES}


def record(
    batch: Batch,
    rate: Fraction,
    duration: float | None = None,
    progress: Callable[[float], None] | None = None,
    span: float = 0.0,
) -> list[Tracks]:
    """Run a batch from where it stands and record every world.

    Args:
        batch: Worlds at the start of their episodes.
        rate: Frames per second.
        duration: Longest recorded time [s]; None: each world to its end.
        progress: Called with the simulated time [s].
        span: Time before and after each frame at which poses are recorded too, for shutters [s]; less than half a frame's.
    """
    scene, state, clock = batch.scene, batch.state, _Clock(batch)
    limit = int(scene.end_tick.numpy().max()) + 1
    if duration is not None:
        limit = min(limit, math.ceil(duration / TICK) + 1)
    ticks = Fraction(TICK).limit_denominator(1000)
    around = Fraction(span).limit_denominator(1_000_000) / ticks
    rows: list[dict[str, np.ndarray]] = []
    while not rows or (clock.tick < limit and not state.done.numpy().all()):
        exact = Fraction(len(rows)) / rate / ticks
        row: dict[str, np.ndarray] = {}
        if span:
            clock.go(max(exact - around, Fraction(0)))
            row |= {f"before.{name}": value for name, value in clock.poses().items()}
        clock.go(exact)
        row |= clock.poses() | _state(scene, state)
        end = state.tick.numpy().copy()
        if span:
            clock.go(exact + around)
            row |= {f"after.{name}": value for name, value in clock.poses().items()}
        rows.append(row)
        if progress is not None:
            progress(clock.tick * TICK)
    rows.append(rows[-1])
    counts = [frame_count(rate, float(tick), duration) for tick in end * TICK]
    tracks = _tracks(batch, rows, rate, counts)
    if span:
        for one in tracks:
            one.arrays["span"] = np.array([span])
    return tracks


def _tracks(batch: Batch, rows: list[dict[str, np.ndarray]], rate: Fraction, counts: list[int]) -> list[Tracks]:
    """Tracks of every world, ``counts`` frames long and one more, without the slots that hold no actor."""
    tracks = []
    for w in range(batch.nworld):
        count = min(counts[w], len(rows) - 1)
        nactor = len(batch.specs[w][0].actors)
        arrays = {k: np.stack([row[k][w] for row in rows[: count + 1]]) for k in rows[0]}
        for name, array in arrays.items():
            if array.ndim > 1 and not name.endswith("signal") and name not in IMPACTS:
                arrays[name] = np.ascontiguousarray(array[:, :nactor])
        tracks.append(Tracks(rate, arrays))
    return tracks


def _state(scene: Scene, state: State) -> dict[str, np.ndarray]:
    """Host copies of what tracks hold but poses, by field, world first."""
    measure_gaps(scene, state)
    values = {name: getattr(state, name).numpy().copy() for name in STATE}
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
    for k, ends in enumerate(window.ends):
        row = min(max(frame + k - 1, 0), tracks.nframe)
        for prefix, poses in zip(("before.", "after."), ends, strict=True):
            _assign(tracks, prefix if tracks.span else "", row, lambda name, poses=poses: getattr(poses, name))


def assign_poses(tracks: Tracks, row: int, state: State) -> None:
    """Set the pose fields of a state of one world to a row of its tracks."""
    _assign(tracks, "", row, lambda name: getattr(pose_owner(state, name), name))


def _assign(tracks: Tracks, prefix: str, row: int, target: Callable[[str], Any]) -> None:
    """Set arrays of one world, given by the pose field's name, to a row of its tracks."""
    for name in POSES:
        array, values = target(name), tracks.arrays[prefix + name][row]
        if values.ndim == 0:
            array.assign(values.reshape(1))
            continue
        # A batch may have room for more actors than this world has.
        host = array.numpy().copy()
        host[0, : len(values)] = values
        array.assign(host)
