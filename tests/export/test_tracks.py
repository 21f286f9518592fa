"""Tracks: how many frames they have; read from files of strangers, damaged, incomplete and swollen ones are refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from sim.errors import SwerveError
from sim.export import tracks
from sim.export.tracks import IMPACTS, METRICS, POSES, STATE, Tracks, frame_count, frame_rate
from sim.export.writer import encode_npz


def whole(rows: int = 3) -> Tracks:
    names = [*POSES, *STATE, *IMPACTS, *(f"metrics.{name}" for name in METRICS)]
    return Tracks(Fraction(2997, 100), {name: np.full((rows, 2), k, np.float32) for k, name in enumerate(names)})


def test_round_trip() -> None:
    back = Tracks.decode(whole().encode())
    assert back.rate == Fraction(2997, 100) and back.nframe == 2
    for name, array in whole().arrays.items():
        np.testing.assert_array_equal(back.arrays[name], array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"junk", "no tracks"),
        (b"", "no tracks"),
        (whole().encode()[:-40], "no tracks"),
        (encode_npz({"pos": np.zeros(3)}), "no tracks.*rate"),
        (encode_npz({"rate": np.array([1, 0])}), "lack"),
        (encode_npz({"rate": np.array([10, 1]), "pos": np.zeros(3)}), "lack"),
        (encode_npz({"rate": np.array([10, 0]), **whole().arrays}), "no tracks"),
        (b"PK\x05\x06" + b"\0" * 18, "no tracks"),
    ],
)
def test_what_is_no_tracks_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SwerveError, match=message):
        Tracks.decode(data)


def test_swollen_tracks_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = whole(rows=100_000).encode()
    monkeypatch.setattr(tracks, "MAX_BYTES", 1_000_000)
    with pytest.raises(SwerveError, match="unpack to"):
        Tracks.decode(data)


def test_frames_are_counted_to_the_end_or_the_duration():
    assert frame_count(Fraction(10), 2.0, None) == 21 and frame_count(Fraction(10), 2.0, 1.0) == 10
    assert frame_count(Fraction(10), 0.55, 3.0) == 6 and frame_count(Fraction(1, 10), 2.0, None) == 1
    assert frame_rate(29.97) == Fraction(2997, 100) and frame_rate(10) == 10
