"""Reading OpenSCENARIO files: expressions, parameters, catalogs, entities, environments, distributions."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.errors import ScenarioError
from sim.random import Stream
from sim.scenario import storyboard as asam
from sim.scenario.openscenario import load_openscenario
from sim.scenario.openscenario.expressions import ExpressionError, evaluate, format_value
from sim.scenario.world import WorldSpec
from tests.scenario.openx import (
    car_xml,
    event_xml,
    load,
    map_xml,
    scenario_xml,
    speed_xml,
    story_xml,
    teleport_xml,
    time_xml,
    trigger_xml,
)


def draw(folder: Path, text: str, key: int = 0) -> WorldSpec:
    return load(folder, text).draw(Stream(0, key))


# --- expressions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9.0), ("-2 * -3", 6.0), ("7 % 4", 3.0), ("-7 % 4", -3.0), ("2 - 3 - 4", -5.0),
        ("8 / 4 / 2", 1.0),
        ("$a + $b", 5.0), ("$a*$a", 4.0), ("pow(2, 10)", 1024.0), ("sqrt(16)", 4.0), ("abs(-3)", 3.0), ("sign(-3)", -1.0),
        ("sign(0)", 0.0), ("round(2.5)", 3.0), ("floor(-1.5)", -2.0), ("ceil(1.2)", 2.0), ("min(3, 1, 2)", 1.0), ("max(3, 1, 2)", 3.0),
        ("sin(pi / 2)", 1.0), ("acos(-1)", math.pi), ("1e3 + .5", 1000.5), ("not true", False), ("1 < 2 and 2 < 1", False),
        ("1 < 2 or 2 < 1", True),
        ("$flag and not false", True), ("$a == 2", True), ("!$flag", False), ("2 >= 2", True), ("-$a", -2.0), ("+3", 3.0),
    ],
)  # fmt: skip
def test_expressions(text: str, value: float) -> None:
    parameters = {"a": "2", "b": 3.0, "flag": "true"}
    assert evaluate(text, parameters.__getitem__) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", "1 2", "1 +", "(", "f(1)", "pow(1)", "x", "1..2", "'a' + 1", "$a.b", "a[0]", "1; 2", "lambda: 1", "10 ** 9"],
)
def test_broken_expressions(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, {"a": 1.0}.__getitem__)


def test_values_are_written_as_a_file_would() -> None:
    assert [format_value(v) for v in (3.0, 0.5, True, "x", -2.0)] == ["3", "0.5", "true", "x", "-2"]


# --- parameters and catalogs --------------------------------------------------------------------------------------------


def test_parameters_in_any_order(tmp_path: Path) -> None:
    parameters = (
        '<ParameterDeclaration name="v" parameterType="double" value="${$kph / 3.6}"/>'
        '<ParameterDeclaration name="kph" parameterType="double" value="36"/>'
        '<ParameterDeclaration name="lane" parameterType="string" value="-2"/>'
    )
    spec = draw(
        tmp_path, scenario_xml(parameters=parameters, init={"Ego": teleport_xml(lane="$lane") + speed_xml("$v")})
    )
    teleport, speed = (a.action for a in spec.storyboard.init)
    assert isinstance(teleport, asam.TeleportAction) and isinstance(teleport.position, asam.LanePosition)
    assert teleport.position.lane == -2
    assert isinstance(speed, asam.SpeedAction) and speed.target == pytest.approx(10.0)


def test_catalog_entries_take_their_parameters(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    vehicle = (
        '<Vehicle name="box" vehicleCategory="$kind"><ParameterDeclarations>'
        '<ParameterDeclaration name="long" parameterType="double" value="4"/>'
        '<ParameterDeclaration name="kind" parameterType="string" value="car"/></ParameterDeclarations>'
        '<BoundingBox><Center x="${$long / 4}" y="0" z="1"/><Dimensions length="$long" width="2" height="1.5"/></BoundingBox></Vehicle>'
    )
    (tmp_path / "c" / "any.xosc").write_text(f'<OpenSCENARIO><Catalog name="cars">{vehicle}</Catalog></OpenSCENARIO>')
    assign = (
        '<ParameterAssignments><ParameterAssignment parameterRef="long" value="${$size * 2}"/></ParameterAssignments>'
    )
    entities = "".join(
        (
            f'<ScenarioObject name="{name}"><CatalogReference '
            f'catalogName="{catalog}" entryName="box">{inner}</CatalogReference></ScenarioObject>'
        )
        for name, catalog, inner in (("Ego", "cars", assign), ("Other", "any", ""))
    )
    text = scenario_xml(
        entities=entities, catalogs='<VehicleCatalog><Directory path="./c"/></VehicleCatalog>',
        parameters='<ParameterDeclaration name="size" parameterType="double" value="4"/>',
    )  # fmt: skip
    ego, other = draw(tmp_path, text).actors
    assert (ego.length, ego.box_center) == (8.0, (2.0, 0.0, 1.0))
    assert (other.length, other.box_center) == (4.0, (1.0, 0.0, 1.0))


def test_manoeuvres_of_catalogs(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    inner = event_xml("brake", speed_xml("$to"), trigger_xml(time_xml(1.0)))
    entry = (
        f'<Maneuver name="m"><ParameterDeclarations><ParameterDeclaration name="to" '
        f'parameterType="double" value="1"/></ParameterDeclarations>{inner}</Maneuver>'
    )
    (tmp_path / "c" / "m.xosc").write_text(f'<OpenSCENARIO><Catalog name="m">{entry}</Catalog></OpenSCENARIO>')
    use = (
        '<CatalogReference catalogName="m" entryName="m"><ParameterAssignments>'
        '<ParameterAssignment parameterRef="to" value="3"/></ParameterAssignments></CatalogReference>'
    )
    story = story_xml("").replace('<Maneuver name="maneuver"></Maneuver>', use)
    spec = draw(
        tmp_path, scenario_xml(story=story, catalogs='<ManeuverCatalog><Directory path="c"/></ManeuverCatalog>')
    )
    action = spec.storyboard.stories[0].acts[0].groups[0].maneuvers[0].events[0].actions[0]
    assert isinstance(action.action, asam.SpeedAction) and action.action.target == 3.0
    assert action.actors == ("Ego",)


# --- entities and environment -------------------------------------------------------------------------------------------


def test_the_ego_comes_first_and_kinds_have_assets(tmp_path: Path) -> None:
    from sim.assets import kinds

    box = '<BoundingBox><Center x="0" y="0" z="{0}"/><Dimensions length="0.6" width="0.5" height="{1}"/></BoundingBox>'
    child = f'<Pedestrian name="p" pedestrianCategory="pedestrian" mass="30">{box.format(0.5, 1.1)}</Pedestrian>'
    entities = (
        car_xml("Other")
        + f'<ScenarioObject name="Kid">{child}</ScenarioObject>'
        + car_xml("Ego").replace('"car"', '"truck"')
    )
    spec = draw(tmp_path, scenario_xml(entities=entities))
    assert [a.name for a in spec.actors] == ["Ego", "Other", "Kid"]
    assert [a.category for a in spec.actors] == ["truck", "car", "pedestrian"]
    assert spec.actors[2].mass == 30.0 and spec.actors[1].wheelbase == 2.5 and spec.actors[1].wheel_radius == 0.3
    assert all(a.kind in kinds() for a in spec.actors)
    unnamed = draw(tmp_path, scenario_xml(entities=car_xml("A") + car_xml("B"), init={"A": teleport_xml()}))
    assert unnamed.actors[0].name == "A"


def test_environment(tmp_path: Path) -> None:
    weather = (
        '<GlobalAction><EnvironmentAction><Environment name="e"><TimeOfDay animation="false" dateTime="2024-12-21T07:30:00"/>'
        '<Weather fractionalCloudCover="fourOktas" temperature="275.15"><Sun azimuth="1.5" elevation="0.3" illuminance="{}"/>'
        '<Fog visualRange="80"/><Precipitation precipitationType="rain" precipitationIntensity="4"/></Weather>'
        '<RoadCondition frictionScaleFactor="0.6"/></Environment></EnvironmentAction></GlobalAction>'
    )
    text = scenario_xml().replace("<Init><Actions>", f"<Init><Actions>{weather.format(50000)}")
    env = draw(tmp_path, text).environment
    assert (env.time_of_day, env.day_of_year, env.cloud_cover, env.fog_visibility) == (7.5 * 3600, 356, 0.5, 80.0)
    assert (env.rain, env.friction_scale, env.sun_azimuth, env.sun_elevation) == (4.0, 0.6, 1.5, 0.3)
    assert env.temperature == pytest.approx(2.0)
    silent = draw(tmp_path, text.replace('fractionalCloudCover="fourOktas" ', "")).environment
    assert silent.cloud_cover > 0.95, "it does not rain from a blue sky"
    night = draw(tmp_path, text.replace('illuminance="50000"', 'illuminance="0.1"')).environment
    assert night.sun_elevation is not None and night.sun_elevation < 0


# --- distributions ------------------------------------------------------------------------------------------------------


def distribution(folder: Path, inner: str, parameters: str) -> Path:
    (folder / "map.xodr").write_text(map_xml())
    (folder / "base.xosc").write_text(
        scenario_xml(parameters=parameters, init={"Ego": teleport_xml("$s") + speed_xml("$v")})
    )
    file = folder / "variation.xosc"
    file.write_text(
        f"<OpenSCENARIO><ParameterValueDistribution><ScenarioFile "
        f'filepath="base.xosc"/>{inner}</ParameterValueDistribution></OpenSCENARIO>'
    )
    return file


PARAMETERS = (
    '<ParameterDeclaration name="v" parameterType="double" value="1"/>'
    '<ParameterDeclaration name="s" parameterType="double" value="5"/>'
)


def values(spec: WorldSpec) -> tuple[float, float]:
    teleport, speed = (a.action for a in spec.storyboard.init)
    return teleport.position.s, speed.target  # type: ignore[union-attr]


def test_deterministic_distributions(tmp_path: Path) -> None:
    single = (
        '<DeterministicSingleParameterDistribution parameterName="v"><DistributionSet><Element '
        'value="10"/><Element value="20"/></DistributionSet></DeterministicSingleParameterDistribution>'
    )
    ranged = (
        '<DeterministicSingleParameterDistribution parameterName="s"><DistributionRange stepWidth="25">'
        '<Range lowerLimit="50" upperLimit="100"/></DistributionRange></DeterministicSingleParameterDistribution>'
    )
    scenario = load_openscenario(distribution(tmp_path, f"<Deterministic>{single}{ranged}</Deterministic>", PARAMETERS))
    specs = [scenario.draw(Stream(3, key)) for key in range(60)]
    assert {values(s) for s in specs} == {(s, v) for s in (50.0, 75.0, 100.0) for v in (10.0, 20.0)}
    again = scenario.rebuild(specs[7].record)
    assert values(again) == values(specs[7]) and again.look_seed == specs[7].look_seed
    assert values(scenario.draw(Stream(3, 7))) == values(specs[7])
    assert set(scenario.parameters) == {"v", "s"}


def test_sets_of_parameters(tmp_path: Path) -> None:
    rows = "".join(
        (
            f'<ParameterValueSet><ParameterAssignment parameterRef="v" value="{v}"/>'
            f'<ParameterAssignment parameterRef="s" value="{s}"/></ParameterValueSet>'
        )
        for v, s in ((10, 50), (20, 60))
    )
    inner = (
        f"<Deterministic><DeterministicMultiParameterDistribution><ValueSetDistribution>"
        f"{rows}</ValueSetDistribution></DeterministicMultiParameterDistribution></Deterministic>"
    )
    scenario = load_openscenario(distribution(tmp_path, inner, PARAMETERS))
    assert {values(scenario.draw(Stream(1, key))) for key in range(20)} == {(50.0, 10.0), (60.0, 20.0)}
    spec = scenario.draw(Stream(1, 3))
    assert values(scenario.rebuild(spec.record)) == values(spec)


@pytest.mark.parametrize(
    ("inner", "mean", "low", "high"),
    [
        ('<UniformDistribution><Range lowerLimit="10" upperLimit="30"/></UniformDistribution>', 20.0, 10.0, 30.0),
        (('<NormalDistribution expectedValue="20" variance="9"><Range '
'lowerLimit="11" upperLimit="29"/></NormalDistribution>'), 20.0, 11.0, 29.0),
        (('<ProbabilityDistributionSet><Element value="10" weight="1"/>'
'<Element value="20" weight="3"/></ProbabilityDistributionSet>'), 17.5, 10.0, 20.0),
        ('<PoissonDistribution expectedValue="12"/>', 12.0, 0.0, 40.0),
        (('<Histogram><Bin weight="1"><Range lowerLimit="0" upperLimit="10"/></Bin><Bin '
'weight="1"><Range lowerLimit="20" upperLimit="30"/></Bin></Histogram>'), 15.0, 0.0, 30.0),
    ],
)  # fmt: skip
def test_random_distributions(tmp_path: Path, inner: str, mean: float, low: float, high: float) -> None:
    text = f'<Stochastic numberOfTestRuns="10"><StochasticDistribution parameterName="v">{inner}</StochasticDistribution></Stochastic>'
    scenario = load_openscenario(distribution(tmp_path, text, PARAMETERS))
    drawn = np.array([values(scenario.draw(Stream(0, key)))[1] for key in range(400)])
    assert drawn.min() >= low and drawn.max() <= high
    assert drawn.mean() == pytest.approx(mean, abs=5 * drawn.std() / 20)
    assert len(set(drawn)) > 1


def test_looks_change_with_the_key_and_the_world_does_not(tmp_path: Path) -> None:
    scenario = load(tmp_path, scenario_xml())
    a, b = scenario.draw(Stream(0, 1)), scenario.draw(Stream(0, 2))
    assert a.look_seed != b.look_seed
    assert a.actors == b.actors and a.storyboard == b.storyboard and a.map_key == b.map_key
    assert a.duration == pytest.approx(10.1)


def test_draws_meet_the_constraints(tmp_path: Path) -> None:
    """Of 1 to 100 only what the scenario allows is drawn; where nothing is, that is an error."""
    many = '<DistributionRange stepWidth="1"><Range lowerLimit="1" upperLimit="100"/></DistributionRange>'
    inner = (
        f'<Deterministic><DeterministicSingleParameterDistribution parameterName="v">{many}'
        "</DeterministicSingleParameterDistribution></Deterministic>"
    )
    rule = '<ConstraintGroup><ValueConstraint rule="greaterThan" value="{}"/></ConstraintGroup></ParameterDeclaration>'
    limited = PARAMETERS.replace(
        'name="v" parameterType="double" value="1"/>', 'name="v" parameterType="double" value="99">{}', 1
    )
    scenario = load_openscenario(distribution(tmp_path, inner, limited.format(rule.format(80))))
    drawn = [values(scenario.draw(Stream(0, key)))[1] for key in range(50)]
    assert min(drawn) > 80.0 and len(set(drawn)) > 5
    with pytest.raises(ScenarioError, match="breaks its constraint"):
        load_openscenario(distribution(tmp_path, inner, limited.format(rule.format(200))))
