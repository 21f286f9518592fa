"""What a decision was worth and whether the episode is over."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.path import path_project
from sim.config import RewardConfig
from sim.types import TICK, Scene, State

wp.set_module_options({"enable_backward": False})


@wp.struct
class RewardWeights:
    """`sim.config.RewardConfig` on the device; meanings there."""

    progress: float
    goal: float
    collision: float
    off_road: float
    comfort: float
    near_miss: float


@wp.struct
class Episode:
    """Bookkeeping of each world's episode."""

    route_s: wp.array[float]
    """How far along its route the ego has come [m], (nworld,)."""
    reward: wp.array[float]
    """Of the last decision, (nworld,)."""
    terminated: wp.array[wp.int32]
    """1 if the last decision ended in contact, off the road or at the goal, (nworld,)."""
    truncated: wp.array[wp.int32]
    """1 if the last decision ended at the time limit or the storyboard's stop trigger, (nworld,)."""
    success: wp.array[wp.int32]
    """1 if the goal was reached without contact, (nworld,)."""
    ended: wp.array[wp.int32]
    """1 where terminated or truncated, (nworld,)."""
    collided: wp.array[wp.int32]
    """1 if the ego touched an actor in this episode, (nworld,)."""
    off_road: wp.array[wp.int32]
    """1 if the ego was off the road after the last decision, (nworld,)."""
    min_time_to_collision: wp.array[float]
    """Least of this episode [s], inf if there was none, (nworld,)."""


def reward_weights(config: RewardConfig) -> RewardWeights:
    """The weights as kernels take them."""
    weights = RewardWeights()
    for name in RewardWeights.vars:
        setattr(weights, name, getattr(config, name))
    return weights


@wp.kernel
def _score_decision(scene: Scene, state: State, weights: RewardWeights, decision_ticks: int, episode: Episode):
    """Reads the ego and the metrics. Writes reward and the end flags of the episode."""
    world = wp.tid()
    metrics = state.metrics
    progress = float(0.0)
    if scene.route_path[world] >= 0:
        s = path_project(scene.path, world, scene.route_path[world], state.pos[world, 0]).s
        progress = s - episode.route_s[world]
        episode.route_s[world] = s
    collided = metrics.collided[world] > 0
    off_road = metrics.off_road[world] > 0
    goal = metrics.goal_reached[world] > 0 and not collided
    terminated = collided or off_road or goal
    acc = state.accel[world, 0]
    reward = weights.progress * progress
    reward += weights.comfort * wp.dot(acc, acc) * float(decision_ticks) * wp.static(TICK)
    if metrics.time_to_collision[world] < 1.5:
        reward += weights.near_miss
    if collided:
        reward += weights.collision
    elif off_road:
        reward += weights.off_road
    elif goal:
        reward += weights.goal
    truncated = not terminated and (state.tick[world] >= scene.end_tick[world] or state.done[world] > 0)
    episode.reward[world] = reward
    episode.terminated[world] = int(terminated)
    episode.truncated[world] = int(truncated)
    episode.success[world] = int(goal)
    episode.ended[world] = int(terminated or truncated)
    episode.collided[world] = int(collided)
    episode.off_road[world] = int(off_road)
    episode.min_time_to_collision[world] = metrics.min_time_to_collision[world]


def score_decision(scene: Scene, state: State, weights: RewardWeights, decision_ticks: int, episode: Episode) -> None:
    """Reward and end flags after a decision of ``decision_ticks`` ticks.

    Reward = progress along the route [m] x ``progress`` + squared acceleration [(m/s^2)^2] x time [s] x ``comfort`` + ``near_miss`` if
    the time to collision is under 1.5 s + the one of ``collision``, ``off_road``, ``goal`` that ended the episode.
    """
    wp.launch(
        _score_decision,
        dim=state.tick.shape[0],
        inputs=[scene, state, weights, decision_ticks, episode],
        device=state.tick.device,
    )


@wp.kernel
def _start_episodes(scene: Scene, state: State, mask: wp.array[wp.int32], episode: Episode):
    """Reads the ego's place. Writes the route progress of masked worlds."""
    world = wp.tid()
    if mask[world] != 0 and scene.route_path[world] >= 0:
        episode.route_s[world] = path_project(scene.path, world, scene.route_path[world], state.pos[world, 0]).s


def start_episodes(scene: Scene, state: State, mask: wp.array, episode: Episode) -> None:
    """Begin the bookkeeping of the masked worlds' new episodes; ``mask`` int32, (nworld,)."""
    wp.launch(_start_episodes, dim=mask.shape[0], inputs=[scene, state, mask, episode], device=mask.device)
