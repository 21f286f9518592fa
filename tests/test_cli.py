"""The command line: help that reads well, errors without tracebacks, nothing half-written."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from sim.cli import app, main
from sim.console import parse_size, tell_outcomes
from sim.errors import SwerveError
from tests.export.conftest import SCENARIO


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def read_rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "crossing.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.mark.parametrize("command", ["list", "check", "simulate", "render", "bench"])
def test_help_says_what_each_command_does(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert result.output.count("\n") > 8
    assert command in run("--help").output


def test_version():
    import sim

    assert run("--version").output == f"swerve {sim.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["render"], "name scenario files"),
        (["render", "SCENARIO", "--draws", "1000000000"], "100000"),
        (["render", "SCENARIO", "--draws", "0"], "draws"),
        (["render", "SCENARIO", "--size", "800"], "WIDTHxHEIGHT"),
        (["render", "SCENARIO", "--size", "8x8"], "between 16 and 8192"),
        (["render", "SCENARIO", "--size", "99999x16"], "between 16 and 8192"),
        (["render", "SCENARIO", "--size", "-5x16"], "WIDTHxHEIGHT"),
        (["render", "SCENARIO", "--fps", "0"], "fps"),
        (["render", "SCENARIO", "--physics", "havok"], "choose one of swerve, bullet"),
        (["simulate", "SCENARIO", "--physics", "havok"], "choose one of swerve, bullet"),
        (["render", "SCENARIO", "--fps", "nan"], "fps"),
        (["render", "SCENARIO", "--duration", "-1"], "duration"),
        (["render", "SCENARIO", "--seed", "-1"], "seed"),
        (["render", "SCENARIO", "--quality", "lovely"], "fast, draft, standard, high"),
        (["render", "SCENARIO", "--driver", "nobody"], "idm"),
        (["render", "SCENARIO", "--contact", "magic"], "physics, report"),
        (["render", "SCENARIO", "--device", "cuda:99"], "this machine has"),
        (["render", "nothing-of-this-name"], "nothing-of-this-name"),
        (["render", "nowhere/file.yaml"], "no such file"),
        (["render", "FOLDER"], "no scenario file"),
        (["render", "--replay", "nowhere.json"], "nowhere.json"),
        (["render", "--replay", "SCENARIO"], "crossing.yaml: is no manifest.json of a data set"),
        (["render", "--replay", "nowhere.json", "--size", "64x64"], "leave out --size"),
        (["render", "SCENARIO", "--replay", "nowhere.json"], "name no files"),
        (["simulate", "nothing-of-this-name"], "nothing-of-this-name"),
        (["simulate", "SCENARIO", "--duration", "1e9"], "duration"),
        (["simulate", "SCENARIO", "--driver", "nobody"], "idm"),
        (["simulate", "SCENARIO", "--contact", "magic"], "physics, report"),
        (["check", "nowhere/file.yaml"], "no such file"),
        (["fly"], "fly"),
    ],
)
def test_bad_input_is_one_message_and_writes_nothing(scenario, tmp_path, monkeypatch, arguments, message):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    names = {"SCENARIO": str(scenario), "FOLDER": "folder"}
    result = run(*[names.get(a, a) for a in arguments])
    assert result.exit_code == 2, result.output
    assert message in " ".join(result.output.split())
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_faulty_files_are_reported_by_check_all_of_them(scenario, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text(SCENARIO.replace("cloud: 0.2", "clouds: 0.2").replace("kind: van", "kind: vann"))
    result = run("check", bad, scenario)
    assert result.exit_code == 1
    assert f"error: {bad}:9" in result.output and "clouds" in result.output
    assert f"error: {bad}:12" in result.output and "'vann'" in result.output and "more fault" not in result.output
    assert f"{scenario}: ok" in result.output
    result = run("render", bad, "--out", tmp_path / "out")
    assert result.exit_code == 2 and "clouds" in result.output and not (tmp_path / "out").exists()


def test_an_unknown_scenario_is_answered_with_those_it_may_be(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, near in (
        ("tyre-blowout", "tyre-blowout-motorway"),
        ("jack-knife", "truck-jackknife"),
        ("deer", "deer-at-night"),
    ):
        message = " ".join(run("simulate", name).output.split())
        assert f"Did you mean '{near}'" in message and "motorway-50" not in message
    assert "`swerve list` shows" in run("simulate", "zzz").output


def test_what_happened_is_told_as_far_as_it_was_watched(tmp_path, capsys):
    calm = {"id": "a", "frames": 1, "events": [], "cut_at": None}
    cut = calm | {"id": "b", "frames": 5, "cut_at": 0.5}
    (tmp_path / "manifest.json").write_text(json.dumps({"draws": [calm, cut]}))
    tell_outcomes(tmp_path / "manifest.json")
    one, two = capsys.readouterr().err.splitlines()
    assert one == "a: 1 frame. Nothing dangerous happened"
    assert two == "b: 5 frames. Nothing dangerous happened before the cut at 0.5 s (--duration); the scenario goes on"


def test_simulate_writes_poses_at_ten_hertz(scenario, tmp_path):
    result = run("simulate", scenario, "--csv", tmp_path / "poses.csv", "--duration", "1", "--seed", "7")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["scenario"] == "crossing" and summary["contact"] == "report"
    rows = read_rows(tmp_path / "poses.csv")
    assert list(rows[0]) == ["t", "name", "x", "y", "z", "heading", "speed"]
    assert [row["name"] for row in rows[:3]] == ["ego", "van", "child"]
    assert [row["t"] for row in rows[::3]] == [f"{k / 10:.1f}" for k in range(11)]
    ego = [row for row in rows if row["name"] == "ego"]
    assert float(ego[-1]["x"]) - float(ego[0]["x"]) == pytest.approx(float(ego[0]["speed"]), rel=1e-4)


def test_the_driver_named_drives(scenario, tmp_path):
    for driver, slower in (("constant", False), ("brake", True)):
        run("simulate", scenario, "--csv", tmp_path / "poses.csv", "--duration", "1", "--driver", driver)
        ego = [r for r in read_rows(tmp_path / "poses.csv") if r["name"] == "ego"]
        assert (float(ego[-1]["speed"]) < float(ego[0]["speed"]) - 3) == slower, driver


def test_what_the_machine_refuses_is_a_message(scenario, tmp_path):
    (tmp_path / "file").write_text("x")
    result = run("simulate", scenario, "--duration", "0.1", "--csv", tmp_path / "file" / "poses.csv")
    assert result.exit_code == 2 and "error:" in result.output and "file" in result.output
    result = run("render", scenario, "--out", tmp_path / "file" / "out")
    assert result.exit_code == 2 and "cannot write there" in result.output


def test_disk_full_is_a_message_and_nothing_half_written(scenario, tmp_path, monkeypatch):
    import errno

    import sim.export.writer

    def refuse(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sim.export.writer.os, "fsync", refuse)
    result = run(
        "render", scenario, "--out", tmp_path / "out", "--size", "32x16", "--duration", "0.2", "--quality", "fast"
    )
    assert result.exit_code == 2 and "No space left" in result.output
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file()]


def test_list_shows_the_library_as_json_and_as_a_table():
    rows = json.loads(run("list", "--json").stdout)
    assert {"id", "path", "name", "tags", "danger", "source", "critical", "avoidable"} <= set(rows[0])
    table = run("list").output
    assert all(row["id"] in table for row in rows), "ids in one piece"


def test_list_takes_two_lines_a_scenario_at_most():
    rows = json.loads(run("list", "--json").stdout)
    lines = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["list"]).output.partition("critical:")[0].splitlines()
    assert max(map(len, lines)) <= 80 and len([line for line in lines if line.strip()]) <= 1 + 2 * len(rows)


def test_size_is_parsed():
    assert parse_size("800x450") == (800, 450) and parse_size(" 64X32 ") == (64, 32)
    for text in ("800", "x", "1x1", "800x450x3", "axb", "800 x 450"):
        with pytest.raises(SwerveError):
            parse_size(text)


def test_main_ends_with_a_message_not_a_traceback(tmp_path):
    assert callable(main)
    command = [sys.executable, "-m", "sim.cli", "simulate", "nothing-of-this-name"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 2 and result.stderr.startswith("error: ") and result.stdout == ""


def test_check_says_nothing_but_what_it_found(scenario):
    command = [sys.executable, "-m", "sim.cli", "check", str(scenario)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert result.stdout.count("\n") == 1 and ": ok, 5 worlds drawn" in result.stdout and result.stderr == ""


def test_simulating_brings_in_nothing_heavy(scenario):
    code = (
        "import sys; from typer.testing import CliRunner; from sim.cli import app;"
        f"r = CliRunner().invoke(app, ['simulate', {str(scenario)!r}, '--duration', '0.1']); assert r.exit_code == 0, r.output;"
        "print([m for m in ('torch', 'cv2', 'av', 'PIL', 'pycocotools', 'pybullet') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300).stdout
    assert out.strip() == "[]"
