"""Ways on foot of the YAML format as ASAM OpenSCENARIO's actions: across the road, through places, and away from what startles."""

from __future__ import annotations

import math
from typing import Any

from sim.scenario import storyboard as asam
from sim.scenario.bodies import category_of
from sim.scenario.draws import Draws, Rejected
from sim.scenario.schema import ScenarioFile
from sim.scenario.schema_walk import GoTo, Startle, WalkAcross
from sim.scenario.source import Path_, Source
from sim.scenario.storyboard import Dimension, Dynamics, Shape
from sim.scenario.yaml_place import Placer, Spot

FARTHEST = 2000.0
"""Longest way from one place to the next [m]: an hour's walk has several; beyond, a number was mistyped."""
STEP = Dynamics(Shape.STEP, Dimension.TIME, 0.0)
"""At once."""
WALKERS = ("pedestrian", "animal", "wheelchair")
"""Categories that stand still at the end of a path; vehicles go on along their lane."""
FREEZE = 0.8
"""How long who is startled stands before he runs [s], unless the file says it (chosen: many who wait to cross set out within 1 s of the
signal, Fugger et al. 2000, Analysis of pedestrian gait and perception-reaction at signal-controlled crosswalk intersections)."""
RUN, RETREAT = 4.0, 3.0
"""Speed [m/s] and way back [m] then (chosen)."""
TURN = 0.05
"""From turning back to running [s]."""
HALT = Dynamics(Shape.LINEAR, Dimension.RATE, 5.0)
"""How who is startled stops [m/s^2] (chosen)."""
START = Dynamics(Shape.LINEAR, Dimension.RATE, 4.0)
"""How he then starts to run [m/s^2] (chosen)."""


class Ways:
    """What `sim.scenario.yaml_storyboard.StoryBuilder` knows of ways on foot."""

    model: ScenarioFile
    placer: Placer
    draws: Draws
    source: Source
    at: dict[str, Spot]
    """Where each actor is after the ways that it was given so far."""
    startled: set[str]
    """Who took fright after that: where they end is only known once they have run."""
    paths: list[list[tuple[float, float]]]
    """Ground that actors walk over: fillers keep off it."""

    def category(self, actor: str) -> str:
        """OpenSCENARIO category of an actor."""
        kind = self.model.actors[actor].kind
        return category_of(self.draws.word(kind, ("actors", actor, "kind")))

    def _startle(self, actor: str, action: Startle, path: Path_) -> tuple[list[Any], list[Any]]:
        """Stop; then, `freeze` later, run on or back."""
        if self.category(actor) not in WALKERS:
            raise self.source.error(f"{actor} is no person and no animal: nothing startles it", path)
        self.startled.add(actor)
        run: list[Any] = [asam.SpeedAction(self.draws.number(action.speed, (*path, "speed"), RUN), START)]
        if self.draws.word(action.startle, (*path, "startle")) == "back":
            reach = self.draws.number(action.reach, (*path, "reach"), RETREAT)
            line = [asam.Vertex(asam.RelativeObjectPosition(actor, x, 0.0)) for x in (0.0, -reach)]
            shape = asam.Polyline(tuple(line))
            way = asam.FollowTrajectoryAction(asam.Trajectory(f"{actor} retreat", shape))
            run = [way, *run, asam.SpeedAction(0.0, STEP)]
        return [asam.SpeedAction(0.0, HALT)], run

    def cue(self, action: Any, index: int, path: Path_) -> tuple[int, float]:
        """When part ``index`` of what follows an action starts: after which part (-1: the action itself), and how long after that [s].

        Who turns back is off the way that he was on, and has come to rest at its end, before he runs; he stands where the way back ends.
        """
        if not isinstance(action, Startle):
            return -1, 0.0
        if index == 2:
            return 0, 0.0
        return -1, self.draws.number(action.freeze, (*path, "freeze"), FREEZE) + index * TURN

    def _walk(self, actor: str, action: WalkAcross | GoTo, path: Path_) -> tuple[list[Any], list[Any]]:
        if actor in self.startled:
            raise self.source.error(
                f"{actor} was startled before: nobody knows from where this way would begin",
                path,
                "Let startle be the actor's last way, or place it anew by jump_to before this one.",
            )
        speed = self.draws.number(action.speed, (*path, "speed"))
        start = self.at[actor]
        if isinstance(action, WalkAcross):
            spots = self._across(actor, start, action, path)
        else:
            spots = [start]
            for i, place in enumerate(action.go_to):
                at = (*path, "go_to", i)
                spots += self._leg(spots[-1], self.placer.place(place, at), at)
        self.at[actor] = spots[-1]
        self.paths.append([(p.x, p.y) for p in spots])
        shape = asam.Polyline(tuple(asam.Vertex(asam.WorldPosition(p.x, p.y, p.z)) for p in spots))
        follow = asam.FollowTrajectoryAction(asam.Trajectory(f"{actor} path", shape))
        rest = [asam.SpeedAction(0.0, STEP)] if self.category(actor) in (*WALKERS, "obstacle") else []
        return [asam.SpeedAction(speed, STEP), follow], rest

    def _across(self, actor: str, start: Spot, action: WalkAcross, path: Path_) -> list[Spot]:
        if start.road is None:
            raise self.source.error(
                f"{actor} stands beside no road to cross", path, "Place it by lane, parking or sidewalk."
            )
        road = self.placer.network.roads[start.road]
        borders = road.borders(start.s)
        sign = -1.0 if start.t > 0 else 1.0
        edge = max(borders.values()) if sign > 0 else min(borders.values())
        lanes = road.sections[road.section_index(start.s)].lanes
        walks = [i for i, lane in lanes.items() if lane.kind == "sidewalk" and i * sign > 0]
        end = road.lane_center(walks[0], start.s) if walks else edge + sign * 1.0
        if action.reach is not None:
            end = start.t + sign * self.draws.number(action.reach, (*path, "reach"))
        slant = math.tan(self.draws.number(action.slant, (*path, "slant")))
        s_end = start.s + slant * abs(end - start.t)
        if not 0.0 <= s_end <= road.length:
            raise Rejected("the way across leaves the road's end", path)
        return [start, *self._leg(start, self.placer.on_road(road, s_end, end, 0.0), path)]

    def _leg(self, a: Spot, b: Spot, path: Path_) -> list[Spot]:
        """Points from ``a`` to ``b`` in a straight line, dense enough to step up and down kerbs."""
        far = math.hypot(b.x - a.x, b.y - a.y)
        if far > FARTHEST:
            raise self.source.error(f"the way there is {far:.0f} m long", path, f"At most {FARTHEST:g} m at once.")
        heading = math.atan2(b.y - a.y, b.x - a.x)
        network = self.placer.network
        same = b.road is not None and b.road == a.road
        count = max(1, math.ceil(far / (0.25 if same else 0.5)))
        out: list[Spot] = []
        for k in range(1, count + 1):
            f = k / count
            x, y = a.x + f * (b.x - a.x), a.y + f * (b.y - a.y)
            z, road_id, s, t = a.z + f * (b.z - a.z), None, 0.0, 0.0
            if same and b.road is not None:
                road = network.roads[b.road]
                s, t, road_id = a.s + f * (b.s - a.s), a.t + f * (b.t - a.t), b.road
                z = road.pose(s, t).z + self.placer.height(road, s, t)
            elif a.road is not None and (found := network.locate(x, y)) is not None:
                road = network.order[found.road]
                z = road.pose(found.s, found.t).z + self.placer.height(road, found.s, found.t)
            out.append(Spot(x, y, z, heading, road_id, b.lane, s, t))
        last = Spot(b.x, b.y, b.z, heading, b.road, b.lane, b.s, b.t)
        kept = [
            p
            for i, p in enumerate(out[:-1])
            if i and (abs(p.z - out[i - 1].z) > 0.02 or abs(out[i + 1].z - p.z) > 0.02)
        ]
        return [*kept, last]
