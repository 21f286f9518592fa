"""Animals that walk and gallop: a dog and a deer of sweethome3d-furniture, given bones, coats and gaits."""

from __future__ import annotations

import falls
import numpy as np
import numpy.typing as npt
import people
import sh3f
from manifest import record
from pack import ASSETS, Gait, Piece, write_glb, write_spec
from people import Body
from quadruped import JOINTS, LEGS, TRUNK, Beast, Mover, Steps, weights_of
from rigging import four
from sh3f import Look, Soup
from shape import grid_faces, tube, welded
from skeleton import skin

from sim.render.mesh import Material, Semantic

Array = npt.NDArray[np.float64]


def beast(text: str, radius: dict[str, float], factor: float = 1.0, drop: float = 0.0, **more: object) -> Beast:
    """An animal from a table of points ``name x y z`` of its trunk and left legs; right legs mirror them.

    Args:
        text: Points in the source, parted by commas.
        radius: By part [m of the source].
        factor: Size against the source.
        drop: Height of the ground in the source [m].
        more: Other fields of `Beast`.
    """
    points = {}
    for row in filter(None, (r.strip() for r in text.split(","))):
        name, *xyz = row.split()
        points[name] = (np.array([float(v) for v in xyz]) - [0.0, 0.0, drop]) * factor
        if name[1:3] == "l_":
            points[name[0] + "r" + name[2:]] = points[name] * [1.0, -1.0, 1.0]
    ends = {"nose": points["nose"], **{f"{leg}_tip": points[f"{leg}_tip"] for leg in LEGS}}
    return Beast(np.array([points[n] for n in JOINTS]), ends, {k: v * factor for k, v in radius.items()}, **more)  # type: ignore[arg-type]


def body_of(soup: Soup, animal: Beast, loose: str = "") -> Body:
    """A welded body with bones; components of looks that match ``loose`` follow, as one, the place nearest to them."""
    index = welded(soup.corners)
    points = np.zeros((int(index.max()) + 1, 3))
    points[index.ravel()] = soup.corners.reshape(-1, 3)
    weights = weights_of(points, index, animal)
    return Body(
        soup,
        index,
        points,
        _attached(points, index, weights, soup.of_look(loose)) if loose else weights,
        animal.joints,
        animal.ends,
    )


def _attached(points: Array, index: npt.NDArray[np.int64], weights: Array, loose: npt.NDArray[np.bool_]) -> Array:
    """Weights in which ears, horns, locks of hair follow, as one, the place of the other faces that is nearest to them."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    edges = np.concatenate([index[:, [0, 1]], index[:, [1, 2]]])
    n = len(points)
    label = connected_components(coo_matrix((np.ones(len(edges)), edges.T), (n, n)), directed=False)[1]
    main = np.unique(index[~loose])
    tree = cKDTree(points[main])
    out = weights.copy()
    for component in np.setdiff1d(label[np.unique(index[loose])], label[main]):
        mine = np.flatnonzero(label == component)
        distance, nearest = tree.query(points[mine])
        out[mine] = weights[main[nearest[distance.argmin()]]]
    return out


def save(
    name: str,
    body: Body,
    mover: Mover,
    materials: list[Material],
    walk: Steps,
    run: Steps,
    spec: dict[str, object],
    changed: str,
) -> None:
    """Write an animal: mesh, gaits, spec and entry of the manifest."""
    stand = mover.standing()
    mesh, vertex = people.mesh_of(body, materials, Semantic.ANIMAL)
    bones, weights = four(body.weights[vertex])
    gaits = {
        "stand": Gait(0.0, stand),
        "walk": Gait(walk.stride, mover.cycle(walk)),
        "run": Gait(run.stride, mover.cycle(run)),
    }
    shown = skin(body.points, body.weights, stand[0])
    lower, upper = shown.min(axis=0), shown.max(axis=0)
    gaits["fall"] = Gait(0.0, falls.animal_fall(mover))
    credit = body.soup.credit
    spec = {
        "name": name, "mesh": f"{name}.glb", **spec, "category": "animal", "semantic": "animal",
        "size": (upper - lower).tolist(), "box_center": ((upper + lower) / 2).tolist(),
    }  # fmt: skip
    spec["mass"] = spec.pop("mass")
    variants = spec.pop("variants", None)
    spec |= {"uniform_scale": True} | ({"variants": variants} if variants else {})
    spec |= {
        "credits": [f"{credit['creator']}, {credit['licence']}, {credit['package']}; changed: {changed}"],
    }
    folder = ASSETS / "animals"
    size = write_glb(folder / f"{name}.glb", [Piece("body", mesh, "clip", joints=bones, weights=weights)], gaits)
    write_spec(folder / f"{name}.yaml", spec, "animals.py")
    record(folder / f"{name}.glb", [credit], changed)
    print(
        f"{name:16s} {len(mesh.triangles):6d} triangles {size / 1024:6.0f} KB {np.round(upper - lower, 2)}", flush=True
    )


# Phases of landing: walks are four-beat; gallops gather all legs below the body once a cycle.
WALK_LAG = {"hl": 0.0, "fl": 0.25, "hr": 0.5, "fr": 0.75}
GALLOP_LAG = {"hl": 0.0, "hr": 0.09, "fl": 0.42, "fr": 0.52}
DOG = beast(
    """hips -0.22 0 0.32, spine -0.08 0 0.31, chest 0.06 0 0.31, neck 0.14 0.005 0.35, head 0.19 0.02 0.38, nose 0.3 0.11 0.35,
    fl_up 0.075 0.09 0.28, fl_low 0.055 0.13 0.19, fl_can 0.075 0.125 0.065, fl_paw 0.082 0.122 0.03, fl_tip 0.125 0.12 0.01,
    hl_up -0.225 0.075 0.31, hl_low -0.195 0.085 0.205, hl_can -0.297 0.063 0.075, hl_paw -0.285 0.066 0.025, hl_tip -0.25 0.068 0.01""",
    {"hips": 0.085, "spine": 0.1, "chest": 0.11, "neck": 0.09, "head": 0.1, "f_up": 0.05, "f_low": 0.033, "f_can": 0.03, "f_paw": 0.03,
     "h_up": 0.055, "h_low": 0.03, "h_can": 0.024, "h_paw": 0.026},
    head_yaw=46.0, track={"f": 0.1, "h": 0.065}, crouch=0.955,
)  # fmt: skip
DOG_WALK = Steps(
    stride=0.46, stance=0.62, lag=WALK_LAG, lift=0.16, bob=0.006, pitch=0.0, nod=3.0, rocks=2.0,
    cannon={"f": ((0.0, -12.0), (0.3, 0.0), (0.62, 26.0), (0.76, 58.0), (0.92, 0.0), (1.0, -12.0)),
            "h": ((0.0, -26.0), (0.3, -14.0), (0.62, 22.0), (0.76, 44.0), (0.92, -14.0), (1.0, -26.0))},
    fold={"f": ((0.0, 0.0), (0.62, 0.0), (0.75, 50.0), (0.93, 0.0), (1.0, 0.0)),
          "h": ((0.0, 0.0), (0.62, 0.0), (0.75, 40.0), (0.93, 0.0), (1.0, 0.0))},
)  # fmt: skip
DOG_RUN = Steps(
    stride=1.15, stance=0.26, lag=GALLOP_LAG, lift=0.34, bob=0.02, pitch=7.0, flex=9.0, nod=-5.0, frames=16, sink=0.015,
    cannon={"f": ((0.0, -16.0), (0.13, 0.0), (0.26, 34.0), (0.5, 85.0), (0.8, 30.0), (1.0, -16.0)),
            "h": ((0.0, -34.0), (0.13, -10.0), (0.26, 34.0), (0.5, 62.0), (0.8, -10.0), (1.0, -34.0))},
    fold={"f": ((0.0, 0.0), (0.26, 0.0), (0.5, 70.0), (0.9, 0.0), (1.0, 0.0)),
          "h": ((0.0, 0.0), (0.26, 0.0), (0.5, 60.0), (0.9, 0.0), (1.0, 0.0))},
)  # fmt: skip


def build_dog() -> None:
    """Write the dog."""
    soup = sh3f.load("blendswap-cc-by/bulldog")
    soup = soup.pick(np.ones(len(soup), bool))
    soup.corners = soup.corners + np.array([0.0, 0.0165, 0.0])
    soup = people.thinned(soup, 7000)
    people.whole_uvs(soup)
    colors = {
        "collier_noir": Material("collar", (0.02, 0.02, 0.022), 0.6),
        "metal_collier": Material("studs", (0.6, 0.6, 0.6), 0.3, 0.9),
        "yeux": Material("eyes", (0.015, 0.012, 0.01), 0.1, clearcoat=1.0),
    }
    materials = [colors.get(x.name) or Material(x.name, (0.9, 0.9, 0.9), 0.85, texture=x.texture) for x in soup.looks]
    body = body_of(soup, DOG)
    save(
        "dog",
        body,
        Mover(DOG),
        materials,
        DOG_WALK,
        DOG_RUN,
        {"kinds": ["dog"], "mass": 24.0},
        "rigged, taken to walk and gallop, thinned out",
    )


DEER_SCALE = 8.6
DEER_GROUND = 0.0115
DEER = beast(
    """hips -0.03 0 0.1, spine -0.01 0 0.1, chest 0.012 0 0.1, neck 0.022 0 0.114, head 0.016 0 0.15,
    nose 0.042 0 0.16,
    fl_up 0.025 0.0105 0.099, fl_low 0.027 0.0115 0.085, fl_can 0.0435 0.0113 0.0685,
    fl_paw 0.026 0.009 0.0515, fl_tip 0.0205 0.0085 0.0485,
    hl_up -0.031 0.0105 0.094, hl_low -0.0235 0.0125 0.079, hl_can -0.0373 0.0115 0.0555,
    hl_paw -0.0252 0.0083 0.0165, hl_tip -0.0236 0.0078 0.0116""",
    {"hips": 0.0205, "spine": 0.0195, "chest": 0.017, "neck": 0.011, "head": 0.011,
     "f_up": 0.01, "f_low": 0.006, "f_can": 0.005, "f_paw": 0.004,
     "h_up": 0.008, "h_low": 0.0075, "h_can": 0.006, "h_paw": 0.005},
    DEER_SCALE, DEER_GROUND,
    stretch={"f_low": 1.75, "f_can": 1.25},
    slim={"f_low": 0.8, "f_can": 0.6, "f_paw": 0.62, "h_low": 0.8, "h_can": 0.55, "h_paw": 0.55},
    paw={"f": 22.0, "h": 22.0},
    trunk={"neck": 26.0, "head": 30.0}, track={"f": 0.075, "h": 0.075}, crouch=0.975,
)  # fmt: skip
DEER_WALK = Steps(
    stride=1.35, stance=0.62, lag=WALK_LAG, lift=0.11, bob=0.008, nod=4.0, rocks=2.0,
    cannon={"f": ((0.0, -14.0), (0.3, -1.0), (0.62, 24.0), (0.76, 50.0), (0.92, -6.0), (1.0, -14.0)),
            "h": ((0.0, -24.0), (0.3, -10.0), (0.62, 22.0), (0.76, 46.0), (0.92, -14.0), (1.0, -24.0))},
    fold={"f": ((0.0, 0.0), (0.62, 10.0), (0.76, 60.0), (0.93, 0.0), (1.0, 0.0)),
          "h": ((0.0, 0.0), (0.62, 10.0), (0.76, 50.0), (0.93, 0.0), (1.0, 0.0))},
)  # fmt: skip
DEER_RUN = Steps(
    stride=3.2, stance=0.22, lag=GALLOP_LAG, lift=0.27, bob=0.05, pitch=8.0, flex=8.0, nod=-6.0, frames=24, sink=0.045,
    cannon={"f": ((0.0, -18.0), (0.11, 0.0), (0.22, 34.0), (0.48, 95.0), (0.8, 30.0), (1.0, -18.0)),
            "h": ((0.0, -36.0), (0.11, -8.0), (0.22, 36.0), (0.48, 66.0), (0.8, -12.0), (1.0, -36.0))},
    fold={"f": ((0.0, 0.0), (0.22, 10.0), (0.48, 80.0), (0.9, 0.0), (1.0, 0.0)),
          "h": ((0.0, 0.0), (0.22, 10.0), (0.48, 70.0), (0.9, 0.0), (1.0, 0.0))},
)  # fmt: skip


def _ear(side: float) -> Array:
    """A leaf-shaped ear of the statue, cupped, in the source's frame; triangles (n, 3, 3)."""
    root, tip = np.array([0.0135, 0.0068 * side, 0.157]), np.array([0.006, 0.0215 * side, 0.163])
    along = tip - root
    across = np.array([-0.35, 0.0, 1.0])
    across -= (across @ along) / (along @ along) * along
    across /= np.linalg.norm(across)
    rings = []
    for t in np.linspace(0.0, 1.0, 7):
        half = 0.0046 * np.sin(np.pi * (0.12 + 0.88 * t)) ** 0.7
        back = np.array([-0.0016, 0.0, 0.0]) * np.sin(np.pi * t)
        rings.append([root + t * along + s * half * across + (1 - s * s) * back for s in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    return grid_faces(np.array(rings), closed=False)


def _antler(side: float) -> Array:
    """Two more tines for the statue's bare antlers, in the source's frame; triangles (n, 3, 3)."""
    tines = []
    for root, tip in (
        ((-0.024, 0.0165, 0.176), (-0.021, 0.02, 0.19)),
        ((-0.006, 0.0125, 0.168), (0.006, 0.0165, 0.1755)),
    ):
        a, b = np.array(root) * [1.0, side, 1.0], np.array(tip) * [1.0, side, 1.0]
        path = np.array([a, (a + b) / 2 + [0.0007, 0.0, -0.001], b])
        tines.append(tube(path, np.array([0.0013, 0.001, 0.0003]), 6))
    return np.concatenate(tines)


def _deer() -> Soup:
    """The statue without its plinth, with ears and tines, at the size of a deer; looks: coat, horn, nose."""
    soup = sh3f.load("blendswap-cc-0/deer")
    soup = soup.pick(soup.corners[:, :, 2].min(axis=1) > DEER_GROUND - 1e-4)
    parts = [soup.corners, *(_ear(s) for s in (1.0, -1.0)), *(_antler(s) for s in (1.0, -1.0))]
    corners = np.concatenate(parts)
    center = corners.mean(axis=1)
    ear = np.zeros(len(corners), bool)
    ear[len(parts[0]) : len(parts[0]) + len(parts[1]) + len(parts[2])] = True
    x, _, z = center.T
    look = np.zeros(len(corners), np.int32)
    look[((z > 0.1655) | ((x < 0.0115) & (z > 0.1585))) & ~ear] = 1
    look[np.linalg.norm(center - [0.0425, 0.0, 0.1595], axis=1) < 0.0042] = 2
    # Antlers of a younger stag: shrunk towards their roots.
    horn = ((corners[..., 2] > 0.1655) | ((corners[..., 0] < 0.0115) & (corners[..., 2] > 0.1585))) & ~ear[:, None]
    root = np.stack(
        [np.full(horn.shape, 0.0115), 0.0085 * np.sign(corners[..., 1]), np.full(horn.shape, 0.161)], axis=-1
    )
    corners = np.where(horn[..., None], root + 0.72 * (corners - root), corners)
    corners = (corners - np.array([0.0, 0.0, DEER_GROUND])) * DEER_SCALE
    n = len(corners)
    names = ("coat", "horn", "nose")
    return Soup(corners, np.zeros((n, 3, 2)), look, np.zeros(n, np.int32), [Look(x) for x in names], [""], soup.credit)


def smooth_noise(shape: tuple[int, int], sigma: tuple[float, float], seed: int) -> Array:
    """Noise of unit deviation, blurred, periodic."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), sigma, mode="wrap")
    return noise / noise.std()


def _coat(lower: Array, upper: Array, animal: Mover) -> npt.NDArray[np.uint8]:
    """Side view of a deer's coat, sRGB with alpha: brown back, pale belly and rump, grey legs, dark eyes."""
    width, height = 512, 512
    x = np.linspace(lower[0], upper[0], width)[None, :]
    z = np.linspace(upper[2], lower[2], height)[:, None]
    stand = animal.standing()[0]
    at = {n: stand[i, :, :3] @ animal.beast.joints[i] + stand[i, :, 3] for i, n in enumerate(JOINTS)}
    nose = stand[TRUNK.index("head"), :, :3] @ animal.beast.ends["nose"] + stand[TRUNK.index("head"), :, 3]

    def ramp(v: Array, a: float, b: float) -> Array:
        t = np.clip((v - a) / (b - a), 0.0, 1.0)
        return (t * t * (3 - 2 * t))[..., None]

    back, belly = at["spine"][2] + 0.1, at["spine"][2] - 0.15
    color = np.ones((height, width, 1)) * np.array([142.0, 99.0, 64.0])
    color += ramp(z + 0 * x, back - 0.1, back) * np.array([-34.0, -28.0, -20.0])
    trunk = ramp(x + 0 * z, at["hips"][0] - 0.1, at["hips"][0] + 0.1) * (
        1 - ramp(x + 0 * z, at["chest"][0] + 0.08, at["chest"][0] + 0.16)
    )
    pale = (
        (1 - ramp(z + 0.1 * np.sin(x * 7), belly, belly + 0.13)) * ramp(z + 0 * x, belly - 0.16, belly - 0.06) * trunk
    )
    color += pale * (np.array([196.0, 178.0, 150.0]) - color) * 0.75
    legs = 1 - ramp(z + 0 * x, 0.3, 0.62)
    color += legs * (np.array([104.0, 84.0, 66.0]) - color) * 0.7
    color += (1 - ramp(z + 0 * x, 0.045, 0.055)) * (np.array([34.0, 30.0, 27.0]) - color)
    rump = np.exp(-(((x - lower[0] - 0.05) / 0.075) ** 2) - ((z - at["hips"][2] + 0.05) / 0.12) ** 2)[..., None]
    color += np.clip(1.6 * rump, 0, 1) * (np.array([216.0, 206.0, 188.0]) - color) * 0.85
    tail = np.exp(-(((x - lower[0] - 0.03) / 0.03) ** 2) - ((z - at["hips"][2] + 0.02) / 0.03) ** 2)[..., None]
    color += tail * (np.array([30.0, 24.0, 20.0]) - color)
    for dx, dz, size, tint in ((0.0, 0.0, 0.05, (70.0, 56.0, 46.0)), (-0.03, -0.05, 0.035, (190.0, 178.0, 160.0))):
        spot = np.exp(-(((x - nose[0] - dx) ** 2 + (z - nose[2] - dz) ** 2) / size**2))[..., None]
        color += np.clip(spot, 0, 1) * (np.array(tint) - color) * 0.8
    eye = at["head"] + 0.5 * (nose - at["head"]) + np.array([-0.012, 0.0, 0.034])
    away = np.hypot((x - eye[0]) / 1.3, z - eye[2])
    color += (1 - ramp(away, 0.02, 0.034)) * (np.array([150.0, 122.0, 92.0]) - color) * 0.7
    color += (1 - ramp(away, 0.0105, 0.0165)) * (np.array([14.0, 11.0, 9.0]) - color)
    fur = 0.055 * smooth_noise((height, width), (1.0, 3.0), 1) + 0.05 * smooth_noise((height, width), (14.0, 20.0), 2)
    out = np.full((height, width, 4), 255, np.uint8)
    out[..., :3] = np.clip(0.84 * color * (1 + fur[..., None]), 0, 255)
    return out


def build_deer() -> None:
    """Write the deer."""
    soup = people.thinned(_deer(), 6000)
    body = body_of(soup, DEER)
    mover = Mover(DEER)
    mover.put_on_ground(body.points, body.weights)
    shown = skin(body.points, body.weights, mover.standing()[0])
    lower, upper = shown.min(axis=0), shown.max(axis=0)
    corners = shown[body.index]
    body.soup.uvs = (
        np.stack([(corners[..., 0] - lower[0]), (upper[2] - corners[..., 2])], axis=-1) / (upper - lower)[[0, 2]]
    )
    materials = [
        Material("coat", (0.95, 0.95, 0.95), 0.9, texture=_coat(lower, upper, mover)),
        Material("horn", (0.16, 0.12, 0.085), 0.7),
        Material("nose", (0.012, 0.011, 0.011), 0.35),
    ]
    save("deer", body, mover, materials, DEER_WALK, DEER_RUN, {"kinds": ["deer"], "mass": 75.0},
          "plinth cut, rigged, taken to stand, walk and gallop, coat painted, ears and tines added")  # fmt: skip


ALL = {"dog": build_dog, "deer": build_deer}
