"""Structs of arrays: rows in, padded; views of some worlds; masked copies of whole worlds."""

from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.structs import RowCopy, from_rows, row_sizes, slice_worlds, to_numpy, world_arrays


@wp.struct
class Inner:
    reach: wp.array2d[float]
    ready: wp.array[wp.int32]


@wp.struct
class Outer:
    tick: wp.array[wp.int32]
    pos: wp.array2d[wp.vec3]
    rot: wp.array2d[wp.quat]
    contact_tick: wp.array2d[wp.int32]
    inner: Inner


def rows(n: int, seed: int = 0) -> list[dict]:
    """Worlds with 1, 2, 3, 1, ... actors."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(n):
        k = 1 + i % 3
        out.append(
            {
                "tick": i,
                "pos": rng.normal(size=(k, 3)),
                "rot": np.tile((0.0, 0.0, 0.6, 0.8), (k, 1)),
                "contact_tick": np.arange(k),
                "inner": {"reach": rng.normal(size=(k,)), "ready": 1},
            }
        )
    return out


def build(data: list[dict]):
    return from_rows(Outer, data, "cpu", row_sizes(Outer, data))


def test_rows_are_kept_and_padded() -> None:
    data = rows(4)
    got = to_numpy(build(data))
    for i, row in enumerate(data):
        k = len(row["pos"])
        np.testing.assert_allclose(got["pos"][i, :k], row["pos"], rtol=1e-6)
        assert (got["pos"][i, k:] == 0).all()
        assert (got["rot"][i, k:] == (0, 0, 0, 1)).all(), "padding must be a rotation"
        assert (got["contact_tick"][i, k:] == -1).all(), "padding must say 'none'"


def test_row_beyond_the_capacity_is_refused() -> None:
    data = rows(3)
    with pytest.raises(ValueError, match="exceeds"):
        from_rows(Outer, data, "cpu", row_sizes(Outer, data) | {"pos": (2,)})


def test_slices_are_views() -> None:
    whole = build(rows(6))
    part = slice_worlds(whole, 2, 4, 6)
    part.tick.fill_(77)
    part.inner.reach.fill_(5.0)
    assert whole.tick.numpy().tolist() == [0, 1, 77, 77, 4, 5]
    reach = whole.inner.reach.numpy()
    assert (reach[2:4] == 5.0).all() and (reach[:2] != 5.0).any() and (reach[4:] != 5.0).any()


def test_masked_copy_touches_masked_worlds_only() -> None:
    target, source = build(rows(4, seed=1)), build(rows(12, seed=2))
    before, pool = to_numpy(target), to_numpy(source)
    mask = wp.array([0, 1, 0, 1], dtype=wp.int32, device="cpu")
    pick = wp.array([0, 11, 0, 2], dtype=wp.int32, device="cpu")
    RowCopy([target], [source]).launch(mask, pick)
    for name, array in world_arrays(target):
        after = array.numpy()
        old, new = before[name], pool[name]
        np.testing.assert_array_equal(after[[0, 2]], old[[0, 2]])
        np.testing.assert_array_equal(after[[1, 3]], new[[11, 2]])


def test_copy_between_different_layouts_is_refused() -> None:
    data = rows(3)
    wide = from_rows(Outer, data, "cpu", row_sizes(Outer, data) | {"pos": (9,)})
    with pytest.raises(ValueError, match="differ"):
        RowCopy([build(data)], [wide])
