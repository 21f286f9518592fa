"""Triangle meshes and materials as every builder (assets, roads, scenery) hands them to the renderer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Semantic(IntEnum):
    """Class of a surface: Cityscapes' train classes first (same order), then Swerve's own."""

    ROAD = 0
    SIDEWALK = 1
    BUILDING = 2
    WALL = 3
    FENCE = 4
    POLE = 5
    TRAFFIC_LIGHT = 6
    TRAFFIC_SIGN = 7
    VEGETATION = 8
    TERRAIN = 9
    SKY = 10
    PERSON = 11
    RIDER = 12
    CAR = 13
    TRUCK = 14
    BUS = 15
    TRAIN = 16
    MOTORCYCLE = 17
    BICYCLE = 18
    ROAD_MARKING = 19
    GUARD_RAIL = 20
    ANIMAL = 21
    OBSTACLE = 22  # lost cargo, debris, pallets
    TRAFFIC_CONE = 23
    STATIC = 24  # bins, benches, hydrants
    VAN = 25
    TRAILER = 26
    VOID = 255  # pixels that no light reaches, beyond the field of a lens


class Surface(IntEnum):
    """Procedural surface evaluated in world or object space by the renderer; NONE takes base colour and texture as they are."""

    NONE = 0
    ASPHALT = 1
    CONCRETE = 2
    PAVING = 3
    GRASS = 4
    SOIL = 5
    BRICK = 6
    PLASTER = 7
    MARKING = 8
    GRAVEL = 9
    ROOF_TILE = 10
    WINDOW = 11  # facade glass: reflective, some lit at night
    BARK = 12
    LEAF = 13  # two-sided, transmits
    CAR_PAINT = 14  # base colour is replaced by the actor's paint; clear coat
    CLOTH = 15
    RUBBER = 16
    FUR = 17
    METAL = 18
    ICE = 19
    HOLE = 20  # gravel that water stands on where it is wet


class Role(IntEnum):
    """What a material stands for on an actor: lets the renderer recolour it or light it up by the actor's state."""

    NONE = 0
    PAINT = 1
    GLASS = 2
    HEAD_LAMP = 3
    TAIL_LAMP = 4
    BRAKE_LAMP = 5
    INDICATOR_LEFT = 6
    INDICATOR_RIGHT = 7
    REVERSE_LAMP = 8
    SIGNAL_RED = 9
    SIGNAL_AMBER = 10
    SIGNAL_GREEN = 11
    STREET_LAMP = 12
    CLOTH_TOP = 13
    CLOTH_BOTTOM = 14
    PLATE = 15
    BEACON = 16  # blue
    AMBER_BEACON = 17
    WARNING_LAMP = 18  # of road works: flashes by itself
    TUNNEL_LAMP = 19  # on by day and night


@dataclass(frozen=True)
class Material:
    """A surface in linear light, metallic-roughness model (glTF 2.0)."""

    name: str
    base_color: tuple[float, float, float] = (0.5, 0.5, 0.5)
    """Linear albedo, 0..1; multiplied with ``texture`` where there is one."""
    roughness: float = 0.8
    metallic: float = 0.0
    clearcoat: float = 0.0
    """Weight of a smooth dielectric layer on top (F0 = 0.04), 0..1."""
    transmission: float = 0.0
    """Share of light let straight through (thin glass), 0..1."""
    emission: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Emitted radiance [W/(m^2 sr), relative to the sky's scale], always on; lamps are switched by ``role``."""
    texture: npt.NDArray[np.uint8] | None = field(default=None, compare=False)
    """sRGB (height, width, 4) with alpha; None for none."""
    alpha_cutoff: float = 0.0
    """Texture alpha below this is a hole; 0 means opaque."""
    surface: Surface = Surface.NONE
    role: Role = Role.NONE


@dataclass
class MeshData:
    """Indexed triangles; normals and UVs are per vertex, so creases and seams duplicate vertices."""

    vertices: npt.NDArray[np.float32]
    """Positions [m], (nvertex, 3), ISO 8855 axes (x forward, y left, z up)."""
    triangles: npt.NDArray[np.int32]
    """Vertex indices, (ntriangle, 3), counter-clockwise seen from outside."""
    normals: npt.NDArray[np.float32]
    """Unit normals, (nvertex, 3)."""
    uvs: npt.NDArray[np.float32]
    """Texture coordinates, v from the top, (nvertex, 2)."""
    material: npt.NDArray[np.int32]
    """Index into ``materials``, (ntriangle,)."""
    semantic: npt.NDArray[np.uint8]
    """`Semantic` of each triangle, (ntriangle,)."""
    materials: list[Material]
    part: npt.NDArray[np.uint8] | None = None
    """`sim.render.parts.Part` of each triangle as far as the mesh's maker knows it, 0 where not, (ntriangle,)."""
    keypoints: npt.NDArray[np.float32] | None = None
    """COCO's 17 keypoints of a person [m], (17, 3)."""

    @property
    def bounds(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Lower and upper corner [m], each (3,)."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)


@dataclass(frozen=True)
class Light:
    """A lamp that lights the scene at night: a point source with a cone."""

    pos: tuple[float, float, float]
    """Position [m] in the frame of its owner (map or actor)."""
    direction: tuple[float, float, float]
    """Axis of the cone, unit vector in the same frame."""
    intensity: tuple[float, float, float]
    """Radiant intensity on the axis, linear RGB, in the sky's scale times m^2."""
    cos_inner: float = 0.5
    cos_outer: float = 0.0
    """Full intensity inside ``cos_inner``, none outside ``cos_outer``."""
    role: Role = Role.STREET_LAMP


def merge(meshes: list[MeshData]) -> MeshData:
    """One mesh of several, with a joint material list (equal materials without texture are shared)."""
    materials: list[Material] = []
    index: dict[Material, int] = {}
    parts: dict[str, list[np.ndarray]] = {
        key: [] for key in ("vertices", "triangles", "normals", "uvs", "material", "semantic", "part")
    }
    base = 0
    for mesh in meshes:
        remap = np.empty(len(mesh.materials), np.int32)
        for i, material in enumerate(mesh.materials):
            known = index.get(material) if material.texture is None else None
            if material.texture is not None:
                known = next((k for k, other in enumerate(materials) if other is material), None)
            if known is None:
                known = len(materials)
                materials.append(material)
                if material.texture is None:
                    index[material] = known
            remap[i] = known
        parts["vertices"].append(mesh.vertices)
        parts["triangles"].append(mesh.triangles + base)
        parts["normals"].append(mesh.normals)
        parts["uvs"].append(mesh.uvs)
        parts["material"].append(remap[mesh.material])
        parts["semantic"].append(mesh.semantic)
        parts["part"].append(np.zeros(len(mesh.triangles), np.uint8) if mesh.part is None else mesh.part)
        base += len(mesh.vertices)
    return MeshData(
        vertices=np.concatenate(parts["vertices"]).astype(np.float32),
        triangles=np.concatenate(parts["triangles"]).astype(np.int32),
        normals=np.concatenate(parts["normals"]).astype(np.float32),
        uvs=np.concatenate(parts["uvs"]).astype(np.float32),
        material=np.concatenate(parts["material"]).astype(np.int32),
        semantic=np.concatenate(parts["semantic"]).astype(np.uint8),
        materials=materials,
        part=np.concatenate(parts["part"]),
    )
