"""Every setting of a run, in frozen dataclasses that refuse what cannot be meant: `SwerveError` says what would be right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sim.errors import SwerveError

CONTACTS = ("physics", "report")
PHYSICS = ("swerve", "bullet")
QUALITIES = ("fast", "draft", "standard", "high")
OUTPUTS = (
    "rgb", "depth", "range", "semantic", "instance", "normal", "flow", "flow_back",
    "panoptic", "part", "lane", "drivable", "anomaly", "lamp", "normal_world", "albedo", "hdr", "scene_flow",
)  # fmt: skip
"""Images of a renderer."""
LABELS = (
    "depth", "flow", "flow_back", "scene_flow", "normals", "normals_world", "albedo", "hdr", "panoptic", "part", "lane", "drivable",
    "anomaly", "lamp", "bev", "occupancy", "lane_lines",
)  # fmt: skip
"""What a data set may hold beside pictures, classes, instances and annotations (`sim.export.outputs`)."""
USUAL_LABELS = ("depth", "flow", "normals")
"""What it holds if nothing is said."""
MAX_SEED = (1 << 32) - 1
MAX_DRAWS = 100_000
"""Most worlds drawn from each scenario."""


def _check_whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not low <= value <= high:
        raise SwerveError(f"{name} must be a whole number between {low} and {high}, not {value!r}")


def _check_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> None:
    if isinstance(value, bool) or not hasattr(value, "__float__") or not math.isfinite(value):
        raise SwerveError(f"{name} must be a finite number, not {value!r}")
    if not low <= value <= high:
        raise SwerveError(f"{name} must lie between {low:g} and {high:g}, not {value:g}")


def _check_word(name: str, value: Any, words: Sequence[str]) -> None:
    if value not in words:
        raise SwerveError(f"no {name} {value!r}: choose one of {', '.join(words)}")


@dataclass(frozen=True)
class SimConfig:
    """How worlds are sampled and stepped."""

    seed: int = 0
    contact: str = "physics"
    """What a collision does, one of `CONTACTS`: bodies with momentum, or a mere record."""
    driver: str = "default"
    """Who drives the ego: 'default' (scripted), 'control' (from outside), or a driver of `sim.behavior.drivers`."""
    map_variants: int = 8
    """Different maps drawn per scenario; a world's own key chooses among them."""
    physics: str = "swerve"
    """What moves driven vehicles and bodies, one of `PHYSICS`: Swerve's own kernels, or PyBullet as a second opinion."""
    pool: int = 2
    """Draws kept per world, its first episode's included; resets take them in turn."""

    def __post_init__(self) -> None:
        _check_whole("seed", self.seed, 0, MAX_SEED)
        _check_word("contact", self.contact, CONTACTS)
        _check_word("physics", self.physics, PHYSICS)
        _check_whole("map_variants", self.map_variants, 1, MAX_DRAWS)
        _check_whole("pool", self.pool, 1, MAX_DRAWS)


@dataclass(frozen=True)
class CameraConfig:
    """A pinhole camera in OpenCV's convention, mounted on an actor."""

    name: str = "front"
    width: int = 800
    height: int = 450
    horizontal_fov: float = 1.22
    """[rad]."""
    pos: tuple[float, float, float] = (1.6, 0.0, 1.45)
    """Mounting point in the ego's frame (x forward from the rear axle) [m]."""
    yaw: float = 0.0
    pitch: float = 0.0
    """Positive looks down (ISO 8855) [rad]."""
    roll: float = 0.0
    attached: bool = True
    """True: moves with the ego; False: ``pos`` and angles are in the world frame."""
    follows: bool = False
    """Attached, but level: turns with the ego's heading alone, and rises or comes nearer where something stands in between."""
    show_ego: bool | None = None
    """Whether the ego's own mesh is in the picture; None: only if the camera is not attached to it."""

    def __post_init__(self) -> None:
        _check_whole("a camera's width", self.width, 1, 8192)
        _check_whole("a camera's height", self.height, 1, 8192)
        _check_number("a camera's horizontal_fov [rad]", self.horizontal_fov, 1e-3, 3.1)
        if len(self.pos) != 3:
            raise SwerveError(f"a camera's pos must be x, y, z [m], not {self.pos!r}")
        for name, value in (*zip(("pos.x", "pos.y", "pos.z"), self.pos, strict=True), ("yaw", self.yaw)):
            _check_number(f"a camera's {name}", value)
        _check_number("a camera's pitch", self.pitch)
        _check_number("a camera's roll", self.roll)


@dataclass(frozen=True)
class RenderConfig:
    """What is rendered of each frame."""

    cameras: tuple[CameraConfig, ...] = (CameraConfig(),)
    quality: str = "standard"
    """One of `QUALITIES`."""
    outputs: tuple[str, ...] = ("rgb", "depth", "range", "semantic", "instance", "normal", "flow")

    def __post_init__(self) -> None:
        if not self.cameras:
            raise SwerveError("there is no camera: name at least one CameraConfig")
        _check_word("quality", self.quality, QUALITIES)
        for name in self.outputs:
            _check_word("output", name, OUTPUTS)


@dataclass(frozen=True)
class RewardConfig:
    """Weights of the reward's terms (`sim.envs.reward`)."""

    progress: float = 0.01
    """Per metre gained along the route."""
    goal: float = 3.0
    """Once, for reaching the goal without contact."""
    collision: float = -5.0
    """Once, for touching anything."""
    off_road: float = -5.0
    """Once, for leaving what may be driven on."""
    comfort: float = -0.0005
    """Per (m/s^2)^2 of acceleration, times the step [s]."""
    near_miss: float = -0.02
    """Per step with a time to collision under 1.5 s."""

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_number(f"the reward's {field.name}", getattr(self, field.name))


@dataclass(frozen=True)
class DatasetConfig:
    """What `swerve render` writes."""

    size: tuple[int, int] = (800, 450)
    """Width and height [pixels]."""
    fps: float = 10.0
    """Frames per second of scenario time."""
    duration: float | None = None
    """Seconds to render; None: to the end."""
    draws: int = 1
    """Worlds drawn from each scenario."""
    seed: int = 0
    quality: str = "standard"
    driver: str | None = None
    """Who drives the ego; None: as the file says."""
    contact: str = "physics"
    """What a collision does, one of `CONTACTS`."""
    physics: str = "swerve"
    """What moves driven vehicles and bodies, one of `PHYSICS`."""
    strict: bool = False
    """Whether what a file uses and Swerve does not know is an error."""
    chase: bool = False
    """Whether to film from behind the ego too: pictures in chase/, shown in the video; labels stay the ego camera's."""
    amodal: bool = True
    """Whether annotations hold amodal masks."""
    outputs: tuple[str, ...] = USUAL_LABELS
    """Labels beside the picture, its classes, instances and annotations: some of `LABELS`, in their order."""

    def __post_init__(self) -> None:
        if len(self.size) != 2:
            raise SwerveError(f"size must be width and height in pixels, not {self.size!r}")
        _check_whole("size: width", self.size[0], 16, 8192)
        _check_whole("size: height", self.size[1], 16, 8192)
        _check_number("fps", self.fps, 0.1, 1000.0)
        if self.duration is not None:
            _check_number("duration [s]", self.duration, 0.01, 3600.0)
        _check_whole("draws", self.draws, 1, MAX_DRAWS)
        _check_whole("seed", self.seed, 0, MAX_SEED)
        _check_word("quality", self.quality, QUALITIES)
        _check_word("contact", self.contact, CONTACTS)
        _check_word("physics", self.physics, PHYSICS)
        for name in self.outputs:
            _check_word("output", name, LABELS)
        object.__setattr__(self, "outputs", tuple(name for name in LABELS if name in self.outputs))
