"""Videos: the same bytes each time, joined without loss, in the pictures' colours."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from sim.export.video import decode_video, encode_video, join_videos, pad_even, side_by_side


def film(count, first=0, size=(36, 64)):
    return [np.full((*size, 3), 20 + 6 * (first + k), np.uint8) for k in range(count)]


def test_videos_are_equal_bytes_and_join_without_loss(tmp_path):
    parts = [film(7), film(5, 7)]
    paths = [tmp_path / "0.mp4", tmp_path / "1.mp4"]
    for path, frames in zip(paths, parts, strict=True):
        path.write_bytes(encode_video(frames, Fraction(30000, 1001)))
        assert path.read_bytes() == encode_video(frames, Fraction(30000, 1001))
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(join_videos(paths))
    assert joined.read_bytes() == join_videos(paths)
    levels = [frame.mean() for frame in decode_video(joined)]
    assert levels == pytest.approx([20 + 6 * k for k in range(12)], abs=2.5)
    import av

    with av.open(str(joined)) as container:
        times = [float(frame.time) for frame in container.decode(video=0) if frame.time is not None]
    np.testing.assert_allclose(np.diff(times), 1001 / 30000, atol=1e-4)


def test_colours_of_a_video_are_those_of_the_picture(tmp_path):
    colors = [(220, 40, 40), (40, 200, 60), (50, 60, 220), (235, 235, 235)]
    path = tmp_path / "v.mp4"
    path.write_bytes(encode_video([np.full((32, 64, 3), c, np.uint8) for c in colors], Fraction(5)))
    for frame, color in zip(decode_video(path), colors, strict=True):
        np.testing.assert_allclose(frame.reshape(-1, 3).mean(0), color, atol=6)


def test_odd_sizes_are_padded():
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    assert pad_even(image).shape == (6, 8, 3) and np.array_equal(pad_even(image)[:5, :7], image)
    assert side_by_side(image, image).shape == (6, 14, 3)
    with pytest.raises(ValueError, match="at least one"):
        encode_video([], Fraction(10))
