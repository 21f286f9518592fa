"""One world as a plain `gymnasium.Env` with NumPy in and out."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from sim.envs.vector_env import SwerveVectorEnv


class SwerveEnv(gym.Env):
    """A batch of one world; arguments, spaces and rewards as `sim.envs.vector_env.SwerveVectorEnv`."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, scenario: str, *, render_mode: str | None = None, **settings: Any) -> None:
        self.vector = SwerveVectorEnv(
            1, scenario, xp="numpy", autoreset=False, threads=1, render_mode=render_mode, **settings
        )
        self.metadata = {**self.metadata, "render_fps": self.vector.metadata["render_fps"]}
        self.observation_space = self.vector.single_observation_space
        self.action_space = self.vector.single_action_space
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Start the next draw; a seed redraws all."""
        super().reset(seed=seed)
        obs, info = self.vector.reset(seed=seed)
        return obs[0], info

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Drive the ego for one decision."""
        obs, reward, terminated, truncated, info = self.vector.step(np.asarray(action)[None])
        single = {key: value[0].item() for key, value in info.items() if not key.startswith("_")}
        return obs[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), single

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """A picture from behind the ego, uint8 (height, width, 3), or None without a render mode."""
        frames = self.vector.render()
        return None if frames is None else frames[0]
