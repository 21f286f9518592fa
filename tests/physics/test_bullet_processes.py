"""PyBullet's worlds in processes: the same bits however they are shared out, errors that arrive, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sim.errors import SwerveError
from sim.physics.bullet_processes import WorldsProcess, answers
from sim.simulation import make_steps
from sim.structs import to_numpy
from tests.physics.test_bullet import CRASHES, FIELD
from tests.physics.worlds import build, world_rows


def crashes():
    return build([world_rows(CRASHES[name]) for name in CRASHES], FIELD)


def alive(pid):
    """Whether a process runs, and not only waits to be buried."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def gone(pids, seconds=10.0):
    """Whether processes end within some seconds."""
    until = time.monotonic() + seconds
    while any(alive(p) for p in pids) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(alive(p) for p in pids)


def test_worlds_do_not_depend_on_how_many_processes_share_them():
    ends = []
    for processes in (1, 2):
        arrays = crashes()
        steps = make_steps(*arrays, "bullet", 90, processes=processes)
        steps.launch()
        ends.append(to_numpy(arrays[1]))
        workers = [p.process.pid for _, p in steps._bullet._processes]
        assert len(workers) == (processes if processes > 1 else 0)
        del steps
        assert gone(workers)
    assert (ends[0]["contact_tick"] > 0).any()
    for other in ends[1:]:
        different = [name for name in other if not np.array_equal(other[name], ends[0][name], equal_nan=True)]
        assert not different


def test_a_world_that_fails_says_so():
    scene = {"valid": np.ones((1, 1))}
    failing = WorldsProcess(_fail, scene)
    failing.ask("refuse", scene)
    with pytest.raises(SwerveError, match="not this world"):
        failing.answer()
    failing.ask("break", scene)
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*KeyError: 'nothing'"):
        failing.answer()
    failing.ask("work", scene)
    assert failing.answer()["valid"].tolist() == [[1.0]], "it goes on after an error"
    failing.close()


def test_a_failure_leaves_no_answer_of_the_others_behind():
    scene = {"valid": np.ones((1, 1))}
    both = [WorldsProcess(_fail, scene) for _ in range(2)]
    for process, work in zip(both, ("refuse", "work"), strict=True):
        process.ask(work, scene)
    with pytest.raises(SwerveError, match="not this world"):
        answers(both)
    for process in both:
        process.ask("work", {"valid": np.full((1, 1), 7.0)})
    assert [found["valid"].tolist() for found in answers(both)] == [[[7.0]], [[7.0]]]
    for process in both:
        process.close()


def test_a_script_without_a_guard_is_told_so(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.replace('__name__ == "__main__"', "True"))
    ran = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    assert ran.returncode != 0 and 'needs if __name__ == "__main__"' in ran.stderr and "processes=1" in ran.stderr


def _fail(scene):
    def work(name, rows):
        if name == "refuse":
            raise SwerveError("not this world")
        return {"valid": rows["valid" if name == "work" else "nothing"]}

    return work


def test_a_process_that_was_killed_is_an_error_and_no_wait():
    steps = make_steps(*crashes(), "bullet", processes=2)
    steps.launch()
    os.kill(steps._bullet._processes[1][1].process.pid, signal.SIGKILL)
    with pytest.raises(SwerveError, match=r"has ended \(exit code -9\)"):
        for _ in range(3):
            steps.launch()


SCRIPT = """
import signal
from sim.simulation import make_steps
from tests.physics.test_bullet_processes import crashes
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where what runs the tests ignores it
    steps = make_steps(*crashes(), "bullet", processes=2)
    steps.launch()
    print(*[p.process.pid for _, p in steps._bullet._processes], flush=True)
    while True:
        steps.launch()
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_one_that_began_it(how, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    ) as main:  # fmt: skip
        line = main.stdout.readline()
        while line and not line.strip().replace(b" ", b"").isdigit():  # Warp's greeting
            line = main.stdout.readline()
        workers = [int(pid) for pid in line.split()]
        assert len(workers) == 2 and all(alive(p) for p in workers)
        if how == signal.SIGINT:
            os.killpg(main.pid, how)  # as a terminal does at Ctrl-C
        else:
            main.kill()
        try:
            assert main.wait(10) != 0
        finally:
            main.kill()
        main.stdout.close()
    assert gone(workers)
