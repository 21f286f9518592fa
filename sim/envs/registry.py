"""Registers every scenario of the library as ``swerve/<id>-v0``."""

from __future__ import annotations

from sim.paths import data_root


def register_all() -> None:
    """Register the library's scenarios with Gymnasium; reads file names only."""
    import gymnasium as gym

    for path in sorted(data_root("scenarios").rglob("*.yaml")):
        env_id = f"swerve/{path.stem}-v0"
        if env_id not in gym.registry:
            gym.register(
                env_id,
                entry_point="sim.envs.single:SwerveEnv",
                vector_entry_point="sim.envs.vector_env:SwerveVectorEnv",
                kwargs={"scenario": str(path)},
            )
