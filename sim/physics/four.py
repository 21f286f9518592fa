"""Numbers of four wheels at a time: what a vehicle's wheels have in common is worked out once for all of them, in one register of a CPU.

A module that imports `add`, `sub`, `mul` and `div` from here has the operators + - * / of `wp.vec4` work element by element, with each
other and with single numbers (Warp takes a function of an operator's name for the operator). On a CPU they are Clang's vector types, as in
`sim.render.eights`; on a GPU the same expressions, one element after the other.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportRedeclaration=false, reportInvalidTypeForm=false
# ruff: noqa: F811, D103 (overloads: a docstring for all of a name)
from __future__ import annotations

import re

import warp as wp

from sim.physics.options import VEHICLES

wp.set_module_options(VEHICLES)


def _each(expression: str, four: str, one: str = "", whole: str = "") -> str:
    """C++ of a function of numbers of four wheels.

    Args:
        expression: For one of them.
        four: Names of the arguments that have a number for each wheel, a letter each.
        one: Names of those that have one number for all.
        whole: The expression for Clang's vectors where that is another.
    """
    elements = ", ".join(re.sub(rf"\b[{four}]\b", rf"\g<0>.c[{i}]", expression) for i in range(4))
    vector = re.sub(rf"\b[{four}{one}]\b", r"\g<0>4", whole or expression)
    loads = "".join(f"    floats {n}4;\n    __builtin_memcpy(&{n}4, &{n}, sizeof {n}4);\n" for n in four)
    loads += "".join(f"    floats {n}4 = {n};\n" for n in one)
    return f"""
#if defined(__CUDA_ARCH__)
    return wp::vec4({elements});
#else
    typedef float floats __attribute__((ext_vector_type(4), aligned(4)));
{loads}    floats out4 = {vector};
    wp::vec4 out;
    __builtin_memcpy(&out, &out4, sizeof out4);
    return out;
#endif
"""


@wp.func_native(_each("x + y", "xy"))
def add(x: wp.vec4, y: wp.vec4) -> wp.vec4:
    """The operator +."""
    ...


@wp.func_native(_each("x + y", "y", "x"))
def add(x: float, y: wp.vec4) -> wp.vec4: ...


@wp.func_native(_each("x + y", "x", "y"))
def add(x: wp.vec4, y: float) -> wp.vec4: ...


@wp.func_native(_each("x - y", "xy"))
def sub(x: wp.vec4, y: wp.vec4) -> wp.vec4:
    """The operator -."""
    ...


@wp.func_native(_each("x - y", "y", "x"))
def sub(x: float, y: wp.vec4) -> wp.vec4: ...


@wp.func_native(_each("x - y", "x", "y"))
def sub(x: wp.vec4, y: float) -> wp.vec4: ...


@wp.func_native(_each("x * y", "xy"))
def mul(x: wp.vec4, y: wp.vec4) -> wp.vec4:
    """The operator *."""
    ...


@wp.func_native(_each("x * y", "y", "x"))
def mul(x: float, y: wp.vec4) -> wp.vec4: ...


@wp.func_native(_each("x * y", "x", "y"))
def mul(x: wp.vec4, y: float) -> wp.vec4: ...


@wp.func_native(_each("x / y", "xy"))
def div(x: wp.vec4, y: wp.vec4) -> wp.vec4:
    """The operator /."""
    ...


@wp.func_native(_each("x / y", "y", "x"))
def div(x: float, y: wp.vec4) -> wp.vec4: ...


@wp.func_native(_each("x / y", "x", "y"))
def div(x: wp.vec4, y: float) -> wp.vec4: ...


@wp.func_native(_each("x < y ? x : y", "xy"))
def least(x: wp.vec4, y: wp.vec4) -> wp.vec4:
    """The smaller of each two."""
    ...


@wp.func_native(_each("x < y ? x : y", "x", "y"))
def least(x: wp.vec4, y: float) -> wp.vec4: ...


@wp.func_native(_each("x > y ? x : y", "xy"))
def most(x: wp.vec4, y: wp.vec4) -> wp.vec4:
    """The larger of each two."""
    ...


@wp.func_native(_each("x > y ? x : y", "x", "y"))
def most(x: wp.vec4, y: float) -> wp.vec4: ...


@wp.func_native(_each("wp::abs(x)", "x", "", "__builtin_elementwise_abs(x)"))
def size(x: wp.vec4) -> wp.vec4:
    """Absolute values."""
    ...


@wp.func_native(_each("wp::sqrt(x)", "x", "", "__builtin_elementwise_sqrt(x)"))
def root(x: wp.vec4) -> wp.vec4:
    """Square roots."""
    ...


@wp.func_native(_each("x < 0.0f ? -y : y", "yx"))
def signed(y: wp.vec4, x: wp.vec4) -> wp.vec4:
    """``y``, with the other sign where ``x`` is negative."""
    ...


@wp.func_native(_each("x > y ? p : q", "xypq"))
def above(x: wp.vec4, y: wp.vec4, p: wp.vec4, q: wp.vec4) -> wp.vec4:
    """``p`` where ``x`` is above ``y``, else ``q``."""
    ...


@wp.func_native(_each("x > y ? p : q", "xpq", "y"))
def above(x: wp.vec4, y: float, p: wp.vec4, q: wp.vec4) -> wp.vec4: ...


@wp.func_native(_each("x > y ? p : q", "xp", "yq"))
def above(x: wp.vec4, y: float, p: wp.vec4, q: float) -> wp.vec4: ...


@wp.func(inline=True)
def within(x: wp.vec4, low: wp.vec4, high: wp.vec4) -> wp.vec4:
    """``x``, but not beyond the bounds."""
    return most(least(x, high), low)


@wp.func(inline=True)
def share(x: wp.vec4) -> wp.vec4:
    """``x`` within 0 and 1."""
    return most(least(x, 1.0), 0.0)


@wp.func(inline=True)
def total(x: wp.vec4) -> float:
    """The sum of the four."""
    return (x[0] + x[1]) + (x[2] + x[3])


@wp.func(inline=True)
def other(x: wp.vec4) -> wp.vec4:
    """Each wheel's number from the other wheel of its axle."""
    return wp.vec4(x[1], x[0], x[3], x[2])


@wp.func(inline=True)
def axles(front: float, rear: float) -> wp.vec4:
    """A number of each axle, by wheel."""
    return wp.vec4(front, front, rear, rear)


@wp.struct
class Vectors:
    """A vector for each wheel."""

    x: wp.vec4
    y: wp.vec4
    z: wp.vec4


@wp.func(inline=True)
def dots(a: Vectors, b: Vectors) -> wp.vec4:
    """Scalar products."""
    return a.x * b.x + a.y * b.y + a.z * b.z


@wp.func(inline=True)
def crosses(a: Vectors, b: Vectors) -> Vectors:
    """Vector products."""
    out = Vectors()
    out.x = a.y * b.z - a.z * b.y
    out.y = a.z * b.x - a.x * b.z
    out.z = a.x * b.y - a.y * b.x
    return out


@wp.func(inline=True)
def turned(m: wp.mat33, a: Vectors) -> Vectors:
    """Vectors in other axes: a matrix times each."""
    out = Vectors()
    out.x = m[0, 0] * a.x + m[0, 1] * a.y + m[0, 2] * a.z
    out.y = m[1, 0] * a.x + m[1, 1] * a.y + m[1, 2] * a.z
    out.z = m[2, 0] * a.x + m[2, 1] * a.y + m[2, 2] * a.z
    return out


@wp.func
def one_of(x: wp.vec4, i: int) -> float:
    """Wheel ``i``'s number."""
    return wp.where(i < 2, wp.where(i == 0, x[0], x[1]), wp.where(i == 2, x[2], x[3]))


@wp.func
def vector_of(a: Vectors, i: int) -> wp.vec3:
    """Wheel ``i``'s vector."""
    return wp.vec3(one_of(a.x, i), one_of(a.y, i), one_of(a.z, i))


@wp.func
def with_one(x: wp.vec4, i: int, value: float) -> wp.vec4:
    """The same but for wheel ``i``'s number; by selection, so that nothing has to lie in memory for it."""
    return wp.vec4(
        wp.where(i == 0, value, x[0]),
        wp.where(i == 1, value, x[1]),
        wp.where(i == 2, value, x[2]),
        wp.where(i == 3, value, x[3]),
    )


@wp.func
def with_vector(a: Vectors, i: int, value: wp.vec3) -> Vectors:
    """The same but for wheel ``i``'s vector."""
    out = Vectors()
    out.x = with_one(a.x, i, value[0])
    out.y = with_one(a.y, i, value[1])
    out.z = with_one(a.z, i, value[2])
    return out


@wp.func
def mean_of(a: Vectors) -> wp.vec3:
    """The mean of the four."""
    return 0.25 * wp.vec3(total(a.x), total(a.y), total(a.z))
