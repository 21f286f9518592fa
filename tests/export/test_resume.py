"""Equal bytes: run twice, replayed, interrupted at any moment and taken up again; and folders that must not be touched."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from functools import partial

import pytest

from sim.config import DatasetConfig
from sim.errors import SwerveError
from sim.export.dataset import render_dataset
from sim.export.folder import LOCK, RUN, describe_difference
from sim.export.plan import plan_replay
from sim.export.writer import TEMPORARY, encode_json, write_bytes
from sim.render.rigs import load_rig
from tests.export.conftest import OPTIONS, SETTINGS, hashes


def test_same_seed_gives_the_same_files(dataset, scenario, tmp_path):
    render_dataset([scenario], tmp_path / "again", **SETTINGS, quiet=True)
    assert hashes(tmp_path / "again") == hashes(dataset)


def test_another_seed_gives_other_files(dataset, scenario, tmp_path):
    render_dataset([scenario], tmp_path / "other", **{**SETTINGS, "seed": 8, "draws": 1, "duration": 0.2}, quiet=True)
    first = "frames/crossing-0000/000000.png"
    assert hashes(tmp_path / "other")[first] != hashes(dataset)[first]


def test_one_draw_alone_equals_the_draw_among_others(dataset, scenario, tmp_path):
    render_dataset([scenario], tmp_path / "one", **{**SETTINGS, "draws": 1}, keys=[1], quiet=True)
    whole = hashes(dataset)
    mine = {name: digest for name, digest in hashes(tmp_path / "one").items() if "crossing-0001" in name}
    assert len(mine) == 7 * 10 + 1 + 3, "files of ten frames, tracks, films of three labels"
    assert mine == {name: whole[name] for name in mine}
    assert hashes(tmp_path / "one")["video.mp4"] == whole["videos/crossing-0001.mp4"]


def test_replay_from_tracks_equals_the_original(dataset, tmp_path):
    render_dataset([], tmp_path / "replay", replay=dataset / "manifest.json", quiet=True)
    assert hashes(tmp_path / "replay") == hashes(dataset)


def test_replay_from_the_recorded_draws_equals_the_original(dataset, tmp_path):
    manifest = tmp_path / "manifest.json"
    shutil.copy(dataset / "manifest.json", manifest)
    render_dataset([], tmp_path / "replay", replay=manifest, quiet=True)
    assert hashes(tmp_path / "replay") == hashes(dataset)


def test_a_scenario_that_is_gone_may_stand_beside_the_manifest(dataset, scenario, tmp_path):
    data = json.loads((dataset / "manifest.json").read_text())
    data["scenarios"][0]["inputs"][0]["path"] = str(tmp_path / "gone" / scenario.name)
    manifest = tmp_path / "data" / "manifest.json"
    manifest.parent.mkdir()
    manifest.write_text(json.dumps(data))
    with pytest.raises(SwerveError) as refused:
        plan_replay(manifest)
    assert f"put it back, or beside the manifest in {manifest.parent}" in str(refused.value)
    shutil.copy(scenario, manifest.parent)
    records = [draw.spec.record for draw in plan_replay(manifest).draws]
    assert records == [draw["record"] for draw in data["draws"]]


def test_replay_follows_the_record_and_the_tracks(dataset, tmp_path):
    """Both are read: a changed record changes the simulation, and tracks that are not the manifest's are refused."""
    data = json.loads((dataset / "manifest.json").read_text())
    data["config"]["duration"] = 0.4
    data["draws"] = data["draws"][:1]
    data["draws"][0]["record"]["actors.ego.speed"] *= 0.5
    data["draws"][0]["tracks_sha256"] = None
    (tmp_path / "manifest.json").write_text(json.dumps(data))
    render_dataset([], tmp_path / "slow", replay=tmp_path / "manifest.json", quiet=True)
    slow = (tmp_path / "slow" / "hazard.csv").read_text().splitlines()[1].split(",")[3]
    fast = (dataset / "hazard.csv").read_text().splitlines()[1].split(",")[3]
    assert float(slow) == pytest.approx(float(fast) / 2, abs=1e-3)
    copy = tmp_path / "copy"
    shutil.copytree(dataset / "tracks", copy / "tracks")
    shutil.copy(dataset / "manifest.json", copy)
    (copy / "tracks" / "crossing-0000.npz").write_bytes((copy / "tracks" / "crossing-0001.npz").read_bytes())
    with pytest.raises(SwerveError, match="not the one"):
        render_dataset([], tmp_path / "never", replay=copy / "manifest.json", quiet=True)
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(format="x"), "no manifest"),
        (lambda m: m.update(format_version=99), "version 99"),
        (lambda m: m.pop("draws"), "damaged"),
        (lambda m: m["draws"].clear(), "no draws"),
        (lambda m: m["draws"][0].update(id="../../x"), "cannot name files"),
        (lambda m: m["draws"][0].update(scenario=7), "damaged"),
        (lambda m: m["draws"][0].update(key=-3), "crossing-0000 must not be negative: -3"),
        (lambda m: m["draws"][1].update(id=m["draws"][0]["id"]), "two draws 'crossing-0000'"),
        (lambda m: m["draws"][0].update(record={}), "."),
        (lambda m: m["config"].update(size=[1, 1]), "size"),
        (lambda m: m["config"].update(size="800"), "damaged|size"),
        (lambda m: m["scenarios"][0]["inputs"][0].update(sha256="0"), "has changed"),
        (lambda m: m["scenarios"][0]["inputs"][0].update(path="nowhere.yaml"), "not there"),
    ],
)
def test_unusable_manifests_are_refused_and_nothing_is_written(dataset, tmp_path, change, message):
    data = json.loads((dataset / "manifest.json").read_text())
    change(data)
    (tmp_path / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(SwerveError, match=message):
        render_dataset([], tmp_path / "out", replay=tmp_path / "manifest.json", quiet=True)
    assert not (tmp_path / "out").exists()


# --- interrupted runs --------------------------------------------------------------------------------------------------------


SLOW_DISK = """
import io, pathlib, time
from sim.cli import main

class SlowFile(io.BufferedWriter):
    def write(self, data):
        half = len(data) // 2
        super().write(data[:half])
        self.flush()
        time.sleep(0.005)
        return half + super().write(data[half:])

plain = pathlib.Path.open
pathlib.Path.open = lambda path, mode="r", *rest, **more: (
    SlowFile(io.FileIO(path, "w")) if mode == "wb" else plain(path, mode, *rest, **more)
)
main()
"""
"""The command on a disk that takes its time in the middle of every file: a kill is likely to leave one half-written."""


def start(scenario, out, slow=False):
    code = ["-c", SLOW_DISK] if slow else ["-m", "sim.cli"]
    command = [sys.executable, *code, "render", str(scenario), "--out", str(out), *OPTIONS]
    # What a shell starts in the background ignores interrupts, and hands that on.
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=heard)


def kill_at_random(process, out, most, chance):
    """SIGKILL once so many files stand (under ``most``), and a little later; returns whether the run was still at work."""
    count, wait = chance.randrange(1, most), chance.uniform(0, 0.03)
    end = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < end:
        if sum(len(files) for _, _, files in os.walk(out)) >= count:
            break
        time.sleep(0.001)
    time.sleep(wait)
    process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


def check_kills(dataset, scenario, out, seeds):
    """Kill one run after another in one folder, then let it end."""
    most = 3 * sum(len(files) for _, _, files in os.walk(dataset)) // 4
    for seed in seeds:
        chance = random.Random(seed)
        tries = 0
        while not kill_at_random(start(scenario, out, slow=True), out, most, chance):
            # On a busy machine a run may end before it is killed: from the start, to another moment.
            tries += 1
            assert tries < 5, "no run was still at work when it was to be killed"
            shutil.rmtree(out)
    process = start(scenario, out)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert hashes(out) == hashes(dataset)


def test_killed_runs_resume_to_the_same_bytes(dataset, scenario, tmp_path):
    check_kills(dataset, scenario, tmp_path / "out", [1, 2])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_run_killed_at_any_moment_resumes_to_the_same_bytes(dataset, scenario, tmp_path, seed):
    check_kills(dataset, scenario, tmp_path / "out", [100 + seed])


def test_what_is_missing_is_made_again_and_nothing_else(dataset, scenario, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(dataset, out)
    gone = [
        "frames/crossing-0000/000003.png",
        "flow/crossing-0001/000009.npz",
        "videos/crossing-0001.mp4",
        "layers/crossing-0000/normals.mp4",
        "tracks/crossing-0000.npz",
    ]
    for name in gone:
        (out / name).unlink()
    (out / "depth" / "crossing-0000" / f"{TEMPORARY}1-000001.npz").write_bytes(b"half")
    kept = {name: (out / name).stat().st_mtime_ns for name in hashes(out) if name.startswith("normals/crossing-0000")}
    render_dataset([scenario], out, **SETTINGS, quiet=True)
    assert hashes(out) == hashes(dataset)
    changed = [name for name, when in kept.items() if (out / name).stat().st_mtime_ns != when]
    assert changed == ["normals/crossing-0000/000003.npz"]


def test_interrupt_ends_with_a_message_and_whole_files(scenario, tmp_path):
    out = tmp_path / "out"
    process = start(scenario, out)
    while process.poll() is None and not (out / "frames").is_dir():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "stopped" in errors and "Traceback" not in errors
    assert (out / RUN).is_file() and not (out / "manifest.json").exists()
    assert not list(out.rglob(f"{TEMPORARY}*"))


# --- folders -----------------------------------------------------------------------------------------------------------------


def test_other_settings_are_refused_and_the_folder_is_left_alone(dataset, scenario, tmp_path):
    before = hashes(dataset)
    for change, message in (
        ({"size": (64, 36)}, "size 128x72 there and 64x36 here"),
        ({"seed": 8}, "seed 7 there and 8 here"),
        ({"quality": "draft"}, "quality fast there and draft here"),
        ({"duration": None}, "duration 2.0 there and unset here"),
    ):
        with pytest.raises(SwerveError, match=message):
            render_dataset([scenario], dataset, **{**SETTINGS, **change}, quiet=True)
    edited = tmp_path / "crossing.yaml"
    edited.write_text(scenario.read_text().replace("6..9", "6..8"))
    with pytest.raises(SwerveError, match="scenario files differ"):
        render_dataset([edited], dataset, **SETTINGS, quiet=True)
    assert hashes(dataset) == before


def test_a_difference_of_rigs_is_told_by_camera_and_setting():
    here = asdict(DatasetConfig(rig=load_rig("surround4")))
    there = json.loads(encode_json(here))
    there["rig"][1]["pos"][2] += 0.5
    there["rig"][3]["lens"]["model"] = "pinhole"
    lines = describe_difference({"config": there}, {"config": here})
    names = [camera["name"] for camera in here["rig"]]
    assert len(lines) == 2 and lines[0].startswith(f"rig {names[1]}.pos ") and " there and " in lines[0]
    assert lines[1] == f"rig {names[3]}.lens.model pinhole there and kannala_brandt here"
    there["rig"] = there["rig"][:1]
    assert describe_difference({"config": there}, {"config": here}) == [
        f"rig of {names[0]} there and of {', '.join(names)} here"
    ]
    there["rig"] = []
    assert describe_difference({"config": there}, {"config": here})[0].startswith("rig of one camera there and of ")
    assert describe_difference({"config": {"lidars": []}}, {"config": {"lidars": [{"name": "top"}]}}) == [
        "lidars none there and of top here"
    ]


def test_foreign_folders_are_refused(scenario, tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(SwerveError, match=r"not empty.*holiday\.jpg"):
        render_dataset([scenario], tmp_path, **SETTINGS, quiet=True)
    with pytest.raises(SwerveError, match="is a file"):
        render_dataset([scenario], tmp_path / "holiday.jpg", **SETTINGS, quiet=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("{}")
    with pytest.raises(SwerveError, match="not Swerve's"):
        render_dataset([scenario], tmp_path / "other", **SETTINGS, quiet=True)
    assert hashes(tmp_path).keys() == {"holiday.jpg", "other/manifest.json"}


def test_two_runs_do_not_write_one_folder(scenario, tmp_path):
    import fcntl

    out = tmp_path / "out"
    out.mkdir()
    with (out / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(SwerveError, match="another run"):
            render_dataset([scenario], out, **SETTINGS, quiet=True)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    write_bytes(tmp_path / "a.bin", b"before")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        write_bytes(tmp_path / "a.bin", b"after")
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"] and (tmp_path / "a.bin").read_bytes() == b"before"
