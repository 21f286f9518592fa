"""Where two bodies touch: contacts, and boxes against each other (`wp.func`s); capsules: `sim.physics.capsules`.

Separating axes (Gottschalk et al. 1996, OBBTree) choose the normal; a face against a face or edge is clipped to up to eight points
(Sutherland and Hodgman 1974), an edge against an edge gives one.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.physics.body import Body, axis_of

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

MAX_POINTS = 8
"""Of a contact."""
NEAR = 0.1
"""Points of a face that do not touch yet belong to a contact up to this gap: they may close it within the tick [m]."""
FACE_BIAS = 1.0e-3
"""An edge pair is the normal only if it separates by so much more than a face [m]."""

Column = wp.types.vector(length=MAX_POINTS, dtype=float)


@wp.struct
class Manifold:
    """The points at which two bodies touch, and their common normal."""

    n: int
    normal: wp.vec3
    """Unit, from the first to the second."""
    x: Column
    """World frame [m]."""
    y: Column
    z: Column
    gap: Column
    """Distance along the normal, negative where they overlap [m]."""


@wp.struct
class Polygon:
    """A face in the frame of another: place in its plane, and height over it [m]."""

    n: int
    u: Column
    v: Column
    w: Column


@wp.func
def point_of(m: Manifold, i: int) -> wp.vec3:
    """A point of a contact [m]."""
    return wp.vec3(m.x[i], m.y[i], m.z[i])


@wp.func
def with_point(m: Manifold, point: wp.vec3, gap: float) -> Manifold:
    """The contact with a point more, while there is room."""
    out = m
    if m.n < wp.static(MAX_POINTS):
        out.x[m.n] = point[0]
        out.y[m.n] = point[1]
        out.z[m.n] = point[2]
        out.gap[m.n] = gap
        out.n = m.n + 1
    return out


@wp.func
def mean_point(m: Manifold) -> wp.vec3:
    """Middle of the points that touch [m]."""
    out = wp.vec3()
    count = float(0.0)
    for i in range(m.n):
        if m.gap[i] <= 0.0:
            out += point_of(m, i)
            count += 1.0
    return out / wp.max(count, 1.0)


@wp.func
def greatest_depth(m: Manifold) -> float:
    """How deep the bodies overlap [m]."""
    out = float(0.0)
    for i in range(m.n):
        out = wp.max(out, -m.gap[i])
    return out


@wp.func
def deepest_point(m: Manifold) -> wp.vec3:
    """Where the bodies overlap most [m]."""
    k = int(0)
    for i in range(m.n):
        if m.gap[i] < m.gap[k]:
            k = i
    return point_of(m, k)


@wp.func
def reach_along(body: Body, axis: wp.vec3) -> float:
    """How far a box reaches from its centre along a unit vector [m]."""
    p = wp.transpose(body.axes) * axis
    return wp.abs(p[0]) * body.half[0] + wp.abs(p[1]) * body.half[1] + wp.abs(p[2]) * body.half[2]


@wp.func
def clip_side(poly: Polygon, along_u: bool, side: float, limit: float) -> Polygon:
    """The part of a polygon with ``side`` times u (or v) <= limit."""
    out = Polygon()
    for i in range(poly.n):
        j = wp.where(i + 1 < poly.n, i + 1, 0)
        a = side * wp.where(along_u, poly.u[i], poly.v[i]) - limit
        b = side * wp.where(along_u, poly.u[j], poly.v[j]) - limit
        if a <= 0.0 and out.n < wp.static(MAX_POINTS):
            out.u[out.n] = poly.u[i]
            out.v[out.n] = poly.v[i]
            out.w[out.n] = poly.w[i]
            out.n += 1
        if ((a < 0.0 and b > 0.0) or (a > 0.0 and b < 0.0)) and out.n < wp.static(MAX_POINTS):
            f = a / (a - b)
            out.u[out.n] = poly.u[i] + f * (poly.u[j] - poly.u[i])
            out.v[out.n] = poly.v[i] + f * (poly.v[j] - poly.v[i])
            out.w[out.n] = poly.w[i] + f * (poly.w[j] - poly.w[i])
            out.n += 1
    return out


@wp.func
def incident_face(body: Body, base: Body, k: int, n: wp.vec3) -> Polygon:
    """The face of ``body`` that looks most against ``n``, in the frame of face ``k`` of ``base``, whose outward normal is ``n``."""
    out = Polygon()
    p = wp.transpose(body.axes) * n
    j = int(0)
    if wp.abs(p[1]) > wp.abs(p[j]):
        j = 1
    if wp.abs(p[2]) > wp.abs(p[j]):
        j = 2
    middle = body.center - axis_of(body.axes, j) * (wp.sign(p[j]) * body.half[j])
    e1 = axis_of(body.axes, (j + 1) % 3) * body.half[(j + 1) % 3]
    e2 = axis_of(body.axes, (j + 2) % 3) * body.half[(j + 2) % 3]
    for i in range(4):
        s1 = wp.where(i == 0 or i == 3, 1.0, -1.0)
        s2 = wp.where(i < 2, 1.0, -1.0)
        d = middle + e1 * s1 + e2 * s2 - base.center
        out.u[i] = wp.dot(d, axis_of(base.axes, (k + 1) % 3))
        out.v[i] = wp.dot(d, axis_of(base.axes, (k + 2) % 3))
        out.w[i] = wp.dot(d, n) - base.half[k]
    out.n = 4
    return out


@wp.func
def face_contact(base: Body, other: Body, k: int, n: wp.vec3, flip: bool) -> Manifold:
    """Points where ``other`` is below face ``k`` of ``base``, whose outward normal is ``n``; ``flip``: ``base`` is the second body."""
    m = Manifold()
    m.normal = wp.where(flip, -n, n)
    hu = base.half[(k + 1) % 3]
    hv = base.half[(k + 2) % 3]
    poly = incident_face(other, base, k, n)
    for side in range(4):
        poly = clip_side(poly, side < 2, wp.where(side % 2 == 0, 1.0, -1.0), wp.where(side < 2, hu, hv))
    u = axis_of(base.axes, (k + 1) % 3)
    v = axis_of(base.axes, (k + 2) % 3)
    for i in range(poly.n):
        if poly.w[i] <= wp.static(NEAR):
            point = base.center + u * poly.u[i] + v * poly.v[i] + n * (base.half[k] + 0.5 * poly.w[i])
            m = with_point(m, point, poly.w[i])
    return m


@wp.func
def edge_point(body: Body, k: int, n: wp.vec3) -> wp.vec3:
    """Middle of the edge along axis ``k`` that lies furthest along ``n`` [m]."""
    out = body.center
    for i in range(3):
        if i != k:
            axis = axis_of(body.axes, i)
            out += axis * wp.where(wp.dot(axis, n) > 0.0, body.half[i], -body.half[i])
    return out


@wp.func
def edge_contact(a: Body, b: Body, i: int, j: int, n: wp.vec3, gap: float) -> Manifold:
    """Edges that cross: the middle between their nearest points."""
    m = Manifold()
    m.normal = n
    da = axis_of(a.axes, i)
    db = axis_of(b.axes, j)
    pa = edge_point(a, i, n)
    pb = edge_point(b, j, -n)
    c = wp.dot(da, db)
    d = pb - pa
    s = (wp.dot(d, da) - c * wp.dot(d, db)) / wp.max(1.0 - c * c, 1.0e-6)
    s = wp.clamp(s, -a.half[i], a.half[i])
    t = wp.clamp(wp.dot(pa + da * s - pb, db), -b.half[j], b.half[j])
    return with_point(m, 0.5 * (pa + da * s + pb + db * t), gap)


@wp.func
def collide_boxes(a: Body, b: Body) -> Manifold:
    """Contact of two boxes, none if they do not overlap."""
    d = b.center - a.center
    best = float(-1.0e30)
    normal = wp.vec3()
    which = int(0)
    for k in range(15):
        axis = axis_of(a.axes, k % 3)
        if k >= 3:
            axis = axis_of(b.axes, k % 3)
        size = float(1.0)
        if k >= 6:
            axis = wp.cross(axis_of(a.axes, (k - 6) // 3), axis)
            size = wp.length(axis)
        if size > 1.0e-3:
            axis = axis / size
            distance = wp.dot(d, axis)
            gap = wp.abs(distance) - reach_along(a, axis) - reach_along(b, axis)
            if gap >= 0.0:
                return Manifold()
            if gap > best + wp.where(k >= 6, wp.static(FACE_BIAS), 1.0e-5):
                best = gap
                which = k
                normal = wp.where(distance >= 0.0, axis, -axis)
    if which >= 6:
        return edge_contact(a, b, (which - 6) // 3, which % 3, normal, best)
    if which >= 3:
        return face_contact(b, a, which - 3, -normal, True)
    return face_contact(a, b, which, normal, False)
