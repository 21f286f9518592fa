"""Rates, intervals and whole evaluations."""

from __future__ import annotations

import argparse
import json
from fractions import Fraction

import numpy as np
import pytest

from agents.evaluate import (
    HELD_OUT_SEED,
    Outcome,
    bootstrap,
    main,
    make_env,
    record,
    record_worst,
    run_episodes,
    summarise,
    wilson,
)

SCENARIO = "cut-in-wet-motorway"


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (score).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_of_published_examples(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_summary_counts_and_ranks():
    outcomes = [
        Outcome(10, True, False, False, 3.0, 8.0),
        Outcome(11, False, True, False, 0.0, 4.0),
        Outcome(12, False, False, True, 2.0, 5.0),
        Outcome(13, True, False, False, 1.0, 7.0),
    ]
    summary = summarise(outcomes)
    assert (summary["success"], summary["collision"], summary["off_road"]) == (0.5, 0.25, 0.25)
    assert summary["min_ttc"] == pytest.approx(1.5)
    low, high = summary["min_ttc_interval"]
    assert 0.0 <= low < 1.5 < high <= 3.0
    assert summary["worst"] == [11, 12, 13, 10]
    assert summary["mean_time"] == pytest.approx(6.0)


def test_the_interval_of_a_time_is_not_negative_and_covers_its_mean():
    """The sample that a normal interval takes below zero; and coverage of the mean of exponential times, near 95 %."""
    low, high = bootstrap(np.array([0.0] * 19 + [5.4]))
    assert low == 0.0 < 0.27 < high < 1.2
    rng = np.random.default_rng(3)
    intervals = [bootstrap(rng.exponential(2.0, 60)) for _ in range(60)]
    assert 50 <= sum(low <= 2.0 <= high for low, high in intervals) <= 60
    assert np.mean([high - low for low, high in intervals]) == pytest.approx(2 * 1.96 * 2.0 / 60**0.5, rel=0.1)
    assert bootstrap(np.arange(9.0)) == bootstrap(np.arange(9.0))
    assert np.isnan(bootstrap(np.array([1.0]))).all()


def test_only_what_did_not_succeed_is_filmed(tmp_path, capsys, monkeypatch):
    filmed = []
    monkeypatch.setattr(
        "agents.evaluate.record", lambda scenario, keys, *rest: filmed.append(keys) or [rest[-1] / "x.mp4"]
    )
    args = argparse.Namespace(policy=None, driver="idm", scenario=SCENARIO, seed=1, record_worst=tmp_path)
    outcomes = [Outcome(k, k != 4, k == 4, False, float(k), 8.0) for k in (3, 4, 5)]
    record_worst(args, outcomes, summarise(outcomes)["worst"])
    assert filmed == [[4]]
    told = capsys.readouterr().err
    assert "draws [4]" in told and str(tmp_path / "x.mp4") in told
    record_worst(args, outcomes[:1], [3])
    assert filmed == [[4]] and "nothing to film" in capsys.readouterr().err


def test_full_braking_never_reaches_the_goal_and_repeats():
    keys = [4, 9, 2]
    runs = [run_episodes(make_env(SCENARIO, keys, HELD_OUT_SEED, {}), keys, "brake") for _ in range(2)]
    assert runs[0] == runs[1]
    assert [o.key for o in runs[0]] == keys
    assert not any(o.success for o in runs[0])
    alone = run_episodes(make_env(SCENARIO, [9], HELD_OUT_SEED, {}), [9], "brake")
    assert alone[0] == runs[0][1]


def test_command_prints_rates(capsys):
    main(["--scenario", SCENARIO, "--driver", "constant", "--draws", "6", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert (result["draws"], result["seed"]) == (6, HELD_OUT_SEED)
    assert result["success_interval"][0] <= result["success"] <= result["success_interval"][1]
    main(["--scenario", SCENARIO, "--driver", "idm_aeb", "--draws", "2"])
    assert "collision" in capsys.readouterr().out


def test_worst_episodes_are_filmed(tmp_path, capsys, monkeypatch):
    import av

    monkeypatch.setattr("sim.envs.looks.FILM_SIZE", (96, 54))
    monkeypatch.setenv("FORCE_COLOR", "1")  # Bars are drawn as on a terminal.
    monkeypatch.setenv("TERM", "xterm")
    main(["--scenario", SCENARIO, "--driver", "constant", "--draws", "1", "--record-worst", str(tmp_path)])
    told = capsys.readouterr().err
    assert "filming draws [0]" in told and "Filming 1 draws" in told and ".mp4" in told
    (video,) = tmp_path.glob("*.mp4")
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) > 10
    assert frames[0].std() > 10
    assert not np.array_equal(frames[0], frames[-1])


@pytest.mark.parametrize(("ticks", "rate"), [(30, Fraction(10, 3)), (250, Fraction(2, 5))])
def test_films_run_in_real_time(ticks, rate, tmp_path, monkeypatch):
    import av

    monkeypatch.setattr("sim.envs.looks.FILM_SIZE", (96, 54))
    (video,) = record(SCENARIO, [0], HELD_OUT_SEED, {"decision_ticks": ticks}, "constant", tmp_path)
    with av.open(str(video)) as container:
        assert container.streams.video[0].average_rate == rate


def test_faults_end_in_a_message(capsys):
    with pytest.raises(SystemExit):
        main(["--scenario", SCENARIO, "--policy", "no/such/policy.zip"])
    assert "no policy" in capsys.readouterr().err
