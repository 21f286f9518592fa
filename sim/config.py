"""Every setting of a run, in frozen dataclasses that refuse what cannot be meant: `SwerveError` says what would be right."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sim.cameras import CameraConfig as CameraConfig
from sim.checks import check_number as _check_number
from sim.checks import check_whole as _check_whole
from sim.checks import check_word as _check_word
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
    "depth", "flow", "flow_back", "scene_flow", "normals", "normals_world", "albedo", "flat", "hdr", "panoptic", "part", "lane",
    "drivable", "anomaly", "lamp", "bev", "occupancy", "lane_lines",
)  # fmt: skip
"""What a data set may hold beside pictures, classes, instances and annotations (`sim.export.outputs`)."""
USUAL_LABELS = ("depth", "flow", "normals")
"""What it holds if nothing is said."""
MAX_SEED = (1 << 32) - 1
MAX_DRAWS = 100_000
"""Most worlds drawn from each scenario."""


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


def _check_focus(cameras: tuple[CameraConfig, ...], quality: str) -> None:
    for camera in cameras:
        if camera.optics.aperture > 0.0 and quality == "fast":
            raise SwerveError(f"camera {camera.name}: depth of field needs quality draft, standard or high, not fast")


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
        _check_focus(self.cameras, self.quality)


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
    lidar: str | None = None
    """Preset of the lidar (`sim.sensors.presets.LIDARS`); None: there is none."""
    radar: str | None = None
    """Preset of the radars (`sim.sensors.presets.RADARS`); None: there are none."""
    rig: tuple[CameraConfig, ...] = ()
    """Cameras; none: one behind the windscreen, whose pictures have ``size``."""

    def __post_init__(self) -> None:
        if len(self.size) != 2:
            raise SwerveError(f"size must be width and height in pixels, not {self.size!r}")
        whose = f"camera {self.rig[0].name}, the rig's first: " if self.rig else "size: "
        _check_whole(whose + "width", self.size[0], 16, 8192)
        _check_whole(whose + "height", self.size[1], 16, 8192)
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
        _check_focus(self.rig, self.quality)
        for camera in self.rig:
            if camera.shutter.half * 2.0 * self.fps > 1.0 + 1e-9:
                raise SwerveError(
                    f"camera {camera.name}: its shutter runs {camera.shutter.half * 2e3:g} ms, longer than a frame at {self.fps:g} fps"
                )

    @property
    def span(self) -> float:
        """Half the run of the slowest shutter [s]."""
        return max((camera.shutter.half for camera in self.rig), default=0.0)

    @property
    def cameras(self) -> tuple[CameraConfig, ...]:
        """The cameras that pictures are made with."""
        return self.rig or (CameraConfig(width=self.size[0], height=self.size[1]),)
