"""What the reel shows is what a film may show: nothing reaches into anything, sinks or jumps."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

DOCS = Path(__file__).parents[1] / "docs"
NAMES = (
    "skid on ice", "blowout at 120 km/h", "truck jackknife", "side impact and roll-over", "pedestrian impact", "pile-up in fog",
)  # fmt: skip


@pytest.fixture
def reel(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script."""
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("reel")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_sinks_or_jumps(reel: Any, name: str) -> None:
    clip = next(c for c in reel.CLIPS if c.name == name)
    report = importlib.import_module("reel_audit").audit(reel.batch_of(clip), clip.start + clip.length)
    assert report.overlap.value < 0.02, report.line()
    assert report.sinking.value < 0.02, report.line()
    assert report.jump.value < 0.05, report.line()


def test_the_film_is_of_these_clips(reel: Any) -> None:
    with av.open(DOCS / "reel.mp4") as film:
        assert film.streams.video[0].frames == sum(reel.count_of(clip) for clip in reel.CLIPS)


def test_an_auditor_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    audit = importlib.import_module("reel_audit")
    eye, half = np.eye(3), np.array([2.0, 1.0, 0.5])
    box = audit.Solid(np.zeros(3), eye, half, 0.0)
    turned = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert audit.depth(box, audit.Solid(np.array([2.9, 0.0, 0.0]), turned, half, 0.0)) == pytest.approx(0.1)
    assert audit.depth(box, audit.Solid(np.array([3.1, 0.0, 0.0]), turned, half, 0.0)) < 0.0
    man = np.array([0.2, 0.3, 0.9])
    assert audit.depth(box, audit.Solid(np.array([2.15, 0.0, 0.3]), eye, man, 0.2)) == pytest.approx(0.05)
    assert audit.depth(audit.Solid(np.array([2.3, 0.0, 0.3]), eye, man, 0.2), box) == pytest.approx(-0.1)
    assert audit.depth(*(audit.Solid(np.array([x, 0.0, 0.0]), eye, man, 0.2) for x in (0.0, 0.3))) == pytest.approx(0.1)
