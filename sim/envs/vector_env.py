"""The native vector environment: every world of the batch steps, ends, resets and is observed inside one graph."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import warp as wp
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from sim.config import CameraConfig, RewardConfig, SimConfig
from sim.envs.looks import CameraLook, StateLook, film
from sim.envs.reward import Episode, reward_weights, score_decision, start_episodes
from sim.errors import SwerveError
from sim.sampling import Batch, sample_worlds
from sim.scenario.reader import load_scenario
from sim.simulation import WorldGraph, step
from sim.structs import RowCopy, from_rows
from sim.types import TICK, Control

wp.set_module_options({"enable_backward": False})

MAX_ENVS = 1 << 20


@wp.kernel
def _apply_actions(action: wp.array2d[float], control: Control):
    """Reads steer and accelerate/brake of each world. Writes the ego's control, clipped to -1..1."""
    world = wp.tid()
    control.steer[world, 0] = wp.clamp(action[world, 0], -1.0, 1.0)
    control.accel[world, 0] = wp.clamp(action[world, 1], -1.0, 1.0)


@wp.kernel
def _next_draw(ended: wp.array[wp.int32], draws: int, episode: wp.array[wp.int32], source_out: wp.array[wp.int32]):
    """Reads which worlds ended. Writes their episode count and the pool row of their next draw."""
    world = wp.tid()
    if ended[world] != 0:
        episode[world] = episode[world] + 1
        source_out[world] = world * draws + episode[world] % draws


class SwerveVectorEnv(gym.vector.VectorEnv):
    """N different worlds of one or more scenarios, with steer and accelerate/brake of their egos as actions.

    Actions: float32 (num_envs, 2) in -1..1: steer (left positive), accelerator (positive) or brake (negative).
    Observations: `state` (see `sim.envs.observation`) float32 (num_envs, n), or `camera` uint8 (num_envs, height, width, 3).
    Terminated: contact, off the road, goal reached. Truncated: end of time. Rewards: `sim.envs.reward`.

    A finished world is reset within the same step (`AutoresetMode.SAME_STEP`) to its next draw; its last observation and info
    are in ``info["final_obs"]`` and ``info["final_info"]`` (NumPy: as Gymnasium's own vector environments, so only when a world
    ended; torch: always, whole tensors with the mask ``info["_final_obs"]``, so that nothing waits for the device).
    ``info`` holds for each world what its last decision led to, before any reset: ``success`` (goal reached in time
    without contact), ``collided``, ``off_road`` and ``min_time_to_collision`` [s] of the episode.

    Args:
        num_envs: Worlds in the batch.
        scenario: Scenario files or library ids; world i takes the i-th, cyclically.
        observation: 'state' or 'camera'.
        xp: 'torch' (tensors on the device, in and out) or 'numpy'.
        device: Warp device; None: CUDA if there is one.
        seed: Seed of the draws; `reset(seed=...)` changes it.
        keys: Each world's own key: its draws depend on seed, key and episode only; None: 0, 1, 2 ...
        draws: Draws per world that its episodes cycle through.
        decision_ticks: Ticks of 10 ms per action.
        max_actors: Actors in the `state` observation.
        camera: The `camera` observation's camera.
        reward: Weights of the reward's terms.
        autoreset: False: finished worlds stay as they are until `reset` (used by the single environment).
        threads: CPU threads; None: all cores.
        render_mode: 'rgb_array' lets `render` film each ego from behind.

    Raises:
        SwerveError: if the settings or a scenario are unusable.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Sequence[str] = (),
        *,
        observation: str = "state",
        xp: str = "numpy",
        device: str | None = None,
        seed: int = 0,
        keys: Sequence[int] | None = None,
        draws: int = 8,
        decision_ticks: int = 10,
        max_actors: int = 8,
        camera: CameraConfig | None = None,
        reward: RewardConfig | None = None,
        autoreset: bool = True,
        threads: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        paths = [scenario] if isinstance(scenario, str) else list(scenario)
        _check_settings(num_envs, paths, observation, xp, keys, render_mode)
        for name, value in (("draws", draws), ("decision_ticks", decision_ticks), ("max_actors", max_actors)):
            if value < 1:
                raise SwerveError(f"{name} must be at least 1, not {value}")
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_fps": round(1.0 / (decision_ticks * TICK), 3)}
        if not autoreset:
            self.metadata["autoreset_mode"] = AutoresetMode.DISABLED
        self._xp = xp
        self._device = wp.get_device(device)
        self._scenarios = [load_scenario(path) for path in paths]
        self._seed = seed
        self._keys = list(range(num_envs)) if keys is None else [int(key) for key in keys]
        self._draws = draws
        self._decision_ticks = decision_ticks
        self._weights = reward_weights(reward or RewardConfig())
        self._autoreset = autoreset
        self._threads = threads or os.cpu_count() or 1
        if observation == "state":
            self._look: Any = StateLook(max_actors)
        else:
            self._look = CameraLook(camera or CameraConfig(width=64, height=64))
        self.single_observation_space = self._look.space
        self.single_action_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.batch: Batch | None = None
        self._film: Any = None

    # --- set-up ---------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        """Draw the worlds of the present seed and record the graphs."""
        n, device = self.num_envs, self._device
        scenarios = [self._scenarios[i % len(self._scenarios)] for i in range(n)]
        config = SimConfig(seed=self._seed, pool=self._draws, driver="control")
        self.batch = batch = sample_worlds(scenarios, self._keys, device, config)
        self._film = None
        self._action = wp.zeros((n, 2), dtype=wp.float32, device=device)
        self._count = wp.full(n, -1, dtype=wp.int32, device=device)
        self._source = wp.zeros(n, dtype=wp.int32, device=device)
        self._all = wp.full(n, 1, dtype=wp.int32, device=device)
        self._mask = wp.zeros(n, dtype=wp.int32, device=device)
        self._episode = from_rows(Episode, [{}] * n, device, {})
        self._obs = self._look.prepare(batch)
        self._final = wp.zeros_like(self._obs)
        structs = [
            batch.scene, batch.state, batch.control, batch.pool_scene, batch.pool_state, self._episode, self._action,
            self._count, self._source, self._all, self._mask, self._obs, self._final,
        ]  # fmt: skip
        self._step_graph = WorldGraph(self._make_step, structs, n, device, threads=self._threads)
        self._reset_graph = WorldGraph(self._make_reset, structs, n, device, threads=self._threads)

    def _make_step(
        self, scene, state, control, pool_scene, pool_state, episode, action, count, source, everyone, mask, obs, final
    ):  # type: ignore[no-untyped-def]
        n, device = action.shape[0], action.device
        copy = RowCopy([scene, state], [pool_scene, pool_state])
        look = self._look.bind(scene, state, obs)

        def stage() -> None:
            wp.launch(_apply_actions, dim=n, inputs=[action], outputs=[control], device=device)
            for _ in range(self._decision_ticks):
                step(scene, state, control)
            score_decision(scene, state, self._weights, self._decision_ticks, episode)
            look.see(everyone)
            if self._autoreset:
                wp.copy(final, obs)
                ended = [episode.ended, self._draws]
                wp.launch(_next_draw, dim=n, inputs=ended, outputs=[count, source], device=device)
                copy.launch(episode.ended, source)
                start_episodes(scene, state, episode.ended, episode)
                look.begin(episode.ended)

        return stage

    def _make_reset(
        self, scene, state, control, pool_scene, pool_state, episode, action, count, source, everyone, mask, obs, final
    ):  # type: ignore[no-untyped-def]
        n, device = action.shape[0], action.device
        copy = RowCopy([scene, state], [pool_scene, pool_state])
        look = self._look.bind(scene, state, obs)

        def stage() -> None:
            wp.launch(_next_draw, dim=n, inputs=[mask, self._draws], outputs=[count, source], device=device)
            copy.launch(mask, source)
            start_episodes(scene, state, mask, episode)
            look.begin(mask)

        return stage

    # --- Gymnasium ------------------------------------------------------------------------------------------------

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode in every world, or in those of ``options["reset_mask"]`` (bool, (num_envs,)).

        A seed redraws all worlds; without one each world goes on to its next draw.
        """
        mask = (options or {}).get("reset_mask")
        if seed is not None and not isinstance(seed, (int, np.integer)):
            raise SwerveError("seed must be one integer: every world has its own stream under it")
        if mask is not None:
            mask = np.asarray(mask)
            if mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
                raise SwerveError(f"reset_mask must be bool of shape ({self.num_envs},), not {mask.dtype} {mask.shape}")
            if seed is not None or self.batch is None:
                raise SwerveError(
                    "reset_mask goes on with worlds that run: reset all of them first, and without a seed"
                )
        if seed is not None:
            seed = int(seed) & 0xFFFFFFFF
            if seed != self._seed:
                self._seed, self.batch = seed, None
            elif self.batch is not None:
                self._count.fill_(-1)  # The same draws again, from the first.
        if self.batch is None:
            self._build()
        if mask is None:
            self._mask.fill_(1)
        else:
            self._mask.assign(mask.astype(np.int32))
        self._reset_graph.launch()
        return self._out(self._obs), {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Drive all egos for one decision; returns observations, rewards, terminated, truncated, info."""
        if self.batch is None:
            raise SwerveError("call reset() before step()")
        if self._xp == "torch":
            wp.to_torch(self._action).copy_(actions)
        else:
            self._action.assign(np.asarray(actions, dtype=np.float32).reshape(self.num_envs, 2))
        self._step_graph.launch()
        terminated, truncated = self._flag(self._episode.terminated), self._flag(self._episode.truncated)
        ended = terminated | truncated
        info = self._info()
        if self._autoreset and (self._xp == "torch" or ended.any()):
            info |= self._final_info(info, ended)
        reward = self._out(self._episode.reward)
        if self._xp == "numpy":
            reward = reward.astype(np.float64)
        return self._out(self._obs), reward, terminated, truncated, info

    def _info(self) -> dict[str, Any]:
        """What each world's last decision led to."""
        episode = self._episode
        info = {name: self._flag(getattr(episode, name)) for name in ("success", "collided", "off_road")}
        info["min_time_to_collision"] = self._out(episode.min_time_to_collision)
        if self._xp == "numpy":
            info |= {f"_{name}": np.ones(self.num_envs, bool) for name in list(info)}
        return info

    def _final_info(self, info: dict[str, Any], ended: Any) -> dict[str, Any]:
        """Last observations and info of the worlds that ended, in the form of Gymnasium's own vector environments."""
        final = self._out(self._final)
        last = {name: value for name, value in info.items() if not name.startswith("_")}
        if self._xp == "torch":
            return {"final_obs": final, "_final_obs": ended, "final_info": last, "_final_info": ended}
        observations = np.full(self.num_envs, None, dtype=object)
        for i in np.flatnonzero(ended):
            observations[i] = final[i]
        last |= {f"_{name}": ended.copy() for name in list(last)}
        return {
            "final_obs": observations, "_final_obs": ended.copy(), "final_info": last, "_final_info": ended.copy(),
        }  # fmt: skip

    def render(self) -> tuple[np.ndarray, ...] | None:
        """A picture of each world from behind its ego, uint8 (height, width, 3), or None without a render mode."""
        if self.render_mode is None:
            return None
        if self.batch is None:
            raise SwerveError("call reset() before render()")
        if self._film is None:
            self._film = film(self.batch)
        return tuple(self._film())

    def _out(self, array: wp.array) -> Any:
        """A copy of an array for the caller; pictures lose their camera axis."""
        value = wp.to_torch(array).clone() if self._xp == "torch" else array.numpy().copy()
        return value[:, 0] if array.ndim == 4 else value

    def _flag(self, array: wp.array) -> Any:
        return wp.to_torch(array) != 0 if self._xp == "torch" else array.numpy() != 0

    @property
    def decision_seconds(self) -> float:
        """Simulated time per step [s]."""
        return self._decision_ticks * TICK


def _check_settings(
    num_envs: int, paths: list[str], observation: str, xp: str, keys: Sequence[int] | None, render_mode: str | None
) -> None:
    if not 1 <= num_envs <= MAX_ENVS:
        raise SwerveError(f"num_envs must lie between 1 and {MAX_ENVS}, not {num_envs}")
    if not paths:
        raise SwerveError("name at least one scenario: a file or an id that `swerve list` shows")
    if keys is not None and len(keys) != num_envs:
        raise SwerveError(f"keys must name one key per world: {num_envs}, not {len(keys)}")
    for name, value, choices in (
        ("observation", observation, ("state", "camera")),
        ("xp", xp, ("torch", "numpy")),
        ("render_mode", render_mode, (None, "rgb_array")),
    ):
        if value not in choices:
            raise SwerveError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")
