"""What long work says where nobody watches a terminal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sim.export import progress
from sim.export.progress import Progress


def test_without_a_terminal_each_draw_and_each_while_is_a_line(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Progress() as shown:
        with shown.stage("Loading the kernels"):
            pass
        with shown.simulation(5.0) as reach:
            reach(1.0)
            now[0] += progress.PAUSE
            reach(2.0)
        step = shown.frames("a-0000", 4, 1)
        step(1)  # too soon
        now[0] += progress.PAUSE
        step(1)
        step(1)  # the last is always told
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[:4] == [
        "Loading the kernels ...", "Simulating 5.0 s ...", "Simulating: 2.0 of 5.0 s", "Rendering a-0000: 1/4 frames"
    ]  # fmt: skip
    assert lines[4].startswith("Rendering a-0000: 3/4 frames")
    assert lines[5:] == ["Rendering a-0000: 4/4 frames"]


def test_pictures_of_films_are_counted_from_many_threads(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Progress() as shown, shown.pictures("a-0000: videos", 40) as step, ThreadPoolExecutor(4) as threads:
        list(threads.map(step, [1] * 30))
        now[0] += progress.PAUSE
        step(1)
    assert capsys.readouterr().err.splitlines() == ["a-0000: videos ...", "a-0000: videos: 31/40 frames"]


def test_quiet_says_nothing(capsys):
    with Progress(quiet=True) as shown:
        with shown.stage("Loading the kernels"):
            shown.frames("a-0000", 1)(1)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_bars_and_no_lines(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    monkeypatch.setenv("TERM", "xterm")
    with Progress() as shown:
        shown.frames("a-0000", 1)(1)
    err = capsys.readouterr().err
    assert "\x1b[" in err and "Rendering a-0000: " not in err
