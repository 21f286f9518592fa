"""What an environment's agent sees: the `state` numbers or the `camera` picture, recorded into the environment's graph.

A look is made once, given its batch by `prepare`, which returns the observation array of all worlds, and bound to the views
of some worlds by `bind`; what `bind` returns only launches: `see` after a decision, `begin` after a reset.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import warp as wp

from sim.config import CameraConfig, RenderConfig
from sim.envs.observation import observation_size, observe
from sim.sampling import Batch
from sim.types import Scene, State

FILM_SIZE = (480, 270)
"""Width and height of the pictures of `film`."""


class StateLook:
    """The `state` observation of `sim.envs.observation`, float32 (nworld, n).

    Args:
        max_actors: Actors observed.
    """

    def __init__(self, max_actors: int) -> None:
        self.max_actors = max_actors
        self.space = gym.spaces.Box(-5.0, 5.0, (observation_size(max_actors),), np.float32)

    def prepare(self, batch: Batch) -> wp.array:
        """The observation array of all worlds."""
        return wp.zeros((batch.nworld, *self.space.shape), dtype=wp.float32, device=batch.device)

    def bind(self, scene: Scene, state: State, obs: wp.array) -> _BoundState:
        """The look of some worlds at their rows of the observation array."""
        return _BoundState(scene, state, obs, self.max_actors)


class _BoundState:
    def __init__(self, scene: Scene, state: State, obs: wp.array, max_actors: int) -> None:
        self._arguments = (scene, state, obs, max_actors)

    def see(self, mask: wp.array) -> None:
        scene, state, obs, max_actors = self._arguments
        observe(scene, state, mask, max_actors, obs)

    begin = see


class CameraLook:
    """The picture of a camera on the ego in the fast quality, uint8 (nworld, 1, height, width, 3).

    Args:
        camera: Size, field of view and mount.
    """

    def __init__(self, camera: CameraConfig) -> None:
        self.config = RenderConfig((camera,), "fast", ("rgb",))
        self.space = gym.spaces.Box(0, 255, (camera.height, camera.width, 3), np.uint8)

    def prepare(self, batch: Batch) -> wp.array:
        """The picture array of all worlds; uploads the meshes of the batch."""
        from sim.render.outputs import Frames
        from sim.render.world import build_library

        height, width, _ = self.space.shape
        self._library = build_library(batch)
        self._frames = Frames(("rgb",), (batch.nworld, 1, height, width), batch.device)
        self._pictures: wp.array = self._frames.arrays["rgb"]
        self._bound: dict[int, _BoundCamera] = {}
        return self._pictures

    def bind(self, scene: Scene, state: State, obs: wp.array) -> _BoundCamera:
        """The look of some worlds; those that start at the same world share one renderer."""
        from sim.render.frames import Renderer

        assert obs.ptr is not None and self._pictures.ptr is not None
        first = (obs.ptr - self._pictures.ptr) // self._pictures.strides[0]
        if first not in self._bound:
            frames = self._frames.worlds(first, first + obs.shape[0])
            renderer = Renderer(self._library, scene, state, self.config, frames=frames, threads=1)
            self._bound[first] = _BoundCamera(renderer, scene, state)
        return self._bound[first]


class _BoundCamera:
    def __init__(self, renderer: Any, scene: Scene, state: State) -> None:
        self._renderer, self._scene, self._state = renderer, scene, state

    def see(self, mask: wp.array) -> None:
        self._renderer.advance(self._scene, self._state)
        self._renderer.render(self._scene, mask)

    def begin(self, mask: wp.array) -> None:
        self._renderer.reset(self._scene, self._state, mask)
        self._renderer.render(self._scene, mask)


def film(batch: Batch) -> Callable[[], np.ndarray]:
    """A function that pictures every world from behind its ego: uint8 (nworld, height, width, 3)."""
    from sim.render.camera import CHASE
    from sim.render.frames import Renderer
    from sim.render.world import build_library

    camera = replace(CHASE, width=FILM_SIZE[0], height=FILM_SIZE[1])
    config = RenderConfig((camera,), "fast", ("rgb",))
    renderer = Renderer(build_library(batch), batch.scene, batch.state, config, threads=2)

    def picture() -> np.ndarray:
        renderer.reset(batch.scene, batch.state)
        renderer.render(batch.scene)
        return renderer.frames.arrays["rgb"].numpy()[:, 0].copy()

    return picture
