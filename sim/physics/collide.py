"""Where two bodies touch: boxes and capsules against each other (`wp.func`s).

Boxes: separating axes (Gottschalk et al. 1996, OBBTree) choose the normal; a face against a face or edge is clipped to up to eight points
(Sutherland and Hodgman 1974), an edge against an edge gives one. Capsules: their core, a line, against the box or the other core (Ericson
2005, Real-time collision detection, ch. 5).
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
FRONT = 0.7
"""Cosine to a car's axis from which a normal is that of its front."""
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


@wp.func
def long_axis(body: Body) -> int:
    """Axis along which a body is longest."""
    k = wp.where(body.half[1] > body.half[0], 1, 0)
    return wp.where(body.half[2] > wp.max(body.half[0], body.half[1]), 2, k)


@wp.func
def core_of(body: Body) -> wp.vec3:
    """Half of a capsule's core, from its middle to one end [m]."""
    k = long_axis(body)
    return axis_of(body.axes, k) * (body.half[k] - body.radius)


@wp.func
def outside_box(half: wp.vec3, p: wp.vec3) -> wp.vec3:
    """From the nearest point of a box about the origin to a point [m]; 0 inside."""
    return p - wp.vec3(
        wp.clamp(p[0], -half[0], half[0]), wp.clamp(p[1], -half[1], half[1]), wp.clamp(p[2], -half[2], half[2])
    )


@wp.func
def nearest_of_core(half: wp.vec3, middle: wp.vec3, core: wp.vec3) -> float:
    """Where along a line, -1..1, it is nearest to a box about the origin: the distance is convex, so by ternary search."""
    low = float(-1.0)
    high = float(1.0)
    for _i in range(24):
        a = low + (high - low) / 3.0
        b = high - (high - low) / 3.0
        if wp.length_sq(outside_box(half, middle + core * a)) <= wp.length_sq(outside_box(half, middle + core * b)):
            high = b
        else:
            low = a
    return 0.5 * (low + high)


@wp.func
def over_face(half: wp.vec3, middle: wp.vec3, core: wp.vec3, k: int) -> wp.vec2:
    """From where to where along a line, -1..1, it is over face ``k`` of a box about the origin; empty if the second is less."""
    out = wp.vec2(-1.0, 1.0)
    for i in range(3):
        if i != k:
            if wp.abs(core[i]) > 1.0e-6:
                a = (-half[i] - middle[i]) / core[i]
                b = (half[i] - middle[i]) / core[i]
                out = wp.vec2(wp.max(out[0], wp.min(a, b)), wp.min(out[1], wp.max(a, b)))
            elif wp.abs(middle[i]) > half[i]:
                out = wp.vec2(1.0, -1.0)
    return out


@wp.func
def way_out(half: wp.vec3, middle: wp.vec3, core: wp.vec3) -> wp.vec3:
    """Unit vector along which a line leaves a box about the origin on the shortest way."""
    best = float(1.0e30)
    out = wp.vec3()
    for i in range(3):
        s = wp.where(middle[i] >= 0.0, 1.0, -1.0)
        depth = half[i] - s * middle[i] + wp.abs(core[i])
        if depth < best:
            best = depth
            out = wp.vec3(wp.where(i == 0, s, 0.0), wp.where(i == 1, s, 0.0), wp.where(i == 2, s, 0.0))
    return out


@wp.func
def collide_box_capsule(box: Body, cap: Body) -> Manifold:
    """Contact of a box and a capsule, none if they do not overlap."""
    m = Manifold()
    inward = wp.transpose(box.axes)
    middle = inward * (cap.center - box.center)
    core = inward * core_of(cap)
    t = nearest_of_core(box.half, middle, core)
    out = outside_box(box.half, middle + core * t)
    distance = wp.length(out)
    if distance >= cap.radius:
        return m
    n = wp.vec3()
    if distance > 1.0e-5:
        n = out / distance
    else:
        n = way_out(box.half, middle, core)
    m.normal = box.axes * n
    k = wp.where(wp.abs(n[1]) > wp.abs(n[0]), 1, 0)
    k = wp.where(wp.abs(n[2]) > wp.max(wp.abs(n[0]), wp.abs(n[1])), 2, k)
    if wp.abs(n[k]) > 0.99:
        ends = over_face(box.half, middle, core, k)
        for i in range(2):
            p = middle + core * ends[i]
            gap = wp.dot(p, n) - box.half[k] - cap.radius
            if ends[1] > ends[0] and gap < wp.static(NEAR):
                m = with_point(m, box.center + box.axes * (p - n * (cap.radius + 0.5 * gap)), gap)
    if m.n == 0:
        p = middle + core * t
        gap = distance - cap.radius
        m = with_point(m, box.center + box.axes * (p - n * (cap.radius + 0.5 * gap)), gap)
    return m


@wp.func
def collide_capsules(a: Body, b: Body) -> Manifold:
    """Contact of two capsules, none if they do not overlap."""
    m = Manifold()
    ca = core_of(a)
    cb = core_of(b)
    d = b.center - a.center
    aa = wp.max(wp.dot(ca, ca), 1.0e-9)
    bb = wp.max(wp.dot(cb, cb), 1.0e-9)
    ab = wp.dot(ca, cb)
    det = aa * bb - ab * ab
    s = float(0.0)
    if det > 1.0e-6 * aa * bb:
        s = wp.clamp((wp.dot(d, ca) * bb - wp.dot(d, cb) * ab) / det, -1.0, 1.0)
    t = wp.clamp(wp.dot(ca * s - d, cb) / bb, -1.0, 1.0)
    s = wp.clamp(wp.dot(d + cb * t, ca) / aa, -1.0, 1.0)
    out = d + cb * t - ca * s
    distance = wp.length(out)
    gap = distance - a.radius - b.radius
    if gap >= 0.0:
        return m
    m.normal = wp.where(distance > 1.0e-5, out / wp.max(distance, 1.0e-5), wp.vec3(1.0, 0.0, 0.0))
    return with_point(m, a.center + ca * s + m.normal * (a.radius + 0.5 * gap), gap)


@wp.func
def part_of(box: Body, part: int) -> Body:
    """What of a car is under the height of its bonnet (0), and what is behind its bonnet (1); all of a box without one."""
    out = box
    if part == 0:
        out.half[2] = box.half[2] - 0.5 * box.bonnet[1]
        out.center = box.center - axis_of(box.axes, 2) * (0.5 * box.bonnet[1])
    else:
        out.half[0] = box.half[0] - 0.5 * box.bonnet[0]
        out.center = box.center - axis_of(box.axes, 0) * (0.5 * box.bonnet[0])
    return out


@wp.func
def at_edge(m: Manifold, box: Body) -> Manifold:
    """A contact with a car's front as its leading edge makes it: at one point, at most half as high as the car.

    What a front strikes under its edge are legs, which give way: a person turns over the edge (of 0.65 m to 0.85 m, EEVC WG17 1998).
    """
    if m.n < 2 or wp.dot(m.normal, axis_of(box.axes, 0)) < wp.static(FRONT):
        return m
    up = axis_of(box.axes, 2)
    k = wp.where(wp.dot(point_of(m, 1) - point_of(m, 0), up) > 0.0, 1, 0)
    top = point_of(m, k)
    low = wp.dot(point_of(m, 1 - k) - box.center, up)
    over = wp.dot(top - box.center, up)
    out = m
    out.n = 0
    return with_point(out, top - up * wp.max(over - wp.max(low, 0.0), 0.0), m.gap[k])


@wp.func
def collide_hull_capsule(box: Body, cap: Body) -> Manifold:
    """Contact of a box, or of a car with its bonnet, and a capsule: the deeper one of its parts."""
    out = Manifold()
    deepest = float(0.0)
    for part in range(wp.where(box.bonnet[0] > 0.0, 2, 1)):
        m = collide_box_capsule(part_of(box, part), cap)
        depth = greatest_depth(m)
        if box.bonnet[0] > 0.0:
            m = at_edge(m, box)
        if m.n > 0 and depth >= deepest:
            deepest = depth
            out = m
    return out


@wp.func
def collide(a: Body, b: Body) -> Manifold:
    """Contact of two bodies of any shape, none if they do not overlap."""
    if a.radius > 0.0 and b.radius > 0.0:
        return collide_capsules(a, b)
    if a.radius > 0.0 or b.radius > 0.0:
        box = a
        cap = b
        if a.radius > 0.0:
            box = b
            cap = a
        m = collide_hull_capsule(box, cap)
        if a.radius > 0.0:
            m.normal = -m.normal
        return m
    return collide_boxes(a, b)
