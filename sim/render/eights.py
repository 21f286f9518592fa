"""Boxes and triangles eight at a time: how a CPU, whose registers hold eight numbers, goes through the tree of `sim.render.clusters`."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.render.options import RAYS

wp.set_module_options(RAYS | {"fuse_fp": False})

vec8 = wp.types.vector(8, float)

ROUND = wp.constant(12582912.0)
"""1.5 * 2^23: added and taken away, it rounds to a whole number."""


@wp.func_native("""
#if defined(__CUDA_ARCH__)
    return false;
#else
    return true;
#endif
""")
def on_cpu() -> bool:
    """Whether the kernel runs on a CPU: known when it is compiled."""
    ...


def _vectors(expression: str, otherwise: str) -> str:
    """C++ of a function of two `vec8`: on a CPU on whole registers (Clang's vector types), on a GPU element by element."""
    return f"""
#if defined(__CUDA_ARCH__)
{otherwise}
#else
    typedef float floats __attribute__((ext_vector_type(8), aligned(4)));
    floats x, y;
    __builtin_memcpy(&x, &a, sizeof x);
    __builtin_memcpy(&y, &b, sizeof y);
{expression}
#endif
"""


def _elementwise(name: str) -> str:
    return _vectors(
        f"    x = __builtin_elementwise_{name}(x, y);\n    __builtin_memcpy(&a, &x, sizeof x);\n    return a;",
        f"    for (int i = 0; i < 8; ++i)\n        a[i] = wp::{name}(a[i], b[i]);\n    return a;",
    )


@wp.func_native(_elementwise("min"))
def least8(a: vec8, b: vec8) -> vec8:
    """The smaller of each two elements."""
    ...


@wp.func_native(_elementwise("max"))
def most8(a: vec8, b: vec8) -> vec8:
    """The larger of each two elements."""
    ...


@wp.func_native(
    _vectors(
        """    typedef bool bools __attribute__((ext_vector_type(8)));
    const bools bits = __builtin_convertvector((x >= 0.0f) & (y >= 0.0f), bools);
    unsigned char mask;
    __builtin_memcpy(&mask, &bits, 1);
    return mask;""",
        """    int mask = 0;
    for (int i = 0; i < 8; ++i)
        mask |= (a[i] >= 0.0f && b[i] >= 0.0f) ? 1 << i : 0;
    return mask;""",
    )
)
def none_negative(a: vec8, b: vec8) -> int:
    """Bit i is set where neither element i is negative."""
    ...


@wp.func_native("""
#if defined(__CUDA_ARCH__)
    return __ffs(bits) - 1;
#else
    return __builtin_ctz(bits);
#endif
""")
def lowest_bit(bits: int) -> int:
    """Place of the lowest bit that is set."""
    ...


@wp.func
def swap_bits(bits: int, flip: int) -> int:
    """Eight bits, bit i moved to place i ^ ``flip``."""
    if (flip & 1) != 0:
        bits = ((bits & 0x55) << 1) | ((bits >> 1) & 0x55)
    if (flip & 2) != 0:
        bits = ((bits & 0x33) << 2) | ((bits >> 2) & 0x33)
    if (flip & 4) != 0:
        bits = ((bits & 0x0F) << 4) | ((bits >> 4) & 0x0F)
    return bits


@wp.func
def splat(x: float) -> vec8:
    """A number eight times."""
    return vec8(x, x, x, x, x, x, x, x)


@wp.func
def whole(x: vec8) -> vec8:
    """Nearest whole numbers."""
    return (x + splat(ROUND)) - splat(ROUND)


@wp.func
def dot8(row: wp.vec3, x: vec8, y: vec8, z: vec8) -> vec8:
    """Dot products of a vector with eight others."""
    return x * row[0] + y * row[1] + z * row[2]


@wp.struct
class Points8:
    """Eight points."""

    x: vec8
    y: vec8
    z: vec8


@wp.func(inline=True)
def corner8(
    points: wp.array[wp.vec3], triangle: wp.array[wp.vec4i], first: int, last: int, corner: int, origin: wp.vec3
) -> Points8:
    """A corner of triangles ``first`` to ``last``, minus an origin; where there are fewer than eight, of the last one again."""
    p0 = points[triangle[first][corner]]
    p1 = points[triangle[wp.min(first + 1, last)][corner]]
    p2 = points[triangle[wp.min(first + 2, last)][corner]]
    p3 = points[triangle[wp.min(first + 3, last)][corner]]
    p4 = points[triangle[wp.min(first + 4, last)][corner]]
    p5 = points[triangle[wp.min(first + 5, last)][corner]]
    p6 = points[triangle[wp.min(first + 6, last)][corner]]
    p7 = points[triangle[wp.min(first + 7, last)][corner]]
    out = Points8()
    out.x = vec8(p0[0], p1[0], p2[0], p3[0], p4[0], p5[0], p6[0], p7[0]) - splat(origin[0])
    out.y = vec8(p0[1], p1[1], p2[1], p3[1], p4[1], p5[1], p6[1], p7[1]) - splat(origin[1])
    out.z = vec8(p0[2], p1[2], p2[2], p3[2], p4[2], p5[2], p6[2], p7[2]) - splat(origin[2])
    return out


@wp.func
def half_of(x: vec8, bit: int) -> float:
    """Sum over the places whose number has a bit, minus that over the others."""
    out = float(0.0)
    for i in range(8):
        out += wp.where((i & bit) != 0, x[i], -x[i])
    return out


@wp.func(inline=True)
def flip_of(distance: vec8) -> int:
    """The order i ^ flip in which eight children, halved along three axes, come from near to far."""
    flip = int(0)
    for bit in range(3):
        if half_of(distance, 1 << bit) < 0.0:
            flip = flip | (1 << bit)
    return flip


@wp.struct
class TreeWalk:
    """Where one is in a tree."""

    ntriangle: int
    height: int
    """Of the node, -1 when done."""
    place: int
    """The node's number among those of its height."""
    first: int
    """Row of the first node of its height."""
    left: wp.uint64
    """Children still to visit, a byte for each height from here on up; bit i stands for child i ^ flip."""
    flips: int
    """Their flips, three bits for each height."""


@wp.func
def nodes_of(ntriangle: int, height: int) -> int:
    """Nodes of a height in the tree of so many triangles."""
    shift = 3 * height + 3
    return int((wp.int64(ntriangle) + (wp.int64(1) << wp.int64(shift)) - wp.int64(1)) >> wp.int64(shift))


@wp.func
def start_walk(first_row: int, height: int, ntriangle: int) -> TreeWalk:
    """At the root."""
    out = TreeWalk()
    out.ntriangle = ntriangle
    out.height = height
    out.first = first_row
    return out


@wp.func(inline=True)
def children_of(walk: TreeWalk) -> int:
    """Bits of the children that the node has."""
    count = wp.min(8, nodes_of(walk.ntriangle, walk.height - 1) - 8 * walk.place)
    return (1 << count) - 1


@wp.func(inline=True)
def go_on(walk: TreeWalk, seen: int, flip: int) -> TreeWalk:
    """The next node: the first of a node's children to visit, or of those left on the way up."""
    walk.left = (walk.left & ~wp.uint64(255)) | wp.uint64(seen)
    walk.flips = (walk.flips & ~7) | flip
    while walk.left != wp.uint64(0) and (walk.left & wp.uint64(255)) == wp.uint64(0):
        walk.left = walk.left >> wp.uint64(8)
        walk.flips = walk.flips >> 3
        walk.place = walk.place >> 3
        walk.height += 1
        walk.first -= nodes_of(walk.ntriangle, walk.height)
    if walk.left == wp.uint64(0):
        walk.height = -1
        return walk
    i = lowest_bit(int(walk.left & wp.uint64(255)))
    walk.left = (walk.left & ~(wp.uint64(1) << wp.uint64(i))) << wp.uint64(8)
    walk.place = 8 * walk.place + (i ^ (walk.flips & 7))
    walk.flips = walk.flips << 3
    walk.first += nodes_of(walk.ntriangle, walk.height)
    walk.height -= 1
    return walk
