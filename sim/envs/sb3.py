"""The vector environment as Stable-Baselines3 expects it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env.base_vec_env import VecEnv  # noqa: TID253

from sim.envs.vector_env import SwerveVectorEnv


class SwerveVecEnv(VecEnv):
    """`SwerveVectorEnv` behind SB3's `VecEnv`: last observations in ``infos[i]["terminal_observation"]``.

    Args:
        num_envs: Worlds.
        scenario: Scenario files or ids.
        **settings: Passed on to `SwerveVectorEnv`.
    """

    def __init__(self, num_envs: int, scenario: str | Sequence[str], **settings: Any) -> None:
        self.vector = SwerveVectorEnv(num_envs, scenario, xp="numpy", **settings)
        self._seed_next: int | None = None
        self._actions = np.zeros((num_envs, 2), np.float32)
        self.render_mode = None
        super().__init__(num_envs, self.vector.single_observation_space, self.vector.single_action_space)

    def reset(self) -> np.ndarray:
        """Start an episode in every world."""
        obs, _ = self.vector.reset(seed=self._seed_next)
        self._seed_next = None
        self.reset_infos = [{} for _ in range(self.num_envs)]
        return obs

    def seed(self, seed: int | None = None) -> list[int | None]:  # type: ignore[override]
        """Redraw all worlds with this seed at the next reset."""
        self._seed_next = seed
        return [seed] * self.num_envs

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Drive all egos for one decision."""
        obs, rewards, terminated, truncated, info = self.vector.step(self._actions)
        done = terminated | truncated
        infos: list[dict[str, Any]] = []
        for i in range(self.num_envs):
            entry: dict[str, Any] = {"TimeLimit.truncated": bool(truncated[i] and not terminated[i])}
            if done[i]:
                entry["terminal_observation"] = info["final_obs"][i]
                entry["is_success"] = bool(info["success"][i])
                entry["collided"] = bool(info["collided"][i])
                entry["off_road"] = bool(info["off_road"][i]) and not entry["collided"]
            infos.append(entry)
        return obs, rewards.astype(np.float32), done, infos

    def close(self) -> None:
        """Free nothing: arrays go with the object."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The vector environment's attribute, once per world."""
        return [getattr(self.vector, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the vector environment (shared by all worlds)."""
        setattr(self.vector, attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """Call a method of the vector environment; its result once per world."""
        result = getattr(self.vector, method_name)(*method_args, **method_kwargs)
        return [result] * len(list(self._get_indices(indices)))

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Never: worlds are not separate environments."""
        return [False] * len(list(self._get_indices(indices)))
