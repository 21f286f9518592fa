"""A YAML scenario: a distribution over worlds, drawn and rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sim.assets import AssetSpec, list_assets
from sim.errors import Faults, ScenarioError
from sim.random import Stream
from sim.scenario import storyboard as asam
from sim.scenario.bodies import Body, asset_body, category_of, choose_asset, coupling, is_signal, known_assets, overlap
from sim.scenario.checks import check_values, parse_parameters
from sim.scenario.draws import Draws, Rejected, closure
from sim.scenario.fields import suggest
from sim.scenario.own_assets import used_files
from sim.scenario.riders import with_riders
from sim.scenario.schema import SIGNAL_FAULT, SIGNAL_HINT, Actor, ScenarioFile
from sim.scenario.skies import sky_files
from sim.scenario.source import Path_, Source, dotted
from sim.scenario.units import QuantityError
from sim.scenario.world import ActorSpec, Goal, WorldSpec, refuse_notes
from sim.scenario.yaml_color import color_of
from sim.scenario.yaml_conditions import signal_name, signal_state
from sim.scenario.yaml_environment import draw_environment, draw_sky, lights_on
from sim.scenario.yaml_map import MapBuilder, MapDraw
from sim.scenario.yaml_place import FACING, Placer, Spot
from sim.scenario.yaml_storyboard import LAMPS, StoryBuilder
from sim.scenario.yaml_traffic import Filler, path_boxes
from sim.scenario.yaml_walk import WALKERS

MAX_TRIES = 40


class YamlScenario:
    """See `sim.scenario.world.Scenario`."""

    def __init__(
        self, source: Source, model: ScenarioFile, strict: bool = False, own: Mapping[str, AssetSpec] | None = None
    ) -> None:
        self.id = source.file.stem
        self.path = source.file
        self.description = model.name
        self.tags = tuple(model.tags)
        self.danger = model.danger or ""
        self.source = model.source or ""
        self._text = source
        self._model = model
        self._own = own or {}
        self.parameters = parse_parameters(model, source)
        map_names = check_values(model, self.parameters, source)
        self._map_parameters = closure(map_names, self.parameters)
        self._maps = MapBuilder(self.id, model, source)
        self.notes = self._maps.notes()
        if strict:
            refuse_notes(self.notes)
        self.inputs = (self.path,) if self._maps.file is None else (self.path, self._maps.file)
        self._skies = sky_files(model, self.parameters, source)
        self.inputs += (*used_files(model, self.parameters, self._own), *dict.fromkeys(self._skies.values()))

    def draw(self, stream: Stream) -> WorldSpec:
        """One world; equal streams give equal worlds.

        Raises:
            ScenarioError: if no acceptable world is found in `MAX_TRIES` tries.
        """
        rejections: list[Rejected] = []
        for attempt in range(MAX_TRIES):
            try:
                world = self._build(Draws(self.parameters, self._map_parameters, stream, attempt, scope=self.id))
            except Rejected as rejected:
                rejections.append(rejected)
                continue
            world.rejected = tuple(f"{dotted(r.path)}: {r.reason}" if r.path else r.reason for r in rejections)
            return world
        first = rejections[0]
        raise self._text.error(f"{first.reason} (in each of {MAX_TRIES} tries)", first.path, first.hint)

    def rebuild(self, record: Mapping[str, float | str]) -> WorldSpec:
        """The world whose draws are given.

        Raises:
            ScenarioError: if the record does not fit this file.
        """
        try:
            return self._build(Draws(self.parameters, self._map_parameters, None, 0, record))
        except Rejected as rejected:
            raise self._text.error(
                f"the record does not fit: {rejected.reason}", rejected.path, rejected.hint
            ) from None

    def _build(self, draws: Draws) -> WorldSpec:
        try:
            return self._world(draws)
        except QuantityError as error:
            raise Rejected(error.message, (), error.hint) from None

    def _world(self, draws: Draws) -> WorldSpec:
        model = self._model
        drawn = self._maps.draw(draws)
        environment, sky = draw_sky(draw_environment(model, draws), model, self._skies, self._text)
        placer = Placer(drawn.network, self._text, draws)
        lit = lights_on(environment)
        actors = self._actors(placer, draws, lit)
        self._check_apart(placer, actors)
        init: list[asam.Action] = []
        with Faults() as faults:
            with faults.kept():
                init += self._signals(drawn, draws)
            story = StoryBuilder(model, placer, draws, self._text)
            duration = draws.number(model.end.after, ("end", "after"))
            if duration <= 0.0:
                hint = "Write after: 12 s."
                faults.found.append(self._text.error("the scenario ends at once", ("end", "after"), hint))
            with faults.kept():
                route = self._places(model.actors["ego"], "ego", placer)
                init += self._routes(placer)
            board = story.build([], duration)
        taken = [placer.spots[a.name].corners(placer.bodies[a.name]) for a in actors if a.visible]
        taken += [box for path in story.paths for box in path_boxes(path)]
        Filler(model, placer, draws, self._text, taken, actors, init, lit).fill()
        world = WorldSpec(
            scenario=self.id, network=drawn.network, actors=actors,
            storyboard=asam.Storyboard(tuple(init), board.stories, board.stop), environment=environment,
            goal=self._goal(placer, draws), route=route, duration=duration, setting=drawn.setting,
            look_seed=draws.look_seed(), map_key=drawn.key, record=draws.record, file=str(self._text.file),
            sky=sky,
        )  # fmt: skip
        return with_riders(world)

    # --- actors -------------------------------------------------------------------------------------------------------

    def _actors(self, placer: Placer, draws: Draws, lit: bool) -> list[ActorSpec]:
        """All named actors, the ego first; those placed relative to others after them."""
        names = ["ego", *(n for n in self._model.actors if n != "ego")]
        done: dict[str, ActorSpec] = {}
        pending = list(names)
        with Faults() as faults:
            while pending:
                bases = {n: _base(self._model.actors[n]) for n in pending}
                ready = [n for n in pending if bases[n] in (None, *done) or bases[n] not in names]
                # Whom one is placed by may have a fault of his own.
                lost = [n for n in pending if bases[n] in names and bases[n] not in (*done, *pending)]
                if not ready and not lost:
                    raise self._text.error(f"{pending[0]} is placed relative to itself", ("actors", pending[0], "at"))
                for name in ready:
                    with faults.kept():
                        done[name] = self._actor(name, self._model.actors[name], placer, draws, lit)
                pending = [n for n in pending if n not in ready and n not in lost]
        trains = [self._train(done[name], placer, draws) for name in names]
        return [train[0] for train in trains] + [trailer for train in trains for trailer in train[1:]]

    def _train(self, tow: ActorSpec, placer: Placer, draws: Draws) -> list[ActorSpec]:
        """An actor and, as one of its own behind it, the trailer that it pulls."""
        actor, path = self._model.actors[tow.name], ("actors", tow.name, "trailer")
        if actor.trailer is None:
            return [tow]
        trailer, name = actor.trailer, f"{tow.name}+"
        kind = draws.word(trailer.kind, (*path, "kind"))
        body = self._body(name, kind, actor.model_copy(update={"asset": None, "size": None}), draws)
        fit = coupling(placer.bodies[tow.name].asset, body.asset)
        if fit is None:
            raise self._text.error(
                f"{tow.kind} cannot pull {kind}",
                path,
                "Write kind: tractor, trailer: semitrailer, or kind: suv, trailer: caravan.",
            )
        spot = placer.back(placer.spots[tow.name], fit[1] - fit[0], path)
        placer.spots[name], placer.bodies[name] = spot, body
        pulled = ActorSpec(
            name, kind, category_of(kind), asset=body.asset, position=placer.position(spot), speed=tow.speed, visible=tow.visible,
            mass=None if trailer.mass is None else draws.number(trailer.mass, (*path, "mass")),
            abs=draws.word(trailer.abs, (*path, "abs")) != "off", brakes=draws.number(trailer.brakes, (*path, "brakes"), 1.0),
            lamps=tow.lamps, traffic=tow.traffic, coupler=fit[1],
        )  # fmt: skip
        return [replace(tow, hitch=fit[0], trailer=name), pulled]

    def _actor(self, name: str, actor: Actor, placer: Placer, draws: Draws, lit: bool) -> ActorSpec:
        path: Path_ = ("actors", name)
        kind = draws.word(actor.kind, (*path, "kind"))
        body = self._body(name, kind, actor, draws)
        faces = draws.word(actor.faces, (*path, "faces"), "along")
        spot = placer.place(actor.at, (*path, "at"), body, faces)
        category = category_of(kind)
        if actor.visible and actor.at.on is None:
            placer.check_on_road(spot, category, (*path, "at"), lane_named=actor.at.lane is not None)
        placer.spots[name], placer.bodies[name] = spot, body
        speed = draws.number(actor.speed, (*path, "speed"))
        desired = None if actor.desired_speed is None else draws.number(actor.desired_speed, (*path, "desired_speed"))
        # Whom a file gives lights while he stands has broken down, as a rule.
        waits = (
            speed == 0.0 and actor.lights is None and placer.in_traffic(spot) and bool(list_assets()[body.asset].seats)
        )
        if actor.lights is not None:
            lamps = tuple(LAMPS[draws.word(q, (*path, "lights", i))] for i, q in enumerate(actor.lights))
        else:
            driven = speed > 0.0 or waits or name == "ego"
            lamps = ("lowBeam",) if lit and driven and category not in (*WALKERS, "obstacle") else ()
        size = actor.size
        given = [None if size is None else getattr(size, side) for side in ("length", "width", "height")]
        mass = None if actor.mass is None else draws.number(actor.mass, (*path, "mass"))
        controller = draws.word(actor.controller, (*path, "controller"), "scripted")
        try:
            color = None if actor.color is None else color_of(draws.word(actor.color, (*path, "color")))
        except QuantityError as error:
            raise self._text.error(error.message, (*path, "color"), error.hint) from None
        lies = draws.word(actor.pose, (*path, "pose"), "standing") == "lying"
        if lies and category not in ("pedestrian", "animal"):
            raise self._text.error(f"{name} is no person and no animal: it cannot lie", (*path, "pose"))
        seat = (0.0, 0.0, 0.0, 0.0)
        if actor.at.on is not None:
            turn = FACING[faces] + draws.number(actor.at.heading, (*path, "at", "heading"))
            seat = placer.seat(actor.at, (*path, "at"), body, turn)
        return ActorSpec(
            name, kind, category, asset=body.asset,
            length=body.length if given[0] else None, width=body.width if given[1] else None, height=body.height if given[2] else None,
            mass=mass, position=placer.position(spot), speed=speed, color=color,
            controller="default" if controller == "scripted" else controller, visible=actor.visible, desired_speed=desired,
            lamps=lamps, traffic=actor.background, waits=waits, carrier=actor.at.on, seat=seat, lies=lies,
            abs=draws.word(actor.abs, (*path, "abs")) != "off", esc=draws.word(actor.esc, (*path, "esc")) != "off",
        )  # fmt: skip

    def _body(self, name: str, kind: str, actor: Actor, draws: Draws) -> Body:
        path: Path_ = ("actors", name)
        if actor.asset is not None:
            asset = draws.word(actor.asset, (*path, "asset"))
            known = known_assets(self._own)
            if asset not in known:
                raise self._text.error(f"there is no asset {asset!r}", (*path, "asset"), suggest(asset, known))
            if is_signal(asset):
                raise self._text.error(SIGNAL_FAULT, (*path, "asset"), SIGNAL_HINT)
        else:
            try:
                asset = draws.asset(f"actors.{name}.asset", lambda n: choose_asset(kind, n))
            except ScenarioError as error:
                raise self._text.error(error.message, (*path, "kind"), error.hint or "") from None
        size = {}
        for side in ("length", "width", "height"):
            quantity = None if actor.size is None else getattr(actor.size, side)
            size[side] = draws.number(quantity, (*path, "size", side))
        return asset_body(asset, **size)

    def _check_apart(self, placer: Placer, actors: list[ActorSpec]) -> None:
        """Nobody starts inside another.

        Raises:
            Rejected: if two do.
        """
        boxes = [
            (a.name, placer.spots[a.name].corners(placer.bodies[a.name])) for a in actors if a.visible and not a.carrier
        ]
        for i, (name, box) in enumerate(boxes):
            for other, other_box in boxes[:i]:
                if name != f"{other}+" and overlap(box, other_box):
                    raise Rejected(
                        f"{name} and {other} start inside each other", ("actors", name, "at"), "Leave a gap."
                    )

    # --- ways and signals ---------------------------------------------------------------------------------------------

    def _places(self, actor: Actor, name: str, placer: Placer) -> tuple[asam.Position, ...]:
        at = ("actors", name, "route")
        return tuple(placer.position(placer.place(p, (*at, i))) for i, p in enumerate(actor.route or ()))

    def _goal(self, placer: Placer, draws: Draws) -> Goal:
        ego = self._model.actors["ego"]
        assert ego.goal is not None
        spot = placer.place(ego.goal, ("actors", "ego", "goal"))
        return Goal(placer.position(spot), draws.number(ego.goal_radius, ("actors", "ego", "goal_radius"), 5.0))

    def _routes(self, placer: Placer) -> list[asam.Action]:
        """Assigned routes of all actors that have one; the ego's leads to its goal.

        Raises:
            Rejected: if no way leads from one stop to the next.
        """
        actions = []
        several = len([r for r in placer.network.roads.values() if r.junction is None]) > 1
        for name, actor in self._model.actors.items():
            stops: list[tuple[Path_, Spot]] = [(("actors", name, "at"), placer.spots[name])]
            stops += [
                (path, placer.place(p, path))
                for i, p in enumerate(actor.route or ())
                for path in [("actors", name, "route", i)]
            ]
            if actor.goal is not None:
                stops.append((("actors", name, "goal"), placer.place(actor.goal, ("actors", name, "goal"))))
            for (_, a), (path, b) in zip(stops, stops[1:], strict=False):
                placer.check_way(a, b, path)
            start, *waypoints = [placer.position(spot) for _, spot in stops]
            if waypoints and (name != "ego" or several):
                route = asam.Route(f"{name} route", (start, *waypoints))
                actions.append(asam.Action(f"{name} route", asam.AssignRouteAction(route), (name,)))
        return actions

    def _signals(self, drawn: MapDraw, draws: Draws) -> list[asam.Action]:
        """Lights at the start: as the file says, else green along west-east and red across."""
        ids = {s.id for road in drawn.network.order for s in road.signals if s.dynamic}
        states: dict[str, str] = {}
        if drawn.kind != "file":
            states = {i: "green" if i.removeprefix("light-") in ("west", "east") else "red" for i in sorted(ids)}
        with Faults() as faults:
            for name in self._model.signals:
                if signal_name(name) not in ids:
                    hint = f"Its signals: {', '.join(sorted(ids)) or 'none'}."
                    faults.found.append(self._text.error(f"the map has no signal {name!r}", ("signals", name), hint))
        # Drawn after all names were looked at: a draw that is rejected ends this, and the next may be rejected again.
        for name, aspect in self._model.signals.items():
            states[signal_name(name)] = signal_state(draws.word(aspect, ("signals", name)))
        return [asam.Action(f"{k} at start", asam.TrafficSignalAction(k, v), ()) for k, v in states.items()]


def _base(actor: Actor) -> str | None:
    """The actor this one is placed relative to."""
    return actor.at.ahead_of or actor.at.behind or actor.at.beside or actor.at.on


__all__ = ["ScenarioError", "Spot", "YamlScenario"]
