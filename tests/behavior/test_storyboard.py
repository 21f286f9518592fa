"""The storyboard machine: triggers, edges, delays, priorities, counts, states (ASAM OpenSCENARIO XML 1.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.behavior.codes import Phase
from tests.behavior.run import run
from tests.scenario.openx import (
    car_xml,
    event_xml,
    scenario_xml,
    speed_xml,
    story_xml,
    teleport_xml,
    time_xml,
    trigger_xml,
)

RUNNING, COMPLETE, STANDBY = int(Phase.RUNNING), int(Phase.COMPLETE), int(Phase.STANDBY)


def speed_condition(
    value: float, rule: str = "greaterThan", edge: str = "none", delay: float = 0.0, name: str = "speed"
) -> str:
    return (
        f'<Condition name="{name}" delay="{delay}" conditionEdge="{edge}"><ByEntityCondition><TriggeringEntities '
        'triggeringEntitiesRule="any"><EntityRef entityRef="Ego"/></TriggeringEntities><EntityCondition>'
        f'<SpeedCondition value="{value}" rule="{rule}"/></EntityCondition></ByEntityCondition></Condition>'
    )


def state_condition(element: str, state: str, kind: str = "event", delay: float = 0.0) -> str:
    return (
        f'<Condition name="state" delay="{delay}" conditionEdge="none"><ByValueCondition><StoryboardElementStateCondition '
        f'storyboardElementType="{kind}" storyboardElementRef="{element}" state="{state}"/></ByValueCondition></Condition>'
    )


SET_V = '<GlobalAction><VariableAction variableRef="v"><SetAction value="1"/></VariableAction></GlobalAction>'


def ramp(value: float, seconds: float) -> str:
    return speed_xml(value, "linear", "time", seconds)


def test_an_event_starts_at_its_time_and_ends_with_its_action(tmp_path: Path) -> None:
    story = story_xml(event_xml("brake", ramp(4.0, 1.0), trigger_xml(time_xml(1.0))))
    found = run(tmp_path, scenario_xml(story=story), 3.0)
    assert found.when("brake", STANDBY) == 0.0
    assert found.when("brake", RUNNING) == pytest.approx(1.01)
    assert found.when("brake", COMPLETE) == pytest.approx(2.02, abs=0.011)
    assert found.of(found.speed)[-1] == pytest.approx(4.0)
    assert found.when("story", COMPLETE) == found.when("brake", COMPLETE)


@pytest.mark.parametrize(
    ("edge", "started"), [("none", 0.01), ("rising", None), ("falling", 1.0), ("risingOrFalling", 1.0)]
)
def test_edges(tmp_path: Path, edge: str, started: float | None) -> None:
    """The ego is faster than 5 m/s from the start and slows down through 5 m/s at 1 s."""
    init = {"Ego": teleport_xml() + speed_xml(10)}
    events = event_xml("slow", ramp(0.0, 2.0), trigger_xml(time_xml(0)))
    mark = event_xml("mark", SET_V, trigger_xml(speed_condition(5.0, edge=edge)))
    other = f'<Maneuver name="other">{mark}</Maneuver>'
    story = story_xml(events).replace("</Maneuver></ManeuverGroup>", f"</Maneuver>{other}</ManeuverGroup>")
    variables = (
        '<VariableDeclarations><VariableDeclaration name="v" variableType="double" value="0"/></VariableDeclarations>'
    )
    found = run(tmp_path, scenario_xml(init=init, story=story, variables=variables), 2.0)
    count = found.count[:, found.elements.index("mark")]
    first = float((count > 0).argmax()) * 0.01 if count.any() else None
    if started is None:
        assert first is None
    else:
        assert first == pytest.approx(started, abs=0.025)


def test_delay_looks_back(tmp_path: Path) -> None:
    """A condition that held for a moment fires once its delay is over, though it holds no more."""
    event = event_xml("later", speed_xml(1), trigger_xml(time_xml(0.5, "lessThan", edge="falling", delay=1.0)))
    found = run(tmp_path, scenario_xml(story=story_xml(event)), 2.0)
    assert found.when("later", COMPLETE) == pytest.approx(1.51, abs=0.021)
    assert found.executions("later") == 1


def test_groups_are_alternatives_and_conditions_are_joined(tmp_path: Path) -> None:
    one = f"<ConditionGroup>{time_xml(1.0)}{speed_condition(50.0)}</ConditionGroup>"
    two = f"<ConditionGroup>{time_xml(1.5)}{speed_condition(5.0)}</ConditionGroup>"
    event = event_xml("go", speed_xml(1), f"<StartTrigger>{one}{two}</StartTrigger>")
    found = run(tmp_path, scenario_xml(story=story_xml(event)), 2.0)
    assert found.when("go", COMPLETE) == pytest.approx(1.51, abs=0.011)


@pytest.mark.parametrize(
    ("priority", "first_ends", "second_runs"), [("override", 1.0, True), ("skip", 4.0, False), ("parallel", 4.0, True)]
)
def test_priorities(tmp_path: Path, priority: str, first_ends: float, second_runs: bool) -> None:
    """The second event, of another actor's domain, starts at 1 s while the first runs from 0 to 4 s."""
    wait = ramp(20.0, 4.0)
    light = (
        "<PrivateAction><AppearanceAction><LightStateAction transitionTime='0'><LightType><VehicleLight vehicleLightType='lowBeam'/>"
        "</LightType><LightState mode='on'/></LightStateAction></AppearanceAction></PrivateAction>"
    )
    events = event_xml("first", wait, trigger_xml(time_xml(0))) + event_xml(
        "second", light, trigger_xml(time_xml(1.0)), priority
    )
    found = run(tmp_path, scenario_xml(story=story_xml(events)), 2.0)
    assert (found.executions("second") > 0) == second_runs
    running = found.phase[:, found.elements.index("first")] == RUNNING
    assert running[-1] == (first_ends > 2.0)


def test_maximum_execution_count(tmp_path: Path) -> None:
    event = event_xml("again", speed_xml(3), trigger_xml(time_xml(0)), count=3)
    found = run(tmp_path, scenario_xml(story=story_xml(event)), 1.0)
    assert found.executions("again") == 3
    assert found.when("act", COMPLETE) is not None
    group = run(
        tmp_path,
        scenario_xml(story=story_xml(event_xml("again", speed_xml(3), trigger_xml(time_xml(0))), count=2)),
        1.0,
    )
    assert group.executions("group") == 2


def test_states_of_elements_trigger_others(tmp_path: Path) -> None:
    events = event_xml("one", ramp(5.0, 1.0), trigger_xml(time_xml(0)))
    events += event_xml("two", ramp(1.0, 1.0), trigger_xml(state_condition("one", "completeState")), "parallel")
    events += event_xml(
        "three", speed_xml(9), trigger_xml(state_condition("two", "startTransition", delay=0.2)), "parallel"
    )
    found = run(tmp_path, scenario_xml(story=story_xml(events)), 3.0)
    one, two = found.when("one", COMPLETE), found.when("two", RUNNING)
    three = found.when("three", COMPLETE)
    assert one is not None and two is not None and three is not None
    assert 0.0 <= two - one <= 0.021
    assert three - two == pytest.approx(0.2, abs=0.031)


def test_a_starting_action_ends_others_of_its_domain(tmp_path: Path) -> None:
    events = event_xml("long", ramp(30.0, 10.0), trigger_xml(time_xml(0)))
    other = f'<Maneuver name="other">{event_xml("short", ramp(2.0, 0.5), trigger_xml(time_xml(1.0)))}</Maneuver>'
    story = story_xml(events).replace("</Maneuver></ManeuverGroup>", f"</Maneuver>{other}</ManeuverGroup>")
    found = run(tmp_path, scenario_xml(story=story), 3.0)
    assert found.when("long", COMPLETE) == pytest.approx(1.01, abs=0.021)
    assert found.of(found.speed)[-1] == pytest.approx(2.0)


def test_acts_stop_and_the_world_stops(tmp_path: Path) -> None:
    story = story_xml(event_xml("long", ramp(30.0, 10.0), trigger_xml(time_xml(0))))
    story = story.replace("</Act>", trigger_xml(time_xml(1.0), tag="StopTrigger") + "</Act>")
    found = run(tmp_path, scenario_xml(story=story, stop=trigger_xml(time_xml(2.0), tag="StopTrigger")), 3.0)
    assert found.when("act", COMPLETE) == pytest.approx(1.01, abs=0.011)
    assert found.of(found.speed)[200] == pytest.approx(found.of(found.speed)[102], abs=1e-6)
    assert found.done[199] == 0 and found.done[-1] == 1
    assert (found.pos[205:] == found.pos[-1]).all()


def test_variables(tmp_path: Path) -> None:
    variables = (
        '<VariableDeclarations><VariableDeclaration name="v" variableType="double" value="1"/></VariableDeclarations>'
    )
    add = (
        '<GlobalAction><VariableAction variableRef="v"><ModifyAction><Rule><AddValue '
        'value="2"/></Rule></ModifyAction></VariableAction></GlobalAction>'
    )
    is_three = (
        '<Condition name="c" delay="0" conditionEdge="none"><ByValueCondition><VariableCondition variableRef="v" rule="equalTo" '
        'value="3"/></ByValueCondition></Condition>'
    )
    events = event_xml("add", add, trigger_xml(time_xml(1.0))) + event_xml(
        "see", speed_xml(7), trigger_xml(is_three), "parallel"
    )
    found = run(tmp_path, scenario_xml(story=story_xml(events), variables=variables), 2.0)
    assert found.when("see", COMPLETE) == pytest.approx(1.01, abs=0.021)
    assert found.of(found.speed)[50] == pytest.approx(10.0)
    assert found.of(found.speed)[-1] == pytest.approx(7.0)


def test_triggering_entities_all_and_any(tmp_path: Path) -> None:
    entities = car_xml("Ego") + car_xml("Other")
    init = {"Ego": teleport_xml() + speed_xml(10), "Other": teleport_xml(200) + speed_xml(2)}
    both = speed_condition(5.0).replace(
        '<EntityRef entityRef="Ego"/>', '<EntityRef entityRef="Ego"/><EntityRef entityRef="Other"/>'
    )
    for rule, fires in (("any", True), ("all", False)):
        story = story_xml(event_xml("go", speed_xml(1), trigger_xml(both.replace('"any"', f'"{rule}"'))))
        found = run(tmp_path, scenario_xml(entities=entities, init=init, story=story), 0.5)
        assert (found.when("go", COMPLETE) is not None) == fires


@pytest.mark.parametrize("others", [0, 33])
def test_collision_condition_sees_contacts(tmp_path: Path, others: int) -> None:
    """Whoever touches: the first actors of a world, and those after many others."""
    parked = {f"Parked {k}": teleport_xml(20 + 6 * k, "1") + speed_xml(0) for k in range(others)}
    entities = "".join(car_xml(name) for name in ("Ego", *parked, "Runner", "Wall"))
    init = {"Ego": teleport_xml(200) + speed_xml(10), **parked}
    init |= {"Runner": teleport_xml() + speed_xml(10), "Wall": teleport_xml(63) + speed_xml(0)}
    touch = (
        '<Condition name="c" delay="0" conditionEdge="none"><ByEntityCondition><TriggeringEntities triggeringEntitiesRule="any">'
        '<EntityRef entityRef="Runner"/></TriggeringEntities><EntityCondition><CollisionCondition><EntityRef entityRef="Wall"/>'
        "</CollisionCondition></EntityCondition></ByEntityCondition></Condition>"
    )
    story = story_xml(event_xml("stop", speed_xml(0), trigger_xml(touch)))
    found = run(tmp_path, scenario_xml(entities=entities, init=init, story=story), 2.0)
    assert found.when("stop", COMPLETE) == pytest.approx(
        0.9, abs=0.031
    )  # 13 m between reference points less 4 m of car


def test_a_start_trigger_without_conditions_is_met_at_once(tmp_path: Path) -> None:
    text = scenario_xml(story=story_xml(event_xml("go", speed_xml(3.0), "<StartTrigger/>"), trigger="<StartTrigger/>"))
    found = run(tmp_path, text, 0.1)
    assert found.of(found.speed)[-1] == pytest.approx(3.0)
