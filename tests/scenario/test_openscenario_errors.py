"""Broken and hostile OpenSCENARIO and OpenDRIVE files: an error with file and line, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.random import Stream
from sim.scenario.opendrive import load_opendrive
from sim.scenario.openscenario import load_openscenario
from tests.scenario.openx import (
    LANES,
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
)  # fmt: skip

CATALOG = '<VehicleCatalog><Directory path="{}"/></VehicleCatalog>'
REFERENCE = '<ScenarioObject name="Ego"><CatalogReference catalogName="cars" entryName="{}"/></ScenarioObject>'


def fails(
    folder: Path, scenario: str | bytes, words: str, network: str | bytes | None = None, line: bool = True
) -> ScenarioError:
    """The error that reading gives: it names a file, a line and says what is wrong."""
    with pytest.raises(ScenarioError, match=words) as caught:
        load(folder, scenario, network)
    error = caught.value
    assert error.file
    assert not line or (error.line is not None and error.line > 0)
    return error


def say(entry: str) -> str:
    """A catalog file's text."""
    return f'<OpenSCENARIO><FileHeader/><Catalog name="cars">{entry}</Catalog></OpenSCENARIO>'


# --- XML ----------------------------------------------------------------------------------------------------------------


def test_entity_bomb(tmp_path: Path) -> None:
    bomb = '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n<OpenSCENARIO>&b;</OpenSCENARIO>'
    error = fails(tmp_path, bomb, "entity declarations are not allowed")
    assert error.line == 2
    fails(tmp_path, scenario_xml(), "entity declarations are not allowed", bomb.replace("OpenSCENARIO", "OpenDRIVE"))


def test_external_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    text = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{secret}">]><OpenSCENARIO>&a;</OpenSCENARIO>'
    assert "secret\n" not in str(fails(tmp_path, text, "not allowed"))
    hidden = f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-16")
    fails(tmp_path, hidden, "not allowed")


def test_truncated(tmp_path: Path) -> None:
    whole = scenario_xml()
    fails(tmp_path, whole[: len(whole) // 2], "not well-formed XML")
    error = fails(tmp_path, scenario_xml(), "not well-formed XML", map_xml()[:300])
    assert str(error.file).endswith("map.xodr")
    fails(tmp_path, b"", "not well-formed XML", line=False)
    fails(tmp_path, b"\x00\xff\xfe", "not well-formed XML", line=False)


def test_deep_nesting(tmp_path: Path) -> None:
    deep = "<a>" * 5000 + "</a>" * 5000
    fails(tmp_path, f"<OpenSCENARIO>{deep}</OpenSCENARIO>", "not well-formed XML")


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.scenario.openscenario.xml.MAX_BYTES", 1 << 20)
    error = fails(tmp_path, scenario_xml() + " " * (1 << 20), "too large", line=False)
    assert error.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<Wrong/>", "root element is Wrong"),
        (say(""), "is a catalog, not a scenario"),
        ("<OpenSCENARIO/>", "RoadNetwork is missing"),
        ("<OpenSCENARIO><RoadNetwork/><Entities/><Storyboard/></OpenSCENARIO>", "there is no entity"),
    ],
)
def test_wrong_root(tmp_path: Path, text: str, words: str) -> None:
    fails(tmp_path, text, words)


# --- values -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["NaN", "INF", "-inf", "1e999", "fast", ""])
def test_numbers_must_be_finite(tmp_path: Path, value: str) -> None:
    init = {"Ego": teleport_xml() + "\n\n" + speed_xml(value)}
    error = fails(tmp_path, scenario_xml(init=init), "is not a|is missing")
    assert error.line == 15


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("${__import__('os').system('true')}", "not (understood|known)|no function"),
        ("${open('x')}", "no function"),
        ("${1 / 0}", "division by zero"),
        ("${sqrt(-1)}", "cannot be computed"),
        ("${pow(10, 400)}", "cannot be computed"),
        ("${1 +}", "ends too early"),
        ("${1 + 1", "closing"),
        ("${" + "(" * 500 + "1" + ")" * 500 + "}", "nested too deeply"),
        ("${" + "-" * 500 + "1}", "nested too deeply"),
        ("${" + "1+" * 20_000 + "1}", "too long"),
        ("$Nowhere", "not declared"),
        ("${x.y}", "not (understood|known)"),
    ],
)
def test_unsafe_and_broken_expressions(tmp_path: Path, expression: str, words: str) -> None:
    fails(tmp_path, scenario_xml(init={"Ego": teleport_xml() + speed_xml(expression)}), words)


def test_parameters_that_depend_on_themselves(tmp_path: Path) -> None:
    parameters = "".join(
        f'<ParameterDeclaration name="{a}" parameterType="double" value="${{${b} + 1}}"/>'
        for a, b in ("ab", "bc", "ca")
    )
    fails(tmp_path, scenario_xml(parameters=parameters), "depends on itself")
    many = '<ParameterDeclaration name="p0" parameterType="double" value="1"/>' + "".join(
        f'<ParameterDeclaration name="p{i}" parameterType="double" value="${{$p{i - 1} + 1}}"/>'
        for i in range(3000, 0, -1)
    )
    fails(tmp_path, scenario_xml(parameters=many), "too deeply")


def test_constraints_and_types_of_parameters(tmp_path: Path) -> None:
    rule = '<ConstraintGroup><ValueConstraint rule="lessThan" value="5"/></ConstraintGroup>'
    text = '<ParameterDeclaration name="a" parameterType="double" value="{}">{}</ParameterDeclaration>'
    load(tmp_path, scenario_xml(parameters=text.format("4", rule)))
    fails(tmp_path, scenario_xml(parameters=text.format("6", rule)), "breaks its constraint")
    fails(tmp_path, scenario_xml(parameters=text.format("six", "")), "is not a number")
    fails(tmp_path, scenario_xml(parameters=text.format("nan", "")), "not a finite number")


# --- references ---------------------------------------------------------------------------------------------------------


def test_missing_files(tmp_path: Path) -> None:
    assert fails(tmp_path, scenario_xml(road="nowhere.xodr"), "road file 'nowhere.xodr' does not exist").hint
    with pytest.raises(ScenarioError, match="cannot read a scenario"):
        load_openscenario(tmp_path / "nothing.xosc")
    (tmp_path / "folder.xodr").mkdir()
    fails(tmp_path, scenario_xml(road="folder.xodr"), "does not exist")
    fails(tmp_path, scenario_xml(entities=REFERENCE.format("x")), "there is no catalog 'cars'")


@pytest.mark.parametrize(
    "path", ["../../../../../etc", "/etc", "C:/Windows", "a/../../../../../x", "..\\..\\..\\..\\x"]
)
def test_paths_that_climb_out(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "deep" / "down"
    folder.mkdir(parents=True)
    fails(folder, scenario_xml(catalogs=CATALOG.format(path)), "climbs out|is absolute")
    fails(folder, scenario_xml(road=f"{path}/map.xodr"), "climbs out|is absolute")


def test_links_that_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "link").symlink_to("/etc")
    fails(folder, scenario_xml(catalogs=CATALOG.format("link")), "climbs out")


def test_catalog_entries(tmp_path: Path) -> None:
    catalogs = tmp_path / "catalogs"
    catalogs.mkdir()
    (catalogs / "cars.xosc").write_text(say('<Route name="way"/><Vehicle name="broken" vehicleCategory="spaceship"/>'))
    text = scenario_xml(catalogs=CATALOG.format("catalogs"), entities=REFERENCE.format("{}"))
    fails(tmp_path, text.replace("{}", "none"), "no entry 'none'")
    fails(tmp_path, text.replace("{}", "way"), "is a Route, not a Vehicle")
    error = fails(tmp_path, text.replace("{}", "broken"), "spaceship")
    assert str(error.file).endswith("cars.xosc") and "test.xosc" in (error.hint or "")
    (catalogs / "cars.xosc").write_text("<OpenSCENARIO><Catalog")
    fails(tmp_path, text.replace("{}", "broken"), "not well-formed")


def test_catalog_entries_that_hold_each_other(tmp_path: Path) -> None:
    inner = (
        '<RouteRef><CatalogReference catalogName="cars" entryName="{}"/></RouteRef>'
        '<InRoutePosition><FromLaneCoordinates pathS="1" laneId="1"/></InRoutePosition>'
    )
    way = (
        '<Route name="{}" closed="false">'
        + f"<Waypoint><Position><RoutePosition>{inner}</RoutePosition></Position></Waypoint>" * 2
        + "</Route>"
    )
    (tmp_path / "catalogs").mkdir()
    (tmp_path / "catalogs" / "cars.xosc").write_text(say(way.format("a", "b", "b") + way.format("b", "a", "a")))
    init = (
        "<PrivateAction><RoutingAction><AssignRouteAction><CatalogReference "
        'catalogName="cars" entryName="a"/></AssignRouteAction></RoutingAction></PrivateAction>'
    )
    text = scenario_xml(catalogs=CATALOG.format("catalogs"), init={"Ego": teleport_xml() + init})
    fails(tmp_path, text, "refers to itself|too deeply")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"init": {"Nobody": speed_xml(1)}}, "no entity 'Nobody'"),
        ({"init": {"Ego": teleport_xml(lane="7")}}, "has no lane 7"),
        ({"init": {"Ego": teleport_xml(road="9")}}, "no road '9'"),
        ({"init": {"Ego": teleport_xml(s=9999)}}, "off road 0"),
        ({"init": {"Ego": teleport_xml(lane="1.5")}}, "not a whole number"),
        ({"entities": car_xml("Ego") * 2}, "there twice"),
        ({"story": story_xml("", actors=("Ghost",))}, "no entity 'Ghost'"),
        ({"parameters": '<ParameterDeclaration name="a" parameterType="double" value="nan"/>'}, "not a finite number"),
    ],
)
def test_unknown_references(tmp_path: Path, changes: dict, words: str) -> None:
    fails(tmp_path, scenario_xml(**changes), words)


def test_unknown_elements_variables_and_signals(tmp_path: Path) -> None:
    element = (
        '<Condition name="c" delay="0" conditionEdge="none"><ByValueCondition><StoryboardElementStateCondition '
        'storyboardElementType="event" storyboardElementRef="none" state="completeState"/></ByValueCondition></Condition>'
    )
    event = event_xml("event", speed_xml(1), trigger_xml(element))
    fails(tmp_path, scenario_xml(story=story_xml(event)), "no event named 'none'")
    variable = element.replace("StoryboardElementStateCondition", "VariableCondition").replace(
        'storyboardElementType="event" storyboardElementRef="none" state="completeState"',
        'variableRef="v" rule="equalTo" value="1"',
    )
    fails(
        tmp_path,
        scenario_xml(story=story_xml(event_xml("event", speed_xml(1), trigger_xml(variable)))),
        "no variable or parameter 'v'",
    )
    signal = element.replace("StoryboardElementStateCondition", "TrafficSignalCondition").replace(
        'storyboardElementType="event" storyboardElementRef="none" state="completeState"', 'name="lamp" state="red"'
    )
    fails(
        tmp_path,
        scenario_xml(story=story_xml(event_xml("event", speed_xml(1), trigger_xml(signal)))),
        "no traffic signal 'lamp'",
    )


def test_huge_counts(tmp_path: Path) -> None:
    fails(tmp_path, scenario_xml(entities="".join(car_xml(f"car{i}") for i in range(600))), "more than 512 entities")
    event = event_xml("event", speed_xml(1), trigger_xml(time_xml(0)), count=10**12)
    fails(tmp_path, scenario_xml(story=story_xml(event)), "maximumExecutionCount")
    fails(tmp_path, scenario_xml(stop=trigger_xml(time_xml(1, delay=1e9), tag="StopTrigger")), "delay")
    values = '<DistributionRange stepWidth="1e-9"><Range lowerLimit="0" upperLimit="1e9"/></DistributionRange>'
    single = f'<DeterministicSingleParameterDistribution parameterName="a">{values}</DeterministicSingleParameterDistribution>'
    text = (
        f'<OpenSCENARIO><ParameterValueDistribution><ScenarioFile filepath="x.xosc"/><Deterministic>{single}'
        "</Deterministic></ParameterValueDistribution></OpenSCENARIO>"
    )
    fails(tmp_path, text, "values")


def test_distribution_over_nothing(tmp_path: Path) -> None:
    text = (
        '<OpenSCENARIO><ParameterValueDistribution><ScenarioFile filepath="{}"/>'
        "<Deterministic/></ParameterValueDistribution></OpenSCENARIO>"
    )
    fails(tmp_path, text.format("none.xosc"), "does not exist")
    fails(tmp_path, text.format("test.xosc"), "itself a distribution")
    fails(tmp_path, text.format("map.xodr"), "not a file of type")


def test_record_of_another_file(tmp_path: Path) -> None:
    scenario = load(tmp_path, scenario_xml())
    with pytest.raises(ScenarioError, match="holds no draw"):
        scenario.rebuild({})
    record = scenario.draw(Stream(1, 2)).record
    assert scenario.rebuild(record).look_seed == scenario.draw(Stream(1, 2)).look_seed


# --- notes --------------------------------------------------------------------------------------------------------------


def test_what_is_not_known_is_noted_by_line(tmp_path: Path) -> None:
    controller = '\n<ObjectController><Controller name="SelfDriving"/></ObjectController>'
    event = event_xml("event", "\n<PrivateAction><FlyAction/></PrivateAction>", trigger_xml(time_xml(0)))
    text = scenario_xml(entities=car_xml("Ego", controller), story=story_xml(event)).replace(
        "<Entities>", '<Entities mood="good"><Robot/>'
    )
    notes = load(tmp_path, text).notes
    messages = {note.message.split(":")[0]: note for note in notes}
    for start, word in (
        ("controller SelfDriving of Ego is not known", "SelfDriving"), ("action 'event action' does nothing", "FlyAction"),
        ("element Robot is not used", "<Robot"), ("attribute mood of Entities is not used", "mood"),
    ):  # fmt: skip
        assert word in text.splitlines()[messages[start].line - 1]
    with pytest.raises(ScenarioError, match="strict"):
        load(tmp_path, text, strict=True)
    load(tmp_path, scenario_xml(), strict=True)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            '<LateralAction><LateralDistanceAction entityRef="Ego" distance="5" freespace="true" continuous="true" '
            'coordinateSystem="entity"/></LateralAction>',
            "the distance is kept across the road",
        ),
        (
            '<LongitudinalAction><LongitudinalDistanceAction entityRef="Ego" distance="5" freespace="true" continuous="true" '
            'coordinateSystem="entity"/></LongitudinalAction>',
            "the distance is kept along the road",
        ),
        (
            '<AppearanceAction><LightStateAction><LightType><VehicleLight vehicleLightType="lowBeam"/></LightType>'
            '<LightState mode="flashing"/></LightStateAction></AppearanceAction>',
            "lowBeam stay on: only indicators and beacons flash",
        ),
    ],
)
def test_what_is_carried_out_otherwise_is_noted(tmp_path: Path, action: str, message: str) -> None:
    event = event_xml("event", f"<PrivateAction>{action}</PrivateAction>", trigger_xml(time_xml(0)))
    notes = [note.message for note in load(tmp_path, scenario_xml(story=story_xml(event))).notes]
    assert [message in note for note in notes] == [True]


# --- maps ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("<OpenDRIVE/>", "no road"),
        ("<OpenSCENARIO/>", "not OpenDRIVE"),
        (map_xml(road_xml(lanes="")), "has no lanes"),
        (
            map_xml(road_xml(lanes='<lanes><laneSection s="0"><center><lane id="0"/></center></laneSection></lanes>')),
            "has no lanes",
        ),
        (map_xml(road_xml(plan="")), "no plan view"),
        (map_xml(road_xml(plan='<geometry s="0" x="nan" y="0" hdg="0" length="500"><line/></geometry>')), "a finite"),
        (map_xml(road_xml(plan='<geometry s="0" x="0" y="0" hdg="0" length="500"/>')), "no shape"),
        (
            map_xml(road_xml(plan='<geometry s="0" x="0" y="0" hdg="0" length="500"><zigzag/></geometry>')),
            "unknown geometry",
        ),
        (map_xml(road_xml(plan='<geometry s="0" x="0" y="0" hdg="0" length="-5"><line/></geometry>')), "length"),
        (map_xml(road_xml(length=0)), "not positive"),
        (map_xml(road_xml(length=1e12)), "too long"),
        (map_xml(road_xml(), road_xml()), "used twice"),
        (map_xml(road_xml(lanes=LANES.replace('id="-2"', 'id="-1000000"'))), "lane id"),
        (map_xml(road_xml(lanes=LANES.replace('a="3.5"', 'a="inf"'))), "a finite"),
        (map_xml(road_xml(lanes=LANES.replace('a="3.5"', 'a="1e7"'))), "wide"),
        (map_xml(road_xml(lanes=LANES.replace('<laneSection s="0">', '<laneSection s="900">'))), "lane section"),
    ],
)
def test_broken_maps(tmp_path: Path, network: str, words: str) -> None:
    error = fails(tmp_path, scenario_xml(), words, network)
    assert str(error.file).endswith("map.xodr")


def test_cyclic_road_links_are_harmless(tmp_path: Path) -> None:
    link = (
        '<link><predecessor elementType="road" elementId="0" contactPoint="end"/>'
        '<successor elementType="road" elementId="0" contactPoint="start"/></link>'
    )
    lanes = LANES.replace(
        'a="3.5" b="0" c="0" d="0"/>',
        'a="3.5" b="0" c="0" d="0"/><link><successor id="-1"/><predecessor id="-1"/></link>',
    )
    (tmp_path / "map.xodr").write_text(map_xml(road_xml(lanes=lanes, extra=link)))
    network = load_opendrive(tmp_path / "map.xodr")
    assert network.roads["0"].successor is not None
    from sim.road.route import plan_route

    assert plan_route(network, (0, -1, 10.0), (0, -1, 200.0))
    with pytest.raises(ScenarioError, match="no way"):
        plan_route(network, (0, -1, 200.0), (0, 1, 10.0))
    event = event_xml("event", speed_xml(100), trigger_xml(time_xml(0)))
    scenario = load(tmp_path, scenario_xml(story=story_xml(event)), (tmp_path / "map.xodr").read_text())
    assert scenario.draw(Stream(0, 0)).network.roads


def test_links_to_roads_that_are_missing_are_noted(tmp_path: Path) -> None:
    link = '<link><successor elementType="road" elementId="99" contactPoint="start"/></link>'
    notes = load(tmp_path, scenario_xml(), map_xml(road_xml(extra=link))).notes
    assert any("99" in note.message for note in notes)
