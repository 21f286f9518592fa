"""Small OpenDRIVE and OpenSCENARIO files for tests."""

from __future__ import annotations

from pathlib import Path

from sim.scenario.openscenario import load_openscenario
from sim.scenario.world import Scenario

LINE = '<geometry s="0" x="0" y="0" hdg="0" length="500"><line/></geometry>'
LANES = """<lanes><laneSection s="0">
  <left><lane id="1" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></left>
  <center><lane id="0" type="none"/></center>
  <right><lane id="-1" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane>
         <lane id="-2" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right>
</laneSection></lanes>"""


def road_xml(
    plan: str = LINE, lanes: str = LANES, *, road_id: str = "0", length: float = 500.0, extra: str = ""
) -> str:
    """A road element."""
    return f'<road id="{road_id}" length="{length}" junction="-1">{extra}<planView>{plan}</planView>{lanes}</road>'


def map_xml(*roads: str, extra: str = "") -> str:
    """An OpenDRIVE file; one straight road of 500 m with lanes 1, -1 and -2 unless roads are given."""
    return f'<?xml version="1.0"?>\n<OpenDRIVE><header name="test"/>{"".join(roads) or road_xml()}{extra}</OpenDRIVE>'


def car_xml(name: str, inner: str = "") -> str:
    """A car of 4 m, its reference point 1 m ahead of its rear end."""
    return f"""<ScenarioObject name="{name}"><Vehicle name="{name}" vehicleCategory="car">
  <BoundingBox><Center x="1.0" y="0" z="0.75"/><Dimensions length="4" width="1.8" height="1.5"/></BoundingBox>
  <Performance maxSpeed="70" maxAcceleration="10" maxDeceleration="10"/>
  <Axles><FrontAxle maxSteering="0.5" wheelDiameter="0.6" trackWidth="1.6" positionX="2.5" positionZ="0.3"/>
         <RearAxle maxSteering="0" wheelDiameter="0.6" trackWidth="1.6" positionX="0" positionZ="0.3"/></Axles>
</Vehicle>{inner}</ScenarioObject>"""


def teleport_xml(s: float | str = 50.0, lane: str = "-1", road: str = "0", offset: float = 0.0) -> str:
    """An init action."""
    place = f'<LanePosition roadId="{road}" laneId="{lane}" s="{s}" offset="{offset}"/>'
    return f"<PrivateAction><TeleportAction><Position>{place}</Position></TeleportAction></PrivateAction>"


def speed_xml(value: object, shape: str = "step", dimension: str = "time", over: object = 0) -> str:
    """A private action on the speed."""
    return (
        f'<PrivateAction><LongitudinalAction><SpeedAction><SpeedActionDynamics dynamicsShape="{shape}" '
        f'dynamicsDimension="{dimension}" value="{over}"/><SpeedActionTarget><AbsoluteTargetSpeed value="{value}"/>'
        "</SpeedActionTarget></SpeedAction></LongitudinalAction></PrivateAction>"
    )


def time_xml(
    value: object, rule: str = "greaterOrEqual", edge: str = "none", delay: object = 0, name: str = "at time"
) -> str:
    """A condition on the simulation time."""
    inner = f'<ByValueCondition><SimulationTimeCondition value="{value}" rule="{rule}"/></ByValueCondition>'
    return f'<Condition name="{name}" delay="{delay}" conditionEdge="{edge}">{inner}</Condition>'


def trigger_xml(*conditions: str, tag: str = "StartTrigger") -> str:
    """A trigger of one group."""
    return f"<{tag}><ConditionGroup>{''.join(conditions)}</ConditionGroup></{tag}>" if conditions else f"<{tag}/>"


def event_xml(name: str, actions: str, trigger: str, priority: str = "override", count: int = 1) -> str:
    """An event of one action (or several: whole Action elements)."""
    inner = actions if actions.startswith("<Action") else f'<Action name="{name} action">{actions}</Action>'
    return f'<Event name="{name}" priority="{priority}" maximumExecutionCount="{count}">{inner}{trigger}</Event>'


def story_xml(events: str, actors: tuple[str, ...] = ("Ego",), trigger: str = "", count: int = 1) -> str:
    """A story with one manoeuvre."""
    refs = "".join(f'<EntityRef entityRef="{a}"/>' for a in actors)
    return f"""<Story name="story"><Act name="act"><ManeuverGroup name="group" maximumExecutionCount="{count}">
<Actors selectTriggeringEntities="false">{refs}</Actors><Maneuver name="maneuver">{events}</Maneuver></ManeuverGroup>
{trigger or trigger_xml(time_xml(0))}</Act></Story>"""


def scenario_xml(
    *, init: dict[str, str] | None = None, story: str = "", entities: str | None = None, parameters: str = "", catalogs: str = "",
    road: str = "map.xodr", stop: str | None = None, variables: str = "",
) -> str:  # fmt: skip
    """A scenario; one car called Ego at s = 50 m on lane -1 at 10 m/s unless said otherwise."""
    init = init if init is not None else {"Ego": teleport_xml() + speed_xml(10)}
    private = "".join(f'<Private entityRef="{name}">{actions}</Private>' for name, actions in init.items())
    return f"""<?xml version="1.0"?>
<OpenSCENARIO>
<FileHeader revMajor="1" revMinor="2" date="2024-01-01T00:00:00" description="test" author="test"/>
<ParameterDeclarations>{parameters}</ParameterDeclarations>{variables}
<CatalogLocations>{catalogs}</CatalogLocations>
<RoadNetwork><LogicFile filepath="{road}"/></RoadNetwork>
<Entities>{entities if entities is not None else car_xml("Ego")}</Entities>
<Storyboard><Init><Actions>{private}</Actions></Init>{story}
{stop if stop is not None else trigger_xml(time_xml(10), tag="StopTrigger")}
</Storyboard></OpenSCENARIO>"""


def load(folder: Path, scenario: str | bytes, network: str | bytes | None = None, strict: bool = False) -> Scenario:
    """Write both files and read the scenario."""
    (folder / "map.xodr").write_bytes(_bytes(map_xml() if network is None else network))
    file = folder / "test.xosc"
    file.write_bytes(_bytes(scenario))
    return load_openscenario(file, strict=strict)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
