"""What `sim.types` structs share: made from rows of NumPy arrays, split by worlds, copied row by row inside a graph.

All arrays whose first axis is the world hold elements of whole 32-bit words, so a masked reset is one kernel that copies words by address,
whatever the fields are.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import warp as wp
from warp._src.codegen import Struct

wp.set_module_options({"enable_backward": False})

SHARED = ("RoadTables", "SolidTables")
"""Structs whose arrays are shared by all worlds of a batch."""

PAD: dict[str, float] = {
    "asset": -1, "contact_with": -1, "contact_tick": -1, "road": -1, "route_path": -1, "driver": -1, "conflict_actor": -1,
    "onset_tick": -1, "onset_actor": -1, "occluder": -1, "collision_tick": -1, "collision_actor": -1, "time_to_collision": float("inf"),
    "distance": float("inf"), "min_time_to_collision": float("inf"), "min_distance": float("inf"), "ttc": float("inf"),
    "gap": float("inf"), "tow": -1, "towing": -1, "temperature": 15.0,
}  # fmt: skip
"""Padding by field name; everything else is padded with zeros (quaternions with the identity)."""


def fields(struct: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of a struct instance's fields."""
    for name in struct._cls.vars:
        yield name, getattr(struct, name)


def is_struct(value: Any) -> bool:
    """Whether a field's value is itself a struct instance."""
    return isinstance(getattr(value, "_cls", None), Struct)


def world_arrays(struct: Any, prefix: str = "") -> Iterator[tuple[str, wp.array]]:
    """Dotted name and array of every field whose first axis is the world."""
    for name, value in fields(struct):
        if is_struct(value):
            if value._cls.key.rsplit(".", 1)[-1] not in SHARED:
                yield from world_arrays(value, f"{prefix}{name}.")
        elif isinstance(value, wp.array) and value.ptr is not None:
            yield prefix + name, value


def _pad_value(name: str, dtype: Any) -> Any:
    return wp.quat_identity() if dtype is wp.quat else PAD.get(name, 0)


def from_rows(struct: Any, rows: Sequence[Mapping[str, Any]], device: Any, sizes: Mapping[str, Sequence[int]]) -> Any:
    """A struct filled from one mapping per world.

    Args:
        struct: The `@wp.struct` class.
        rows: Per world: field name -> array without the world axis (or scalar), or mapping for a nested struct. Missing fields
            are padding.
        device: Warp device.
        sizes: Field name (dotted inside nested structs) -> shape without the world axis; the batch's capacity.

    Returns:
        An instance with arrays (nworld, *sizes[field]).

    Raises:
        ValueError: if a row exceeds the capacity.
    """
    return _build(struct, rows, device, sizes, "")


def _build(struct: Any, rows: Sequence[Mapping[str, Any]], device: Any, sizes: Mapping[str, Any], prefix: str) -> Any:
    instance = struct()
    for name, var in struct.vars.items():
        if isinstance(var.type, Struct):
            if var.type.key.rsplit(".", 1)[-1] not in SHARED:
                setattr(
                    instance, name, _build(var.type, [r.get(name, {}) for r in rows], device, sizes, f"{prefix}{name}.")
                )
            continue
        dtype, ndim = var.type.dtype, var.type.ndim
        shape = tuple(sizes.get(prefix + name, ()))
        if len(shape) != ndim - 1:
            raise ValueError(f"no capacity given for {prefix}{name}: need {ndim - 1} sizes, got {shape}")
        array = wp.zeros((len(rows), *shape), dtype=dtype, device="cpu")
        array.fill_(_pad_value(name, dtype))
        host = array.numpy()
        for i, row in enumerate(rows):
            if name not in row:
                continue
            value = np.asarray(row[name])
            extent = value.shape[: ndim - 1]
            if any(n > cap for n, cap in zip(extent, shape, strict=True)):
                raise ValueError(f"{prefix}{name}: {extent} exceeds the batch's capacity {shape}")
            host[(i, *(slice(n) for n in extent))] = value
        setattr(instance, name, array if str(device) == "cpu" else array.to(device))
    return instance


def row_sizes(struct: Any, rows: Sequence[Mapping[str, Any]], prefix: str = "") -> dict[str, tuple[int, ...]]:
    """Least capacity that holds all rows, by dotted field name."""
    sizes: dict[str, tuple[int, ...]] = {}
    for name, var in struct.vars.items():
        if isinstance(var.type, Struct):
            if var.type.key.rsplit(".", 1)[-1] not in SHARED:
                sizes |= row_sizes(var.type, [r.get(name, {}) for r in rows], f"{prefix}{name}.")
            continue
        extents = [np.shape(r[name])[: var.type.ndim - 1] for r in rows if name in r]
        sizes[prefix + name] = tuple(max([1, *(e[k] for e in extents)]) for k in range(var.type.ndim - 1))
    return sizes


def slice_worlds(struct: Any, start: int, stop: int, nworld: int) -> Any:
    """Views of worlds ``start`` to ``stop`` of ``nworld``; shared tables are passed on as they are.

    Arrays may hold several rows per world: the first axis is then a multiple of ``nworld``.
    """
    view = struct._cls()
    for name, value in fields(struct):
        if is_struct(value):
            shared = value._cls.key.rsplit(".", 1)[-1] in SHARED
            setattr(view, name, value if shared else slice_worlds(value, start, stop, nworld))
        elif isinstance(value, wp.array) and value.ptr is not None:
            rows = value.shape[0] // nworld
            setattr(view, name, value[start * rows : stop * rows])
        else:
            setattr(view, name, value)
    return view


@wp.kernel
def _copy_rows(
    mask: wp.array[wp.int32],
    source: wp.array[wp.int32],
    dst: wp.array[wp.uint64],
    src: wp.array[wp.uint64],
    words: wp.array[wp.int32],
    stride: int,
):
    """Reads rows ``source[world]`` behind ``src``. Writes the masked rows behind ``dst``, word by word."""
    world, first = wp.tid()
    if mask[world] == 0:
        return
    for f in range(first, words.shape[0], stride):
        n = words[f]
        a = wp.array(ptr=dst[f] + wp.uint64(world) * wp.uint64(n) * wp.uint64(4), shape=(n,), dtype=wp.uint32)
        b = wp.array(ptr=src[f] + wp.uint64(source[world]) * wp.uint64(n) * wp.uint64(4), shape=(n,), dtype=wp.uint32)
        for k in range(n):
            a[k] = b[k]


class RowCopy:
    """Copies whole worlds between structs of equal layout; `launch` may be captured.

    Args:
        dst: Structs to write, each with the world first.
        src: Structs of the same classes and row shapes, with any number of rows.
    """

    def __init__(self, dst: Sequence[Any], src: Sequence[Any]) -> None:
        pairs = [
            (name, a, b)
            for d, s in zip(dst, src, strict=True)
            for (name, a), (_, b) in zip(world_arrays(d), world_arrays(s), strict=True)
        ]
        for name, a, b in pairs:
            if a.shape[1:] != b.shape[1:] or not (a.is_contiguous and b.is_contiguous):
                raise ValueError(f"{name}: rows differ in shape or are not contiguous: {a.shape} and {b.shape}")
        device = wp.get_device(pairs[0][1].device)
        words = [
            int(np.prod(a.shape[1:], dtype=np.int64)) * wp.types.type_size_in_bytes(a.dtype) // 4 for _, a, _ in pairs
        ]
        self._keep = pairs
        self._nfield = len(pairs)
        self._device = device
        self._dst = wp.array([a.ptr for _, a, _ in pairs], dtype=wp.uint64, device=device)
        self._src = wp.array([b.ptr for _, _, b in pairs], dtype=wp.uint64, device=device)
        self._words = wp.array(words, dtype=wp.int32, device=device)

    def launch(self, mask: wp.array, source: wp.array) -> None:
        """Copy row ``source[w]`` to row w wherever ``mask[w]`` is not 0; both int32, (nworld,)."""
        threads = self._nfield if self._device.is_cuda else 1
        inputs = [mask, source, self._dst, self._src, self._words, threads]
        wp.launch(_copy_rows, dim=(mask.shape[0], threads), inputs=inputs, device=self._device)


@wp.func
def index(i: int) -> int:
    """``i`` as it is, but known to the compiler not to be negative: it then leaves out what indices from an array's end need."""
    return i & 0x7FFFFFFF


@wp.func
def begin_order(order: wp.array2d[wp.int32], world: int):
    """List all actors of a world, at an episode's first time: until then the order's rows are all 0."""
    n = order.shape[1]
    if order[world, 0] == order[world, n - 1]:
        for a in range(n):
            order[world, a] = a


def actor_threads(actors: wp.array) -> tuple[tuple[int, int], int]:
    """Launch size and stride of a kernel over (nworld, nactor): a thread per actor on CUDA, per world on the CPU.

    A CPU thread's start copies the structs it is given (some 60 ns), so there one thread takes all actors of its world, in order.
    The kernel loops ``for a in range(first, nactor, stride)`` with ``world, first = wp.tid()``.

    Args:
        actors: Any array (nworld, nactor, ...).
    """
    nworld, nactor = actors.shape[:2]
    return ((nworld, nactor), nactor) if actors.device is not None and actors.device.is_cuda else ((nworld, 1), 1)


def world_threads(worlds: wp.array) -> tuple[int, int]:
    """Launch size and stride of a kernel over worlds of which few have anything to do: one thread on the CPU takes all worlds.

    The kernel loops ``for world in range(first, nworld, stride)`` with ``first = wp.tid()``.

    Args:
        worlds: Any array (nworld, ...).
    """
    nworld = worlds.shape[0]
    return (nworld, nworld) if worlds.device is not None and worlds.device.is_cuda else (1, 1)


def to_numpy(struct: Any) -> dict[str, np.ndarray]:
    """A host copy of every world array, by dotted name."""
    return {name: array.numpy().copy() for name, array in world_arrays(struct)}
