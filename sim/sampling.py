"""From scenarios to a batch of worlds on a device: draw, pack, and keep what the host knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import warp as wp

from sim.assets import AssetSpec, Category, asset_index, list_assets
from sim.behavior.codes import ActionKind, RowField
from sim.behavior.drivers import DRIVERS
from sim.behavior.lowering import lower
from sim.behavior.motion import settle
from sim.config import SimConfig
from sim.errors import SwerveError, placed
from sim.metrics.measure import measure
from sim.physics.pairs import bound_actors
from sim.physics.parameters import vehicle_row
from sim.random import Stream
from sim.road.friction import film_depth, film_factor, water_depth
from sim.road.tables import build_road_tables
from sim.scenario.crew import draw_crew
from sim.scenario.riders import choose_look
from sim.scenario.skies import MAX_SKIES, SkyFile
from sim.scenario.world import ActorSpec, Environment, Scenario, WorldSpec, sun_direction
from sim.scenery.build import map_solids
from sim.scenery.solids import NO_SOLIDS, build_solid_tables
from sim.structs import from_rows, row_sizes
from sim.types import MAX_IMPACTS, TICK, Contact, Control, Impacts, Motion, Scene, SolidTables, State

MAX_WORLDS = 1 << 20
PAINTS = (
    ((0.78, 0.79, 0.80), 24), ((0.42, 0.43, 0.45), 18), ((0.02, 0.02, 0.022), 20), ((0.15, 0.16, 0.18), 14),
    ((0.03, 0.07, 0.22), 9), ((0.32, 0.02, 0.02), 7), ((0.35, 0.33, 0.28), 4), ((0.02, 0.10, 0.06), 2), ((0.55, 0.25, 0.03), 2),
)  # fmt: skip
"""Car paints, linear RGB, with their share of cars on the road in percent (whites, greys and blacks dominate)."""


@dataclass
class Batch:
    """N worlds on a device. Row ``i * draws + e`` of the pool is world i's draw for its e-th episode (cyclically)."""

    scene: Scene
    state: State
    control: Control
    pool_scene: Scene
    pool_state: State
    specs: list[list[WorldSpec]]
    """By world and draw."""
    map_specs: list[WorldSpec]
    """A world that uses each map, by map index: the renderer builds the map's scenery from it."""
    keys: list[int]
    config: SimConfig
    device: Any
    actor_specs: list[list[list[ResolvedActor]]] = field(default_factory=list)
    """By world, draw and actor."""
    skies: list[SkyFile] = field(default_factory=list)
    """Pictures that `sim.types.Weather.sky` counts."""

    @property
    def nworld(self) -> int:
        """Worlds in the batch."""
        return len(self.keys)

    @property
    def draws(self) -> int:
        """Draws per world."""
        return len(self.specs[0])


@dataclass(frozen=True)
class ResolvedActor:
    """An actor with its asset chosen and its sizes settled."""

    spec: ActorSpec
    asset: AssetSpec
    size: tuple[float, float, float]
    box_center: tuple[float, float, float]
    mass: float
    wheelbase: float
    wheel_radius: float
    paint: tuple[float, float, float]


def sample_worlds(
    scenarios: Sequence[Scenario], keys: Sequence[int], device: Any = None, config: SimConfig | None = None
) -> Batch:
    """Draw one world per key, and `SimConfig.pool` - 1 spare draws for its later episodes.

    Args:
        scenarios: Scenario of each world; fewer than keys are repeated cyclically.
        keys: Each world's own key: its draws depend on (seed, key, episode) only.
        device: Warp device; None: the default one.
        config: Seed, contact mode, driver, pool size.

    Raises:
        SwerveError: for unusable settings or scenarios.
    """
    config = config or SimConfig()
    with_driver(config, config.driver)
    if isinstance(scenarios, str) or not isinstance(scenarios, Sequence) or not scenarios:
        raise SwerveError(f"sample_worlds takes a list of at least one scenario, not {scenarios!r:.60}")
    stranger = next((s for s in scenarios if not hasattr(s, "draw")), None)
    if stranger is not None:
        raise SwerveError(f"{stranger!r:.60} is no scenario: read it by sim.load_scenario first")
    if not 1 <= len(keys) <= MAX_WORLDS:
        raise SwerveError(f"a batch holds 1 to {MAX_WORLDS} worlds, not {len(keys)}")
    draws = max(1, config.pool)
    specs = [
        [draw_world(scenarios[i % len(scenarios)], config, key, episode) for episode in range(draws)]
        for i, key in enumerate(keys)
    ]
    return pack_worlds(specs, list(keys), device, config)


def draw_world(scenario: Scenario, config: SimConfig, key: int, episode: int) -> WorldSpec:
    """The world of (seed, key, episode)."""
    return scenario.draw(Stream(config.seed, key, episode, config.map_variants))


def check_world(spec: WorldSpec, config: SimConfig) -> None:
    """Do all that a batch needs of a drawn world but its upload.

    Raises:
        SwerveError: if its actors, positions or storyboard cannot be used.
    """
    world_rows(spec, [resolve_actor(spec, i) for i in range(len(spec.actors))], config)


def pack_worlds(specs: list[list[WorldSpec]], keys: list[int], device: Any, config: SimConfig) -> Batch:
    """Upload drawn worlds: ``specs[i][e]`` is world i's draw for episode e."""
    device = wp.get_device(device)
    draws = len(specs[0])
    flat = [spec for row in specs for spec in row]
    maps: dict[str, WorldSpec] = {}
    for spec in flat:
        maps.setdefault(spec.map_key, spec)
    map_index, map_specs = {key: i for i, key in enumerate(maps)}, list(maps.values())
    actors = [[resolve_actor(spec, i) for i in range(len(spec.actors))] for spec in flat]
    first_road = np.concatenate([[0], np.cumsum([len(spec.network.order) for spec in map_specs])])
    skies = _number_skies(flat)
    scene_rows, state_rows = [], []
    for n, spec in enumerate(flat):
        scene_row, state_row = world_rows(spec, actors[n], config)
        scene_row |= {
            "world_key": np.uint32(keys[n // draws] & 0xFFFFFFFF),
            "seed": np.uint32(config.seed),
            "episode": n % draws,
            "map_index": map_index[spec.map_key],
        }
        scene_row["weather"]["sky"] = 0 if spec.sky is None else 1 + skies[spec.sky]
        road = np.asarray(state_row["road"], np.int32)
        state_row["road"] = np.where(road >= 0, road + first_road[map_index[spec.map_key]], road)
        scene_rows.append(scene_row)
        state_rows.append(state_row)
    nactor = max(len(spec.actors) for spec in flat)
    scene_sizes = capacity(Scene, scene_rows, nactor)
    state_sizes = capacity(State, state_rows, nactor)
    tables = build_road_tables([spec.network for spec in map_specs], device)
    solids = _solid_tables(map_specs, scene_rows, state_rows, device)
    first = [i * draws for i in range(len(specs))]
    pool_scene = from_rows(Scene, scene_rows, device, scene_sizes)
    pool_state = from_rows(State, state_rows, device, state_sizes)
    scene = from_rows(Scene, [scene_rows[i] for i in first], device, scene_sizes)
    state = from_rows(State, [state_rows[i] for i in first], device, state_sizes)
    control = from_rows(Control, [{} for _ in specs], device, {"steer": (nactor,), "accel": (nactor,)})
    for some_scene, some_state in ((pool_scene, pool_state), (scene, state)):
        some_scene.road, some_scene.solid = tables, solids
        settle(some_scene, some_state)
        # Measuring ends a tick: what stands at time zero is measured as the end of tick -1.
        some_state.tick.fill_(-1)
        bound_actors(some_scene, some_state)
        measure(some_scene, some_state)
    return Batch(
        scene, state, control, pool_scene, pool_state, specs, map_specs, keys, config, device,
        [actors[i * draws : (i + 1) * draws] for i in range(len(specs))], list(skies),
    )  # fmt: skip


def _number_skies(specs: Sequence[WorldSpec]) -> dict[SkyFile, int]:
    """Pictures of some worlds' skies, numbered."""
    skies = list(dict.fromkeys(spec.sky for spec in specs if spec.sky is not None))
    if len(skies) > MAX_SKIES:
        raise SwerveError(f"the skies of a batch show {len(skies)} pictures, more than {MAX_SKIES}")
    return {sky: i for i, sky in enumerate(skies)}


def _solid_tables(
    map_specs: list[WorldSpec], scene_rows: list[dict[str, Any]], state_rows: list[dict[str, Any]], device: Any
) -> SolidTables:
    """What of each map stops bodies; nothing of a map on which physics moves nobody."""
    moved = set()
    for scene, state in zip(scene_rows, state_rows, strict=True):
        if scene["contact"] == Contact.PHYSICS or len(_at_the_wheel(scene, state)):
            moved.add(scene["map_index"])
    return build_solid_tables(
        [map_solids(s.map_key, s.network, s.setting) if i in moved else NO_SOLIDS for i, s in enumerate(map_specs)],
        device,
    )


STORY_BY_ACTOR = (
    "s_carry", "path", "path_s", "route", "moved", "turn", "direction", "last", "still_since", "offroad_since", "end_since",
    "tow", "towing", "posed",
)  # fmt: skip
"""Fields of `StoryState` whose second axis is the actor."""


def capacity(struct: Any, rows: Sequence[dict[str, Any]], nactor: int) -> dict[str, tuple[int, ...]]:
    """Array sizes that hold all rows; what is kept per actor has room for all actors, whether a row mentions it or not."""
    sizes = row_sizes(struct, rows)
    per_actor = {name for name, var in struct.vars.items() if getattr(var.type, "ndim", 0) == 2 and name != "signal"}
    for prefix in ("vehicle", "faults", "metrics"):
        if prefix in struct.vars:
            nested = struct.vars[prefix].type.vars
            per_actor |= {f"{prefix}.{name}" for name, var in nested.items() if getattr(var.type, "ndim", 0) == 2}
    if struct is State:
        per_actor |= {f"story.{name}" for name in STORY_BY_ACTOR}
        sizes["contact_now"] = (nactor, nactor // 32 + 1)
        sizes |= {f"impacts.{name}": (MAX_IMPACTS,) for name in Impacts.vars if name != "count"}
    return {name: ((nactor,) if name in per_actor else size) for name, size in sizes.items()}


# --- one world ----------------------------------------------------------------------------------------------------------


def resolve_actor(spec: WorldSpec, index: int) -> ResolvedActor:
    """Choose the actor's asset and settle its sizes; looks come from the world's look stream and the actor's name."""
    actor = spec.actors[index]
    look = Stream(spec.look_seed, 0, 0)
    name = choose_look(actor, spec.look_seed)
    assets = list_assets()
    if name not in assets:
        raise SwerveError(f"{spec.file or spec.scenario}: actor {actor.name}: no asset {name!r}")
    asset = assets[name]
    size = (
        actor.length or asset.length,
        actor.width or asset.width,
        actor.height or asset.height,
    )
    scale = size[0] / asset.length
    center = actor.box_center or (asset.box_center[0] * scale, asset.box_center[1] * scale, size[2] / 2)
    mass = actor.mass or asset.mass * scale * (size[1] / asset.width) * (size[2] / asset.height)
    return ResolvedActor(
        spec=actor,
        asset=asset,
        size=size,
        box_center=center,
        mass=mass,
        wheelbase=actor.wheelbase or (asset.wheelbase or 0.6 * asset.length) * scale,
        wheel_radius=actor.wheel_radius or (asset.wheel_radius or 0.33) * scale,
        paint=actor.color or _paint(look.uniform(f"paint/{actor.name}")),
    )


def _paint(u: float) -> tuple[float, float, float]:
    total = sum(share for _, share in PAINTS)
    for color, share in PAINTS:
        u -= share / total
        if u < 0.0:
            return color
    return PAINTS[0][0]


def world_rows(
    spec: WorldSpec, actors: list[ResolvedActor], config: SimConfig
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One world's rows of Scene and State, as `sim.structs.from_rows` takes them."""
    with placed(None, spec.file or spec.scenario):
        lowered = lower(spec, actors)
    n = len(actors)
    end = spec.duration
    scene: dict[str, Any] = {
        "contact": int(Contact.PHYSICS if config.contact == "physics" else Contact.REPORT),
        "end_tick": round(end / TICK),
        "weather": weather_row(spec.environment),
        "valid": np.ones(n, np.int32),
        "asset": np.array([asset_index(a.asset.name) for a in actors], np.int32),
        "semantic": np.array([int(a.asset.semantic) for a in actors], np.int32),
        "category": np.array([int(Category[a.spec.category.upper()]) for a in actors], np.int32),
        "paint": np.array([a.paint for a in actors], np.float32),
        "size": np.array([a.size for a in actors], np.float32),
        "box_center": np.array([a.box_center for a in actors], np.float32),
        "vehicle": vehicle_row(actors),
        **lowered.scene,
    }
    state = dict(lowered.state)
    if config.driver != "default":
        state["motion"] = np.array(state["motion"], np.int32)
        state["motion"][0] = int(Motion.DRIVEN)
        rows = scene["story"]["row_code"]
        own = (rows[:, RowField.KIND] == ActionKind.OVERRIDE) & (rows[:, RowField.ACTOR] == 0)
        rows[own, RowField.KIND] = ActionKind.NOTHING  # whoever was chosen drives, not the file
    scene["crew"] = _crews(spec, actors, scene, state)
    scene["vehicle"]["driver"][_at_the_wheel(scene, state)] = DRIVERS["constant"]
    scene["vehicle"]["driver"][0] = DRIVERS.get("constant" if config.driver == "default" else config.driver, -1)
    return scene, state


PASSIVE = (
    ActionKind.TELEPORT, ActionKind.LIGHT, ActionKind.VISIBILITY, ActionKind.VARIABLE, ActionKind.SIGNAL, ActionKind.TRAILER,
    ActionKind.LOOSE, ActionKind.NOTHING,
)  # fmt: skip
"""Actions that befall a vehicle in which nobody sits."""


def _crews(
    spec: WorldSpec, actors: Sequence[ResolvedActor], scene: dict[str, Any], state: dict[str, Any]
) -> np.ndarray:
    """Who sits in each actor: somebody in what moves, waits, is controlled or acts later, nobody in what is parked, carried, `PASSIVE`."""
    rows = scene["story"]["row_code"]
    driven = (np.array(state["motion"]) != Motion.SCRIPTED) | (np.array(state["speed"]) != 0.0)
    acts = ~np.isin(rows[:, RowField.KIND], PASSIVE) & (rows[:, RowField.ACTOR] >= 0)
    driven[rows[acts, RowField.ACTOR]] = True
    driven |= [a.spec.waits for a in actors]
    driven[0] = True
    return np.array(
        [draw_crew(a.spec.name, a.asset, spec.look_seed) if d and not a.spec.carrier else 0 for a, d in zip(actors, driven, strict=True)],
        np.int32,
    )  # fmt: skip


def _at_the_wheel(scene: dict[str, Any], state: dict[str, Any]) -> np.ndarray:
    """Vehicles with a driver of their own: from the start, or once a fault or the storyboard's hand on the pedals makes them driven."""
    rows = scene["story"]["row_code"]
    later = rows[np.isin(rows[:, RowField.KIND], (ActionKind.FAULT, ActionKind.OVERRIDE)), RowField.ACTOR]
    return np.union1d(later, np.flatnonzero(np.array(state["motion"]) == Motion.DRIVEN)).astype(np.int32)


def weather_row(environment: Environment) -> dict[str, Any]:
    """`sim.types.Weather` of one world."""
    film = film_depth(environment.rain) if environment.water is None else environment.water
    return {
        "sun_direction": np.array(sun_direction(environment), np.float32),
        "cloud_cover": environment.cloud_cover,
        "turbidity": environment.turbidity,
        "fog_visibility": environment.fog_visibility,
        "rain": environment.rain,
        "snow": environment.snow,
        "wetness": environment.wetness,
        "snow_cover": environment.snow_cover,
        "ice": environment.ice,
        "dust": environment.dust,
        "water": water_depth(environment.wetness, film),
        "film": film_factor(film),
        "friction_scale": -1.0 if environment.friction_scale is None else environment.friction_scale,
        "wind": np.array(environment.wind, np.float32),
        "temperature": environment.temperature,
        "sky_heading": environment.sky_heading,
    }


def with_driver(config: SimConfig, driver: str | None) -> SimConfig:
    """The settings with another driver.

    Raises:
        SwerveError: if there is no such driver.
    """
    if driver is None:
        return config
    if driver not in ("default", "control", *DRIVERS):
        raise SwerveError(f"no driver {driver!r}: choose default or one of {', '.join(DRIVERS)}")
    return replace(config, driver=driver)
