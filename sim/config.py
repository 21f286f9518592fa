"""Every setting of a run, in frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SimConfig:
    """How worlds are sampled and stepped."""

    seed: int = 0
    contact: str = "physics"
    """'physics' or 'report'."""
    driver: str = "default"
    """Who drives the ego: 'default' (scripted), 'control' (from outside), or a driver of `sim.behavior.drivers`."""
    map_variants: int = 8
    """Different maps drawn per scenario; a world's own key chooses among them."""
    pool: int = 2
    """Spare draws kept per world for resets."""


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
    show_ego: bool | None = None
    """Whether the ego's own mesh is in the picture; None: only if the camera is not attached to it."""


@dataclass(frozen=True)
class RenderConfig:
    """What is rendered of each frame."""

    cameras: tuple[CameraConfig, ...] = (CameraConfig(),)
    quality: str = "standard"
    """A name of `sim.render.frames.QUALITY`: 'fast', 'draft', 'standard' or 'high'."""
    outputs: tuple[str, ...] = ("rgb", "depth", "range", "semantic", "instance", "normal", "flow")


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
    strict: bool = False
    chase: bool = False
    """Whether to film from behind the ego too."""
    amodal: bool = True
    """Whether annotations hold amodal masks."""
