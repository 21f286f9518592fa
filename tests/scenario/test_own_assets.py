"""Own assets in scenario files: drawn, driven, seen, labelled and scanned like the project's; misfits are errors."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sim import assets
from sim.assets import asset_index, find_asset, list_assets, load_asset
from sim.assets.own_recipe import PARAMETERS
from sim.config import DatasetConfig, SimConfig
from sim.errors import ScenarioError
from sim.export import audit
from sim.export.frames import FrameRenderer
from sim.export.plan import identity, plan_draws
from sim.export.tracks import assign_poses, record
from sim.physics.sets import SETS
from sim.render.mesh import Role, Semantic
from sim.render.parts import Part
from sim.render.world import build_library
from sim.sampling import sample_worlds
from sim.scenario.own_assets import FOLDERS, read_folder
from sim.scenario.reader import load_scenario
from sim.sensors.audit import audit_scan
from sim.sensors.lidar import Lidar
from sim.sensors.presets import LIDARS
from tests.assets.foreign import SPEC, car, put

SCENE = """\
name: Own
assets: mine
map: {road: straight, length: 250 m, lanes: 1+1}
setting: motorway
actors:
  ego: {kind: car, at: {lane: -1, s: 20 m}, speed: 8 m/s, goal: {lane: -1, s: 220 m}}
  other: {kind: KIND, at: {lane: -1, s: 34 m}, speed: 8 m/s, controller: vehicle, color: red}
end: {after: 3 s}
"""


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    """Each test begins with the project's assets alone."""
    monkeypatch.delenv(FOLDERS, raising=False)
    monkeypatch.setattr(assets, "_own", {})
    yield
    for cached in (assets.list_assets, assets._rows, assets.kinds):
        cached.cache_clear()


def write_scene(folder: Path, kind: str, text: str = SCENE) -> Path:
    path = folder / "scene.yaml"
    path.write_text(text.replace("KIND", kind))
    return path


def read_one(folder: Path, spec: str = SPEC, document=None, name: str = "box_car"):
    put(folder, name, document or car(), spec)
    return read_folder(folder)[0]


# --- what a spec and a mesh make ---------------------------------------------------------------------------------------------


def test_a_car_stands_on_the_ground_with_its_origin_under_the_rear_axle(tmp_path):
    spec = read_one(tmp_path)
    assert spec.kinds == ("box_car",) and spec.semantic == Semantic.CAR
    assert np.allclose(spec.size, (4.22, 1.8, 1.5), atol=1e-6) and np.allclose(spec.box_center, (1.4, 0.0, 0.75))
    assert (spec.wheelbase, spec.track, spec.wheel_radius) == pytest.approx((2.7, 1.4, 0.32))
    assert spec.mass == pytest.approx(120 * 4.22 * 1.8 * 1.5)
    parts = {p.role: [q for q in load_asset("box_car").parts if q.role == p.role] for p in load_asset("box_car").parts}
    assert {role: len(found) for role, found in parts.items()} == {"body": 1, "steered_wheel": 2, "wheel": 1}
    assert all(p.pivot[0] == pytest.approx(2.7) for p in parts["steered_wheel"])
    assert parts["wheel"][0].pivot == pytest.approx((0.0, 0.0, 0.32))
    left = next(p for p in parts["steered_wheel"] if p.pivot[1] > 0)
    assert left.pivot[1] == pytest.approx(0.7) and np.allclose(left.mesh.bounds[1][2], 0.32)


def test_materials_have_their_roles_and_blinkers_their_sides(tmp_path):
    read_one(tmp_path)
    body = load_asset("box_car").parts[0].mesh
    middle = body.vertices[body.triangles].mean(axis=1)
    of = {role: middle[[body.materials[i].role == role for i in body.material]] for role in Role}
    assert len(of[Role.PAINT]) == 12 and len(of[Role.GLASS]) == 12
    assert (of[Role.HEAD_LAMP][:, 0] > 3.3).all() and (of[Role.TAIL_LAMP][:, 0] < -0.5).all()
    assert len(of[Role.INDICATOR_LEFT]) == len(of[Role.INDICATOR_RIGHT]) == 12
    assert (of[Role.INDICATOR_LEFT][:, 1] > 0).all() and (of[Role.INDICATOR_RIGHT][:, 1] < 0).all()
    lights = list_assets()["box_car"].lights
    assert len(lights) == 2 and all(light.pos[0] > 3.5 and light.direction[0] > 0.99 for light in lights)


@pytest.mark.parametrize(
    ("line", "size"), [("length: 3.5 m", 3.5), ("height: 120 cm", 1.2 * 4.22 / 1.5), ("width: 2 m", 2 * 4.22 / 1.8)]
)
def test_meshes_in_other_units_are_scaled_to_one_size(line, size, tmp_path):
    spec = read_one(tmp_path, f"{SPEC}{line}\n", car(100.0))
    assert spec.length == pytest.approx(size) and spec.wheel_radius == pytest.approx(0.32 * size / 4.22)


@pytest.mark.parametrize("forward", ["-z", "+x", "-x"])
def test_meshes_that_look_elsewhere_are_turned(forward, tmp_path):
    turns = {"-z": (0.0, 1.0, 0.0, 0.0), "+x": (0.0, 0.5**0.5, 0.0, 0.5**0.5), "-x": (0.0, -(0.5**0.5), 0.0, 0.5**0.5)}
    document = car()
    nodes = document.json["scenes"][0]["nodes"]
    document.json["nodes"].append({"children": nodes, "rotation": turns[forward]})
    document.json["scenes"][0]["nodes"] = [len(document.json["nodes"]) - 1]
    with pytest.raises(ScenarioError, match=r"forward|front|rear|across"):
        read_one(tmp_path, document=document, name="turned_car")
    read_one(tmp_path, f"{SPEC}forward: '{forward}'\n", document, "turned_car")
    read_one(tmp_path / "straight", name="straight_car")
    body, usual = (load_asset(name).parts[0].mesh for name in ("turned_car", "straight_car"))
    assert np.allclose(body.vertices, usual.vertices, atol=1e-5)
    assert np.allclose(body.normals, usual.normals, atol=1e-5)


def test_without_wheels_a_vehicle_has_its_rear_axle_where_physics_takes_it_to_be(tmp_path):
    spec = read_one(tmp_path, 'class: truck\nlength: 8 m\ncredits: "Test"\n')
    assert spec.wheelbase is None and spec.box_center[0] == pytest.approx(0.3 * 8.0)
    assert [p.role for p in load_asset("box_car").parts] == ["body"]


def test_parameter_sets_that_specs_may_name_exist():
    assert set(PARAMETERS) <= set(SETS)


# --- in a scenario -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def batch(tmp_path):
    put(tmp_path / "mine", "box_car", car())
    return sample_worlds([load_scenario(write_scene(tmp_path, "box_car"))], [0], "cpu", SimConfig(pool=1))


def test_it_drives_on_its_own_wheels_and_every_label_holds(batch):
    config = DatasetConfig(size=(160, 90), quality="fast", outputs=("depth", "normals", "flow", "part", "panoptic"))
    tracks = record(batch, Fraction(2), 1.5)[0]
    actor = batch.actor_specs[0][0][1]
    assert actor.asset.name == "box_car" and np.allclose(actor.paint, (0.332, 0.0116, 0.0116), atol=1e-3)
    kind = int(batch.scene.vehicle.kind.numpy()[0, 1])
    assert list(SETS)[kind] == "car"
    moved = tracks.arrays["pos"][:, 1]
    assert moved[-1, 0] - moved[0, 0] == pytest.approx(8.0 * 1.5, abs=0.3) and np.abs(moved[:, 2]).max() < 0.05
    turned = tracks.arrays["wheel_angle"][:, 1]
    assert abs((turned[-1] - turned[0] - 12 / 0.32 + np.pi) % (2 * np.pi) - np.pi) < 0.6
    renderer = FrameRenderer(build_library(batch), batch, 0, tracks, config)
    assert audit.audit_frame(renderer, 1) == []
    arrays = renderer.render(1, 0)["arrays"]
    mine = arrays["instance"] == 2
    assert mine.sum() > 150 and (arrays["semantic"][mine] == int(Semantic.CAR)).all()
    assert {Part.BODY, Part.GLASS, Part.TAIL_LAMP, Part.WHEEL} <= {
        Part(int(p)) for p in np.unique(arrays["part"][mine])
    }
    # It is seen from behind, 12 m away: 1.8 m wide.
    cols = np.flatnonzero(mine.any(axis=0))
    depth = float(arrays["depth"][mine].min())
    focal = 160 / 2 / np.tan(renderer.renderer.config.cameras[0].horizontal_fov / 2)
    assert np.ptp(cols) + 1 == pytest.approx(1.8 * focal / depth, abs=2.5)


def test_lidar_finds_it(batch):
    tracks = record(batch, Fraction(2), 0.5)[0]
    lidar = Lidar(build_library(batch, detail=0.3), batch.scene, batch.state, replace(LIDARS["spin32"], columns=300))
    assign_poses(tracks, 0, batch.state)
    lidar.reset(batch.scene, batch.state)
    lidar.scan(batch.scene)
    assert audit_scan(lidar) == []
    mine = lidar.points.instance.numpy()[0] == 2
    assert mine.sum() > 20 and (lidar.points.semantic.numpy()[0][mine] == int(Semantic.CAR)).all()


def test_kinds_draw_among_a_folders_assets_and_join_others_by_choice(tmp_path):
    for name in ("box_a", "box_b"):
        put(tmp_path / "mine", name, car(), f"{SPEC}kinds: [boxy, {name}]\n")
    scenario = load_scenario(write_scene(tmp_path, "choice(boxy | van)"))
    drawn = {sample_worlds([scenario], [key], "cpu").actor_specs[0][0][1].asset.name for key in range(12)}
    assert {"box_a", "box_b"} <= drawn and len(drawn) > 2
    scenario = load_scenario(write_scene(tmp_path, "box_b"))
    assert sample_worlds([scenario], [0], "cpu").actor_specs[0][0][1].asset.name == "box_b"


def test_what_the_projects_kinds_draw_and_their_rows_stay(tmp_path):
    before = [find_asset("car", n) for n in range(20)], asset_index("van")
    read_one(tmp_path)
    assert ([find_asset("car", n) for n in range(20)], asset_index("van")) == before
    assert asset_index("box_car") == len(list_assets()) - 1


def test_kinds_are_known_to_files_that_name_their_folder_alone(tmp_path):
    put(tmp_path / "mine", "box_car", car())
    load_scenario(write_scene(tmp_path, "box_car"))
    bare = SCENE.replace("assets: mine\n", "")
    with pytest.raises(ScenarioError, match="unknown kind 'box_car'"):
        load_scenario(write_scene(tmp_path, "box_car", bare))
    named = load_scenario(write_scene(tmp_path, "car, asset: box_car", bare))
    with pytest.raises(ScenarioError, match="no asset 'box_car'"):
        sample_worlds([named], [0], "cpu")


def test_an_environment_variable_names_shared_folders(tmp_path, monkeypatch):
    put(tmp_path / "shared", "box_car", car())
    monkeypatch.setenv(FOLDERS, os.pathsep.join([str(tmp_path / "shared"), ""]))
    scenario = load_scenario(write_scene(tmp_path, "box_car", SCENE.replace("assets: mine\n", "")))
    assert [p.name for p in scenario.inputs] == ["scene.yaml", "box_car.yaml", "box_car.glb"]
    monkeypatch.setenv(FOLDERS, str(tmp_path / "gone"))
    with pytest.raises(ScenarioError, match=r"not there.*gone"):
        load_scenario(write_scene(tmp_path, "car", SCENE.replace("assets: mine\n", "")))


def test_manifests_name_files_and_credits_of_what_is_used(tmp_path):
    put(tmp_path / "mine", "box_car", car())
    put(tmp_path / "mine", "unused", car())
    path = write_scene(tmp_path, "box_car")
    known = identity(plan_draws([path], DatasetConfig()), {})
    assert known["own_assets"] == {"box_car": ["Test, CC0-1.0"]}
    assert [Path(row["path"]).name for row in known["scenarios"][0]["inputs"]] == [
        "scene.yaml",
        "box_car.yaml",
        "box_car.glb",
    ]
    plain = identity(plan_draws([write_scene(tmp_path, "van")], DatasetConfig()), {})
    assert "own_assets" not in plain and len(plain["scenarios"][0]["inputs"]) == 1


def test_a_changed_asset_is_read_anew(tmp_path):
    path = put(tmp_path / "mine", "box_car", car())
    scene = write_scene(tmp_path, "box_car")
    load_scenario(scene)
    row = asset_index("box_car")
    path.write_text(f"{SPEC}mass: 900 kg\n")
    actor = sample_worlds([load_scenario(scene)], [0], "cpu").actor_specs[0][0][1]
    assert actor.mass == 900.0 and asset_index("box_car") == row


def test_somebody_sits_in_an_own_car_that_drives(tmp_path):
    put(tmp_path / "mine", "box_car", car(), f"{SPEC}seats: [[1.2 m, 0.4 m, 0.6 m], [1.2 m, -0.4 m, 0.6 m]]\n")
    batch = sample_worlds([load_scenario(write_scene(tmp_path, "box_car"))], [0, 1, 2], "cpu", SimConfig(pool=1))
    crew = batch.scene.crew.numpy()
    assert (crew[:, 1] > 0).all() and len(set(crew[:, 1])) > 1
    seats = [p for p in build_library(batch, detail=0.2).models[asset_index("box_car")].parts if p.seat >= 0]
    assert [(p.seat, p.pivot) for p in seats] == [(0, (1.2, 0.4, 0.6)), (1, (1.2, -0.4, 0.6))]
    assert all((f.semantic == Semantic.CAR).all() for p in seats for f in p.frames)


# --- what the documentation shows --------------------------------------------------------------------------------------------

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_documented_example_runs():
    text = (DOCS / "own_assets.md").read_text()
    assert (DOCS / "own_assets" / "vehicles" / "delivery_pod.yaml").read_text() in text
    scenario = load_scenario(DOCS / "own_assets" / "pod-pulls-out.yaml", strict=True)
    batch = sample_worlds([scenario], [1], "cpu", SimConfig(pool=1))
    pod = next(a for a in batch.actor_specs[0][0] if a.spec.name == "pod")
    assert (
        pod.asset.name == "delivery_pod"
        and pod.mass == 850.0
        and pod.asset.wheel_radius == pytest.approx(0.296, abs=1e-3)
    )
    tracks = record(batch, Fraction(2), 7.0)[0]
    assert tracks.arrays["pos"][-1, batch.actor_specs[0][0].index(pod), 0] > 90.0
    config = DatasetConfig(size=(96, 54), quality="fast", outputs=("depth", "flow", "part"))
    assert audit.audit_frame(FrameRenderer(build_library(batch, detail=0.3), batch, 0, tracks, config), 6) == []


def test_the_documented_mesh_is_made_by_its_script(tmp_path, monkeypatch):
    import runpy

    made = runpy.run_path(str(DOCS / "own_assets" / "make_pod.py"), run_name="script")
    written = {}
    monkeypatch.setattr(Path, "write_bytes", lambda path, data: written.update({path.name: data}))
    made["main"]()
    assert written == {"delivery_pod.glb": (DOCS / "own_assets" / "vehicles" / "delivery_pod.glb").read_bytes()}


# --- what is wrong -----------------------------------------------------------------------------------------------------------

FAULTS = {
    "no class": ("class: car\n", "", r"class.*missing"),
    "an unknown class": ("class: car", "class: spaceship", "unknown class 'spaceship'"),
    "a drawn class": ("class: car", "class: choice(car | van)", "unknown class"),
    "no credits": ('credits: "Test, CC0-1.0"\n', "", r"credits.*missing"),
    "an unknown key": ("class: car", "class: car\nlenght: 3 m", r"unknown key 'lenght'.*length"),
    "a size without unit": ("class: car", "class: car\nlength: 3", "no unit"),
    "a drawn size": ("class: car", "class: car\nlength: 3..4 m", "no plain value"),
    "two sizes": ("class: car", "class: car\nlength: 4 m\nheight: 1.4 m", "not several"),
    "a paint that is not there": ("paint: body", "paint: lack*", r"no material is called 'lack\*'.*body, head"),
    "wheels that are not there": ("wheel_*", "rad_*", r"0 wheels found.*wheel_fl"),
    "a wheel that is the body": ("wheel_*", "[wheel_*, hull]", "no single wheel"),
    "a lamp of an unknown sort": ("{head: head", "{haed: head", r"unknown key 'haed'.*head"),
    "lamps at the wrong end": ("head: head, tail: tail", "head: tail", r"at its rear.*forward: '-z'"),
    "a kind that is taken": ("class: car", "class: car\nkinds: [deer]", "kind 'deer' is taken"),
    "a kind that is a parameter set": ("class: car", "class: car\nkinds: [bus]", "no name of a kind"),
    "a kind of two words": ("class: car", "class: car\nkinds: [my car]", "no name of a kind"),
    "a parameter set that is not there": ("class: car", "class: car\nparameters: rocket", "parameter set"),
    "wheels of a cone": ("class: car", "class: cone", "cone has no wheels"),
    "a size for another class": ("class: car", "class: truck", r"2 m wide|1.5 m high; a truck is 3.5 to 20 m long"),
    "a huge car": ("class: car", "class: car\nlength: 40 m", r"40 m long.*a car is 2 to 6.5 m long"),
    "a low car": (
        "class: car",
        "class: car\nheight: 30 cm",
        r"height: the mesh.*Of this shape it is 0\.\d+ to 2\.\d+ m in height",
    ),
    "a wide car": ("class: car", "class: car\nwidth: 90 m", r"width: the mesh is .*Of this shape it is .* m in width"),
    "a seat of two numbers": (
        "class: car",
        "class: car\nseats: [[1 m, 0.4 m]]",
        r"seats: these are no seats.*at most 5",
    ),
    "six seats": ("class: car", f"class: car\nseats: {[['1 m', '0.4 m', '0.6 m']] * 6}", "these are no seats"),
    "a seat without unit": ("class: car", "class: car\nseats: [[1, 0.4 m, 0.6 m]]", "no unit"),
    "a drawn seat": (
        "class: car",
        "class: car\nseats: [[1..2 m, 0.4 m, 0.6 m]]",
        r"seats\[0\]: a seat has plain values",
    ),
    "a seat beside the car": (
        "class: car",
        "class: car\nseats: [[1 m, 1.4 m, 0.6 m]]",
        r"seats\[0\]: who sits here would reach out of the mesh.*-0.\d\d to 0.\d\d",
    ),
    "a seat under the roof": (
        "class: car",
        "class: car\nseats: [[1 m, 0.4 m, 1.2 m]]",
        r"seats\[0\]: who sits here would reach out of the mesh",
    ),
    "seats of a motorcycle": (
        "class: car",
        "class: motorcycle\nseats: [[0 m, 0 m, 0.6 m]]",
        "nobody sits in a motorcycle",
    ),
    "tags": ("class: car", "class: !!python/object:os.system car", "tag"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_wrong_specs_are_named_with_file_and_key(fault, tmp_path):
    old, new, words = FAULTS[fault]
    assert old in SPEC
    put(tmp_path / "mine", "box_car", car(), SPEC.replace(old, new))
    with pytest.raises(ScenarioError, match=words) as error:
        load_scenario(write_scene(tmp_path, "box_car"))
    assert "box_car.yaml" in str(error.value) and not list_assets().keys() & {"box_car"}


@pytest.mark.parametrize(("scale", "unit"), [(100.0, "centimetres"), (1000.0, "millimetres"), (1 / 0.0254, "inches")])
def test_a_mesh_in_other_units_is_told_which(scale, unit, tmp_path):
    with pytest.raises(ScenarioError, match=f"seems to be in {unit}; write length") as error:
        read_one(tmp_path, document=car(scale))
    assert "box_car.yaml" in str(error.value)


def test_a_wrong_mesh_is_named(tmp_path):
    put(tmp_path / "mine", "box_car", b"glTF and then nothing")
    with pytest.raises(ScenarioError, match=r"box_car\.glb"):
        load_scenario(write_scene(tmp_path, "box_car"))


FOLDER_FAULTS = {
    "gone": (lambda mine: None, "assets: nowhere", "there is no asset folder 'nowhere'"),
    "outside": (lambda mine: None, "assets: ..", "outside the scenario's folder"),
    "absolute": (lambda mine: None, "assets: /etc", "outside the scenario's folder"),
    "a number": (lambda mine: None, "assets: {a: b}", "expected a name"),
    "empty": (lambda mine: mine.mkdir(), "assets: mine", "holds 0 specs"),
    "no spec": (lambda mine: put(mine, "box_car", car()).unlink(), "assets: mine", r"no spec.*box_car\.yaml"),
    "no mesh": (
        lambda mine: put(mine, "box_car", car()).with_suffix(".glb").unlink(), "assets: mine", r"no file box_car\.glb"
    ),
    "a bad name": (lambda mine: put(mine, "Box-Car", car()), "assets: mine", "no name of an asset"),
    "a taken name": (lambda mine: put(mine, "sedan", car()), "assets: mine", "name 'sedan' is taken"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLDER_FAULTS)
def test_wrong_folders_are_named(name, tmp_path):
    make, line, words = FOLDER_FAULTS[name]
    make(tmp_path / "mine")
    with pytest.raises(ScenarioError, match=words):
        load_scenario(write_scene(tmp_path, "car", SCENE.replace("assets: mine", line)))


def test_one_name_in_two_folders_is_an_error(tmp_path):
    read_one(tmp_path / "one")
    read_one(tmp_path / "one")
    with pytest.raises(ScenarioError, match="'box_car' is taken"):
        read_one(tmp_path / "two")
    with pytest.raises(ScenarioError, match="kind 'box_car' is taken"):
        read_one(tmp_path / "three", f"{SPEC}kinds: box_car\n", name="other_car")
