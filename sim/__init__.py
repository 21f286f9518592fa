"""Swerve: rare and dangerous road scenarios, simulated and rendered in batches.

Importing `sim` registers every scenario of the library with Gymnasium as ``swerve/<id>-v0`` and loads nothing heavy; the
functions below import what they need when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.envs.registry import register_all

if TYPE_CHECKING:
    from sim.config import CameraConfig, RenderConfig, RewardConfig, SimConfig
    from sim.envs.vector_env import SwerveVectorEnv
    from sim.export.dataset import render_dataset
    from sim.render.frames import Renderer
    from sim.render.world import build_library
    from sim.sampling import Batch, sample_worlds
    from sim.scenario.reader import library, load_scenario
    from sim.sensors.config import LidarConfig, RadarConfig
    from sim.sensors.lidar import Lidar
    from sim.sensors.radar import Radar
    from sim.simulation import step

__version__ = "0.1.0"

__all__ = [
    "Batch",
    "CameraConfig",
    "Lidar",
    "LidarConfig",
    "Radar",
    "RadarConfig",
    "RenderConfig",
    "Renderer",
    "RewardConfig",
    "SimConfig",
    "SwerveVectorEnv",
    "build_library",
    "library",
    "load_scenario",
    "render_dataset",
    "sample_worlds",
    "step",
]

_HOME = {
    "Batch": "sim.sampling",
    "CameraConfig": "sim.config",
    "Lidar": "sim.sensors.lidar",
    "LidarConfig": "sim.sensors.config",
    "Radar": "sim.sensors.radar",
    "RadarConfig": "sim.sensors.config",
    "RenderConfig": "sim.config",
    "Renderer": "sim.render.frames",
    "RewardConfig": "sim.config",
    "SimConfig": "sim.config",
    "SwerveVectorEnv": "sim.envs.vector_env",
    "build_library": "sim.render.world",
    "library": "sim.scenario.reader",
    "load_scenario": "sim.scenario.reader",
    "render_dataset": "sim.export.dataset",
    "sample_worlds": "sim.sampling",
    "step": "sim.simulation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


register_all()
