"""Clothes, hair and shoes for MakeHuman's bodies: shells cut from its helper meshes and its own skin, pushed out and creased."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from makehuman import Human, Ints
from shape import face_normals
from skeleton import ROW, end_of, vertex_normals

Array = npt.NDArray[np.float64]


@dataclass
class Shell:
    """Part of a dressed body."""

    look: str
    points: Array
    """Rest pose [m], (nvertex, 3)."""
    faces: Ints
    """(ntriangle, 3)."""
    weights: Array
    """(nvertex, 19)."""
    uvs: Array
    """Of each corner, v from the top, (ntriangle, 3, 2)."""

    def keep(self, mask: npt.NDArray[np.bool_]) -> Shell:
        """Only some triangles."""
        return Shell(self.look, self.points, self.faces[mask], self.weights, self.uvs[mask])


def along(h: Human, name: str, points: Array) -> Array:
    """How far along a bone points lie, 0 at its joint and 1 at its end, (npoint,)."""
    a, b = h.joints[ROW[name]], end_of(h.joints, h.ends, name)
    return (points - a) @ (b - a) / float((b - a) @ (b - a))


def reach(h: Human, weights: Array, points: Array, limb: str) -> Array:
    """Place on a limb: 0 at shoulder or hip, 1 at elbow or knee, 2 at wrist or ankle; negative on the trunk, (npoint,).

    Args:
        h: The body.
        weights: Of the points.
        points: In the rest pose.
        limb: arm or leg.
    """
    upper, lower = ("arm", "fore") if limb == "arm" else ("thigh", "shin")
    rest = ("hand",) if limb == "arm" else ("foot", "toe")
    out = np.full(len(points), -1.0)
    for s in "lr":
        w = {part: weights[:, ROW[f"{s}_{part}"]] for part in (upper, lower, *rest)}
        mine = sum(w.values()) > 0.5
        t = np.where(w[lower] > w[upper], 1.0 + along(h, f"{s}_{lower}", points), along(h, f"{s}_{upper}", points))
        t = np.where(sum(w[r] for r in rest) > 0.5, np.maximum(t, 2.0), t)
        out[mine] = t[mine]
    return out


def clipped(shell: Shell, value: Array) -> Shell:
    """What lies where a value of its points is positive; points of cut triangles slide onto the line, which gives a clean hem."""
    keep = np.asarray((value[shell.faces] > 0).any(axis=1))
    out = shell.keep(keep)
    points, moved = out.points.copy(), np.zeros(len(out.points))
    for a, b in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
        i, j = out.faces[:, a], out.faces[:, b]
        cross = (value[i] <= 0) & (value[j] > 0)
        t = (value[i] / np.minimum(value[i] - value[j], -1e-9))[cross, None]
        to = out.points[i[cross]] + t * (out.points[j[cross]] - out.points[i[cross]])
        first = moved[i[cross]] == 0
        points[i[cross][first]] = to[first]
        moved[i[cross]] = 1
    return Shell(out.look, points, out.faces, out.weights, out.uvs)


def wrinkle(points: Array, seed: float, size: float) -> Array:
    """Smooth noise of about unit range: sums of waves in directions that never repeat, (npoint,)."""
    rng = np.random.default_rng(int(seed * 1000))
    total = np.zeros(len(points))
    for k in range(9):
        d = rng.normal(size=3) * (1.0, 1.0, 1.5)
        total += np.sin(points @ (d * (2.2 + 0.35 * k) / size) + rng.uniform(0, 6.28)) / (1.0 + 0.25 * k)
    return total / 4.0


def folds(h: Human, points: Array, weights: Array, size: float = 0.055) -> Array:
    """How strongly cloth is creased: at elbows, knees, crotch and waist, (npoint,)."""
    arm, leg = reach(h, weights, points, "arm"), reach(h, weights, points, "leg")
    near = lambda t, at, wide: np.exp(-(((t - at) / wide) ** 2))  # noqa: E731
    waist = near(points[:, 2], h.joints[ROW["spine"], 2], 2.2 * size)
    trunk = (arm < 0) & (leg < 0)
    strength = (
        near(arm, 1.0, 0.45)
        + 0.7 * near(arm, 1.9, 0.3)
        + near(leg, 1.0, 0.3)
        + near(leg, 0.0, 0.3)
        + 0.9 * near(leg, 1.95, 0.25)
    )
    return np.where(trunk, 0.25 + waist, 0.3 + strength)


def tights(h: Human, look: str, group: str = "helper-tights") -> Shell:
    """A helper mesh as a shell, textured from the front and from behind."""
    faces = h.faces[group][0]
    shell = Shell(look, h.points, faces, h.weights, np.zeros((len(faces), 3, 2)))
    return shell


def two_sided(shell: Shell, lower: Array, upper: Array) -> Shell:
    """Lays a picture on a shell: its front in the left half, its back in the right.

    Args:
        shell: The shell.
        lower: Least y and z of the picture [m].
        upper: Greatest y and z [m].
    """
    corners = shell.points[shell.faces]
    behind = face_normals(corners)[:, 0] < 0
    y = (corners[..., 1] - lower[0]) / (upper[0] - lower[0])
    z = (corners[..., 2] - lower[1]) / (upper[1] - lower[1])
    u = np.clip(1.0 - y, 0.01, 0.99) * 0.5
    u = np.where(behind[:, None], 1.0 - u, u)
    shell.uvs = np.stack([u, np.clip(1.0 - z, 0.01, 0.99)], axis=-1)
    return shell


def pushed(shell: Shell, by: Array) -> Shell:
    """A shell moved out along its normals [m]."""
    normals = vertex_normals(shell.points, shell.faces)
    return replace(shell, points=shell.points + normals * by[:, None])


def smoothed(shell: Shell, rounds: int, share: Array) -> Shell:
    """A shell whose points move towards their neighbours: cloth that spans hollows instead of following skin."""
    edges = np.concatenate([shell.faces[:, [0, 1]], shell.faces[:, [1, 2]], shell.faces[:, [2, 0]]])
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    once = np.concatenate([shell.faces[:, [0, 1]], shell.faces[:, [1, 2]], shell.faces[:, [2, 0]]])
    pairs, count = np.unique(np.sort(once, axis=1), axis=0, return_counts=True)
    border = np.zeros(len(shell.points), bool)
    border[pairs[count == 1]] = True
    degree = np.bincount(edges.ravel(), minlength=len(shell.points))
    points = shell.points.copy()
    move = np.where((degree > 0) & ~border, share, 0.0)[:, None]
    for _ in range(rounds):
        total = np.zeros_like(points)
        np.add.at(total, edges[:, 0], points[edges[:, 1]])
        np.add.at(total, edges[:, 1], points[edges[:, 0]])
        points += move * (total / np.maximum(degree, 1)[:, None] - points)
    return Shell(shell.look, points, shell.faces, shell.weights, shell.uvs)


def garment(h: Human, look: str, value: Array, thick: float, loose: Array, crease: float, seed: float) -> Shell:
    """A piece of clothing cut from the tights.

    Args:
        h: The body.
        look: Its material.
        value: Positive where it lies, of the base mesh's points.
        thick: Distance from the tights [m].
        loose: More of it, of the base mesh's points [m].
        crease: Depth of folds [m].
        seed: Of the folds.
    """
    shell = clipped(tights(h, look), value)
    trunk = reach(h, h.weights, h.points, "arm") < 0
    shell = smoothed(shell, 14 if look == "top" else 6, np.where(trunk, 0.6, 0.3))
    deep = wrinkle(shell.points, seed, 0.075) + 0.6 * wrinkle(shell.points, seed + 0.5, 0.04)
    shell = pushed(shell, thick + loose + crease * folds(h, shell.points, shell.weights) * deep)
    lower = np.array([h.points[:, 1].min(), h.points[:, 2].min()])
    upper = np.array([h.points[:, 1].max(), h.joints[ROW["head"], 2]])
    return two_sided(shell, lower, upper)


def top(
    h: Human, look: str, sleeve: float, hem: float, thick: float, crease: float, seed: float, belly: float = 0.0
) -> Shell:
    """Shirt, jacket or coat.

    Args:
        h: The body.
        look: Its material.
        sleeve: Where sleeves end: 0.5 the middle of the upper arm, 1.95 the wrist.
        hem: Where it ends below the pelvis' joint, as a share of the way to the knee.
        thick: Of the cloth [m].
        crease: Depth of folds [m].
        seed: Of the folds.
        belly: How much wider at the hem [m].
    """
    p, w = h.points, h.weights
    arm = reach(h, w, p, "arm")
    hip, end = h.joints[ROW["pelvis"], 2], hem_of(h, hem)
    collar = collar_of(h)
    height = np.minimum(p[:, 2] - end, collar - p[:, 2])
    value = np.where(arm >= 0, np.minimum((sleeve - arm) * 0.25, np.where(arm < 0.3, height, 1.0)), height)
    value = np.where(arm >= 0.3, (sleeve - arm) * 0.25, value)
    down = np.clip((hip + 0.12 - p[:, 2]) / max(hip + 0.12 - end, 1e-3), 0.0, 1.0)
    cuff = np.clip(arm / 2.0, 0.0, 1.0)
    return garment(h, look, value, thick, np.where(arm >= 0, 0.008 * cuff, belly * down), crease, seed)


def hem_of(h: Human, hem: float) -> float:
    """Height of a top's lower edge [m]; ``hem`` as of `top`."""
    hip, knee = h.joints[ROW["pelvis"], 2], h.joints[ROW["l_shin"], 2]
    return float(hip - hem * (hip - knee))


def collar_of(h: Human) -> float:
    """Height where tops end at the neck [m]."""
    neck, head = h.joints[ROW["neck"], 2], h.joints[ROW["head"], 2]
    return float(neck + 0.25 * (head - neck))


def trousers(
    h: Human, look: str, leg: float, thick: float, wide: float, crease: float, seed: float, waist: float
) -> Shell:
    """Trousers or shorts.

    Args:
        h: The body.
        look: Their material.
        leg: Where they end: 1 the knee, 1.95 the ankle.
        thick: Of the cloth [m].
        wide: Flare at the hem [m].
        crease: Depth of folds [m].
        seed: Of the folds.
        waist: Height of what shows of them: the rest lies below the top [m].
    """
    p, w = h.points, h.weights
    at = reach(h, w, p, "leg")
    value = np.where(
        at >= 0,
        np.minimum((leg - at) * 0.4, waist - p[:, 2]),
        np.where(reach(h, w, p, "arm") >= 0, -1.0, waist - p[:, 2]),
    )
    loose = np.where(at >= 0, wide * np.clip(at / max(leg, 0.1), 0, 1) ** 0.7, 0.0)
    return garment(h, look, value, thick, loose, crease, seed)


def skirt(h: Human, look: str, length: float, seed: float, waist: float) -> Shell:
    """A skirt from the helper's.

    Args:
        h: The body.
        look: Its material.
        length: 1 to the ankles as it comes, 0.5 to the knees.
        seed: Of its pleats.
        waist: Height of what shows of it [m].
    """
    shell = tights(h, look, "helper-skirt")
    z = shell.points[np.unique(shell.faces), 2]
    end = z.max() - length * (z.max() - z.min())
    shell = clipped(shell, np.minimum(shell.points[:, 2] - end, waist - shell.points[:, 2]))
    down = np.clip((waist - shell.points[:, 2]) / (waist - end), 0.0, 1.0)
    angle = np.arctan2(shell.points[:, 1], shell.points[:, 0])
    pleat = 0.012 * down * np.sin(11 * angle + 3 * np.sin(2 * angle + seed))
    shell = pushed(shell, 0.022 * down**0.7 + pleat)
    lower = np.array([h.points[:, 1].min(), h.points[:, 2].min()])
    upper = np.array([h.points[:, 1].max(), h.joints[ROW["head"], 2]])
    # Skirts hang from the hips and follow the thighs, less the lower they reach.
    weights = np.zeros_like(shell.weights)
    side = np.clip(0.5 + shell.points[:, 1] / 0.12, 0.0, 1.0)
    share = np.clip((h.joints[0, 2] - shell.points[:, 2]) / 0.13, 0.0, 1.0)
    weights[:, 0] = 1.0 - share
    weights[:, ROW["l_thigh"]], weights[:, ROW["r_thigh"]] = share * side, share * (1 - side)
    shell.weights = weights
    return two_sided(shell, lower, upper)


def shoes(h: Human, look: str, sole: float = 0.012) -> Shell:
    """Closed shoes over the tights' feet, with soles that reach the ground."""
    p = h.points
    leg = reach(h, h.weights, p, "leg")
    ankle = h.joints[ROW["l_foot"], 2]
    shell = clipped(tights(h, look), np.where(leg > 1.5, ankle + 0.02 - p[:, 2], -1.0))
    shell = smoothed(shell, 4, np.full(len(p), 0.4))
    shell = pushed(shell, np.full(len(p), 0.003))
    used = np.unique(shell.faces)
    low = shell.points[used, 2].min()
    flat = shell.points.copy()
    under = flat[:, 2] < low + 0.022
    flat[under, 2] = low - sole + 0.006 * np.clip((flat[under, 2] - low) / 0.022, 0, 1)
    shell.points = flat
    shell.uvs = np.zeros((len(shell.faces), 3, 2))
    return shell
