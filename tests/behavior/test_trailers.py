"""Trailers: the way they take behind a hitch, coupling and uncoupling, and that a train does not collide with itself."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.config import SimConfig
from sim.errors import ScenarioError
from sim.metrics.measure import measure_gaps
from sim.physics.sets import SETS
from sim.sampling import sample_worlds
from sim.simulation import step
from sim.types import Motion
from tests.behavior.run import run
from tests.scenario.openx import (
    car_xml,
    event_xml,
    load,
    map_xml,
    road_xml,
    scenario_xml,
    speed_xml,
    story_xml,
    teleport_xml,
    time_xml,
    trigger_xml,
)

HITCH, LENGTH, RADIUS = -1.2, 4.0, 60.0
BEND = f'<geometry s="0" x="0" y="0" hdg="0" length="500"><arc curvature="{1 / RADIUS}"/></geometry>'


def coupled_xml(name: str, inner: str) -> str:
    """A car with the couplings given."""
    return car_xml(name).replace("<Axles>", f"{inner}<Axles>")


def tow_xml(trailer: str = "") -> str:
    """The ego with a hitch."""
    return coupled_xml("Ego", f'<TrailerHitch dx="{HITCH}"/>{trailer}')


def trailer_xml() -> str:
    """A car that can be pulled."""
    return coupled_xml("Cart", f'<TrailerCoupler dx="{LENGTH}"/>')


INLINE = (
    '<Trailer><Trailer name="cart">'
    + trailer_xml().removeprefix('<ScenarioObject name="Cart">').removesuffix("</ScenarioObject>")
    + "</Trailer></Trailer>"
)
BY_NAME = '<Trailer><TrailerRef entityRef="Cart"/></Trailer>'


def trailer_action(inner: str) -> str:
    """A TrailerAction."""
    return f"<PrivateAction><TrailerAction>{inner}</TrailerAction></PrivateAction>"


def at_second(time: float, action: str) -> str:
    """An event."""
    return event_xml(f"at {time:g}", action, trigger_xml(time_xml(time)), priority="parallel")


def test_a_trailer_starts_in_line(tmp_path: Path) -> None:
    found = run(tmp_path, scenario_xml(entities=tow_xml(INLINE)), 0.0)
    assert found.names == ["Ego", "Ego+"]
    assert found.of(found.pos, "Ego+")[0] == pytest.approx((50.0 + HITCH - LENGTH, -1.75, 0.0), abs=1e-3)
    assert found.of(found.speed, "Ego+")[0] == pytest.approx(10.0)


def test_a_trailer_in_a_bend_runs_on_the_inner_circle(tmp_path: Path) -> None:
    """The hitch runs on a circle of sqrt(R^2 + h^2), the wheels, whose axle points at its centre, on one of sqrt(R^2 + h^2 - L^2)."""
    init = {"Ego": teleport_xml(20.0) + speed_xml(10)}
    found = run(tmp_path, scenario_xml(entities=tow_xml(INLINE), init=init), 8.0, map_xml(road_xml(BEND)))
    way = found.of(found.pos, "Ego+")[-50:, :2] - (0.0, RADIUS)
    own = RADIUS + 1.75
    assert np.hypot(*way.T) == pytest.approx(math.sqrt(own**2 + HITCH**2 - LENGTH**2), abs=5e-3)
    lag = found.of(found.heading)[-1] - found.of(found.heading, "Ego+")[-1]
    bend = math.atan(-HITCH / own) + math.asin(LENGTH / math.hypot(own, HITCH))
    assert math.remainder(lag, math.tau) == pytest.approx(bend, abs=1e-3)


def test_a_trailer_let_go_rolls_on_and_is_coupled_again(tmp_path: Path) -> None:
    story = story_xml(
        at_second(1.0, trailer_action("<DisconnectTrailerAction/>"))
        + at_second(1.5, speed_xml(20.0))
        + at_second(3.0, trailer_action('<ConnectTrailerAction trailerRef="Cart"/>'))
    )
    init = {"Ego": teleport_xml() + speed_xml(10), "Cart": teleport_xml(10.0)}
    found = run(tmp_path, scenario_xml(entities=tow_xml(BY_NAME) + trailer_xml(), init=init, story=story), 4.0)
    gap = found.of(found.pos)[:, 0] - found.of(found.pos, "Cart")[:, 0]
    line = LENGTH - HITCH
    assert gap[149] == pytest.approx(line, abs=1e-2)  # both go on at 10 m/s
    assert gap[299] == pytest.approx(line + 1.49 * 10.0, abs=1e-3)
    assert gap[302] == pytest.approx(line, abs=1e-3)
    assert found.of(found.speed, "Cart")[[299, 302]] == pytest.approx([10.0, 20.0], abs=1e-4)


@pytest.mark.parametrize("contact", ["report", "physics"])
def test_a_train_touches_others_but_not_itself(tmp_path: Path, contact: str) -> None:
    """The trailer's box reaches over the hitch; a car standing in its way is still hit."""
    close = tow_xml(INLINE).replace(f'dx="{LENGTH}"', 'dx="1.5"')
    wall = car_xml("Wall")
    init = {"Ego": teleport_xml(50.0) + speed_xml(10), "Wall": teleport_xml(80.0)}
    found = run(tmp_path, scenario_xml(entities=close + wall, init=init), 4.0, contact=contact)
    state = found.batch.state
    names = [found.names[i] if i >= 0 else None for i in state.contact_with.numpy()[0]]
    assert names[found.names.index("Ego")] == "Wall"
    assert names[found.names.index("Wall")] == "Ego"
    if contact == "report":
        assert names[found.names.index("Ego+")] == "Wall"
        assert state.contact_tick.numpy()[0].min() > 200
    assert 0.0 <= state.metrics.min_distance.numpy()[0] < 0.1
    assert found.done.sum() == 0


def test_the_own_trailer_is_no_danger(tmp_path: Path) -> None:
    close = tow_xml(INLINE).replace(f'dx="{LENGTH}"', 'dx="1.5"')
    found = run(tmp_path, scenario_xml(entities=close), 1.0)
    assert np.isinf(found.batch.state.metrics.min_time_to_collision.numpy()[0])
    assert np.isinf(found.batch.state.metrics.min_distance.numpy()[0])


def test_who_pulls_the_ego_is_no_danger(tmp_path: Path) -> None:
    """Nor is whoever else is pulled with it; contacts leave them out too."""
    pulled = coupled_xml("Ego", '<TrailerCoupler dx="1.5"/>')
    van = tow_xml('<Trailer><TrailerRef entityRef="Ego"/></Trailer>').replace('name="Ego"', 'name="Van"')
    init = {"Van": teleport_xml(50.0) + speed_xml(10), "Ego": teleport_xml(10.0)}
    found = run(tmp_path, scenario_xml(entities=pulled + van, init=init), 1.0)
    state = found.batch.state
    assert found.of(found.pos)[-1, 0] == pytest.approx(60.0 + HITCH - 1.5, abs=0.01)
    measure_gaps(found.batch.scene, state)
    for value in (state.metrics.min_time_to_collision, state.metrics.min_distance, state.ttc, state.gap):
        assert np.isinf(value.numpy()[0]).all()
    assert (state.contact_tick.numpy()[0] < 0).all()


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        (tow_xml(BY_NAME), "no entity"),
        (tow_xml(BY_NAME) + car_xml("Cart"), "no TrailerCoupler"),
        (tow_xml(BY_NAME) + tow_xml(BY_NAME).replace("Ego", "Other") + trailer_xml(), "pulled by both"),
        (coupled_xml("Ego", '<TrailerHitch dx="-1"/><TrailerCoupler dx="3"/>' + BY_NAME.replace("Cart", "Ego")), "pulls itself"),
    ],
)  # fmt: skip
def test_trains_that_cannot_be(tmp_path: Path, entities: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        load(tmp_path, scenario_xml(entities=entities))


def test_a_hitch_is_needed_to_couple_a_trailer_too(tmp_path: Path) -> None:
    story = story_xml(at_second(1.0, trailer_action('<ConnectTrailerAction trailerRef="Cart"/>')))
    with pytest.raises(ScenarioError, match="Ego has no TrailerHitch") as caught:
        load(tmp_path, scenario_xml(entities=car_xml("Ego") + trailer_xml(), story=story))
    assert caught.value.line is not None
    load(tmp_path, scenario_xml(entities=tow_xml() + trailer_xml(), story=story))


def test_a_hitch_is_needed(tmp_path: Path) -> None:
    entities = car_xml("Ego").replace("<Axles>", f"{BY_NAME}<Axles>") + trailer_xml()
    notes = load(tmp_path, scenario_xml(entities=entities)).notes
    assert any("has no TrailerHitch" in note.message and note.line > 0 for note in notes)


BOX = '<Center x="1.0" y="0" z="0.75"/><Dimensions length="4" width="1.8" height="1.5"/>'
SEMI = (
    trailer_xml().replace(f'dx="{LENGTH}"', 'dx="7.7"').replace('"car"', '"semitrailer" mass="24000"')
    .replace('"Cart"', '"Semi"')
    .replace(BOX, '<Center x="2.5" y="0" z="2.0"/><Dimensions length="13.6" width="2.5" height="4.0"/>')
    .replace('Diameter="0.6"', 'Diameter="1.0"')
)  # fmt: skip
TRACTOR = (
    tow_xml('<Trailer><TrailerRef entityRef="Semi"/></Trailer>').replace(f'dx="{HITCH}"', 'dx="0.6"')
    .replace('"car"', '"truck" mass="8000"')
    .replace(BOX, '<Center x="1.9" y="0" z="1.7"/><Dimensions length="6" width="2.5" height="3.4"/>')
    .replace('Diameter="0.6"', 'Diameter="1.0"')
    .replace('positionX="2.5"', 'positionX="3.7"')
)  # fmt: skip


def test_behind_a_driven_truck_a_semitrailer_is_on_tyres_from_the_start(tmp_path: Path) -> None:
    """A driver works the pedals; before the first tick the trailer rests on the tractor, whose axles carry its share."""
    world = load(tmp_path, scenario_xml(entities=TRACTOR + SEMI))
    batch = sample_worlds([world], [0], "cpu", SimConfig(driver="constant", pool=1))
    state = batch.state
    names = list(SETS)
    assert [names[k] for k in batch.scene.vehicle.kind.numpy()[0]] == ["tractor", "semitrailer"]
    assert state.motion.numpy()[0].tolist() == [Motion.DRIVEN, Motion.DRIVEN]
    for _ in range(300):
        step(batch.scene, state, batch.control)
    share = SETS["semitrailer"].front_load
    loads = state.vehicle.load.numpy()[0].sum(axis=1)
    assert loads == pytest.approx([(8000 + share * 24000) * 9.81, (1.0 - share) * 24000 * 9.81], rel=0.02)
    assert np.diff(state.pos.numpy()[0, :, 0]) == pytest.approx(0.6 - 7.7, abs=5e-3)
    assert state.pos.numpy()[0, 0, 0] == pytest.approx(80.0, abs=1.0)
