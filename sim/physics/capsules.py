"""Where people and animals, who are capsules, touch each other, boxes and cars with their bonnets; `collide`: any two bodies (`wp.func`s).

The core of a capsule, a line, is held against the box or the other core (Ericson 2005, Real-time collision detection, ch. 5).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.physics.body import Body, axis_of
from sim.physics.collide import Manifold, collide_boxes, greatest_depth, point_of, with_point

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

FRONT = 0.7
"""Cosine to a car's axis from which a normal is that of its front."""
FAR = 0.5
"""Ends of a capsule that do not touch a face yet belong to its contact up to this gap: who is thrown at a wall turns fast [m]."""
LEVER = 0.15
"""How far under his centre of gravity a car's front strikes a person at most, as his legs give way [m] (chosen)."""


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
        # The face's own normal: a hair off it, points far along the face would seem centimetres nearer or farther.
        n = wp.vec3(
            wp.where(k == 0, wp.sign(n[0]), 0.0),
            wp.where(k == 1, wp.sign(n[1]), 0.0),
            wp.where(k == 2, wp.sign(n[2]), 0.0),
        )
        m.normal = box.axes * n
        ends = over_face(box.half, middle, core, k)
        for i in range(2):
            p = middle + core * ends[i]
            gap = wp.dot(p, n) - box.half[k] - cap.radius
            if ends[1] > ends[0] and gap < wp.static(FAR):
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
def at_edge(m: Manifold, box: Body, cog: wp.vec3) -> Manifold:
    """A contact with a car's front as its leading edge makes it: at one point, half as high as the car (0.65 m to 0.85 m, EEVC WG17 1998).

    What a front strikes under its edge are legs, which give way: a person turns over the edge. Who is struck further under the centre
    of gravity ``cog`` than `LEVER` is struck by the bonnet above the edge; who has it under the edge, as a child, by the whole front.
    """
    if m.n < 2 or wp.dot(m.normal, axis_of(box.axes, 0)) < wp.static(FRONT):
        return m
    up = axis_of(box.axes, 2)
    k = wp.where(wp.dot(point_of(m, 1) - point_of(m, 0), up) > 0.0, 1, 0)
    top = point_of(m, k)
    low = wp.dot(point_of(m, 1 - k) - box.center, up)
    over = wp.dot(top - box.center, up)
    middle = wp.dot(cog - box.center, up)
    aim = wp.max(wp.max(low, 0.0), middle - wp.static(LEVER))
    if aim >= middle:
        return m
    out = m
    out.n = 0
    return with_point(out, top - up * wp.max(over - aim, 0.0), m.gap[k])


@wp.func
def collide_hull_capsule(box: Body, cap: Body) -> Manifold:
    """Contact of a box, or of a car with its bonnet, and a capsule: the deeper one of its parts."""
    out = Manifold()
    deepest = float(0.0)
    for part in range(wp.where(box.bonnet[0] > 0.0, 2, 1)):
        m = collide_box_capsule(part_of(box, part), cap)
        depth = greatest_depth(m)
        if box.bonnet[0] > 0.0:
            m = at_edge(m, box, cap.cog)
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
