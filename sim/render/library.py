"""Every mesh, material and texture of a batch of worlds, uploaded once and shared by all worlds."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.render.clusters import sort_clip, tree_boxes, tree_height
from sim.render.eights import vec8
from sim.render.materials import Materials, mesh_flags, pack_materials
from sim.render.mesh import Light, Material, MeshData
from sim.render.models import MOVING, MapModel, Model
from sim.render.parts import Part, find_parts, pack_word
from sim.render.plates import lay_plates
from sim.render.sky_pictures import pack_skies
from sim.render.textures import Textures, texel_density
from sim.scenario.skies import SkyPicture

wp.set_module_options({"enable_backward": False})


@wp.struct
class Geometry:
    """Shared by all worlds: meshes, triangles, vertices, materials, models and maps."""

    mesh_id: wp.array[wp.uint64]
    """(nmesh,)."""
    mesh_lower: wp.array[wp.vec3]
    """[m], (nmesh,)."""
    mesh_upper: wp.array[wp.vec3]
    """[m], (nmesh,)."""
    mesh_triangle: wp.array[wp.int32]
    """First row of ``triangle`` of each mesh, (nmesh,)."""
    mesh_normal: wp.array[wp.int32]
    """First row of ``normal`` of each mesh, (nmesh,)."""
    mesh_uv: wp.array[wp.int32]
    """First row of ``uv`` of each mesh, (nmesh,)."""
    mesh_flags: wp.array[wp.int32]
    """MESH_CUTOUT and MESH_GLASS, (nmesh,)."""
    mesh_node: wp.array[wp.int32]
    """Row of ``node`` of the root of each mesh (`sim.render.clusters`), (nmesh,)."""
    mesh_height: wp.array[wp.int32]
    """Height of each mesh's tree, (nmesh,)."""
    node: wp.array2d[vec8]
    """Boxes of the eight children of each node: x, y, z of their centres, then half sizes, mesh frame [m], (nnode, 6)."""
    triangle: wp.array[wp.vec4i]
    """Three vertices, relative to the mesh, and material | class << 16 | part << 24 (`sim.render.parts`), (ntriangle,)."""
    density: wp.array[float]
    """Texels per metre, (ntriangle,)."""
    normal: wp.array[wp.vec3]
    """Unit, mesh frame, (nvertex,)."""
    uv: wp.array[wp.vec2]
    """(nuv,)."""
    materials: Materials
    textures: Textures
    model_part: wp.array[wp.int32]
    """First part of each model, (nmodel + 1,)."""
    model_size: wp.array[wp.vec3]
    """[m], (nmodel,)."""
    model_center: wp.array[wp.vec3]
    """[m], (nmodel,)."""
    model_clip: wp.array[wp.vec4]
    """Stride [m], rest frame, 1 for uniform scale, stride of the run or 0 [m], (nmodel,)."""
    model_gait: wp.array[wp.vec3i]
    """Frames of the walk (0: all of the clip), of the run and of the fall, (nmodel,)."""
    model_light: wp.array[wp.int32]
    """First light of each model, (nmodel + 1,)."""
    part_mesh: wp.array[wp.int32]
    """Mesh of the part's first frame, (npart,)."""
    part_frames: wp.array[wp.int32]
    """(npart,)."""
    part_motion: wp.array[wp.int32]
    """`PartMotion`, (npart,)."""
    part_pivot: wp.array[wp.vec3]
    """[m], (npart,)."""
    part_seat: wp.array[wp.int32]
    """Seat of an occupant, -1 for all else, (npart,)."""
    map_mesh: wp.array[wp.int32]
    """(nmap,)."""
    map_static: wp.array[wp.int32]
    """First row of the static tables of each map, (nmap + 1,)."""
    static_mesh: wp.array[wp.int32]
    """(nstatic,)."""
    static_pos: wp.array[wp.vec3]
    """[m], (nstatic,)."""
    static_linear: wp.array[wp.mat33]
    """Mesh frame to world, (nstatic,)."""
    static_signal: wp.array[wp.int32]
    """Signal it shows, -1 for none, (nstatic,)."""
    map_light: wp.array[wp.int32]
    """First light of each map, (nmap + 1,)."""
    light_pos: wp.array[wp.vec3]
    """Lights of maps, then of models [m], (nlight,)."""
    light_axis: wp.array[wp.vec3]
    """(nlight,)."""
    light_intensity: wp.array[wp.vec3]
    """(nlight,)."""
    light_cone: wp.array[wp.vec2]
    """Cosines of the inner and outer angle, (nlight,)."""
    light_role: wp.array[wp.int32]
    """`sim.render.mesh.Role`, (nlight,)."""


@wp.struct
class KeypointTables:
    """Keypoints of people: 17 of every pose that has them, in COCO's order."""

    first: wp.array[wp.int32]
    """First row of ``point`` of each mesh, -1 for none, (nmesh,)."""
    point: wp.array[wp.vec3]
    """In the mesh's frame [m], (17 npose,)."""


class MeshLibrary:
    """Uploads models and maps; ``geometry`` is what kernels see.

    Args:
        models: Models by row of ``Scene.asset``.
        maps: Maps by row of ``Scene.map_index``.
        device: Warp device.
        skies: Pictures by `sim.types.Weather.sky` less one.
    """

    def __init__(
        self, models: Sequence[Model], maps: Sequence[MapModel], device: wp.DeviceLike = None, skies: Sequence[SkyPicture] = ()
    ) -> None:  # fmt: skip
        self.device = wp.get_device(device)
        self.models, self.maps = tuple(models), tuple(maps)
        self.skies = pack_skies(skies, self.device)
        self.row = {model.name: i for i, model in enumerate(self.models)}
        self.part_capacity = max([1, *(len(m.parts) for m in self.models)])
        """Most parts of any model."""
        self._meshes: list[wp.Mesh] = []
        self._tables: dict[str, list] = {}
        self._material_row: dict[int, int] = {}
        self._materials: list[Material] = []
        self._counts = {"triangle": 0, "normal": 0, "uv": 0, "node": 0}
        self._known: dict[int, tuple[int, MeshData, Sequence[MeshData]]] = {}
        """Clips by their first pose's vertices: first mesh, that pose sorted, poses as they came."""
        self._crews: dict[int, int] = {}
        """First mesh of occupants by the identity of all who may sit there."""
        self._keypoints: list[npt.NDArray[np.float32] | None] = []
        self.geometry = Geometry()
        self._add_models()
        self._add_maps()
        self._upload()

    @property
    def static_capacity(self) -> int:
        """Most static parts of any map."""
        return int(np.diff(self._map_static).max(initial=0))

    @property
    def triangle_count(self) -> int:
        """Triangles of all meshes."""
        return sum(m.indices.shape[0] // 3 for m in self._meshes)

    def _push(self, **rows: object) -> None:
        for name, value in rows.items():
            self._tables.setdefault(name, []).append(value)

    def _material_rows(self, materials: Sequence[Material]) -> npt.NDArray[np.int32]:
        rows = []
        for material in materials:
            if id(material) not in self._material_row:
                self._material_row[id(material)] = len(self._materials)
                self._materials.append(material)
            rows.append(self._material_row[id(material)])
        return np.array(rows, np.int32)

    def _add_crew(self, looks: Sequence[MeshData]) -> int:
        """Append the meshes of all who may take a seat, once for all seats that show the same; returns the first mesh's row."""
        if id(looks) not in self._crews:
            rows = [self._add_clip([mesh], moving=Part.OCCUPANT, own=True) for mesh in looks]
            self._crews[id(looks)] = rows[0]
        return self._crews[id(looks)]

    def _add_clip(self, frames: Sequence[MeshData], moving: Part = Part.NONE, own: bool = False) -> int:
        """Append the meshes of a clip, sharing triangles and UVs; returns the first mesh's row, new if it is to be its ``own``."""
        head = frames[0]
        known = self._known.get(id(head.vertices))
        if known is not None and known[2][0].uvs is head.uvs:
            if frames[0].materials is known[2][0].materials and not own:
                return known[0]
            return self._add_recoloured(*known[:2], frames, moving)
        first = len(self._meshes)
        if any(len(f.triangles) != len(head.triangles) or len(f.vertices) != len(head.vertices) for f in frames):
            raise ValueError("the frames of a clip must share their triangles")
        source = frames
        frames = sort_clip([lay_plates(frame) for frame in frames])
        head = frames[0]
        self._known[id(source[0].vertices)] = (first, head, source)
        indices = wp.array(head.triangles.ravel().astype(np.int32), dtype=wp.int32, device=self.device)
        rows = self._material_rows(head.materials)[head.material]
        packed = pack_word(rows, head.semantic, find_parts(head, moving))
        self._push(
            triangle=np.concatenate([head.triangles, packed[:, None]], axis=1).astype(np.int32),
            density=texel_density(head),
            uv=head.uvs.astype(np.float32),
        )
        for frame in frames:
            points = wp.array(np.ascontiguousarray(frame.vertices, np.float32), dtype=wp.vec3, device=self.device)
            self._meshes.append(wp.Mesh(points, indices))
            self._keypoints.append(frame.keypoints)
            lower, upper = frame.bounds
            node = tree_boxes(frame.vertices, head.triangles)
            self._push(
                mesh_node=[self._counts["node"]], mesh_height=[tree_height(len(head.triangles))], node=node, mesh_lower=lower[None],
                mesh_upper=upper[None], mesh_triangle=[self._counts["triangle"]], mesh_normal=[self._counts["normal"]],
                mesh_uv=[self._counts["uv"]], mesh_flags=[mesh_flags(head.materials, head.material)],
                normal=frame.normals.astype(np.float32),
            )  # fmt: skip
            self._counts["normal"] += len(frame.normals)
            self._counts["node"] += len(node)
        self._counts["triangle"] += len(head.triangles)
        self._counts["uv"] += len(head.uvs)
        return first

    def _add_recoloured(self, known: int, head: MeshData, frames: Sequence[MeshData], moving: Part) -> int:
        """A clip that shares its vertices with one that is there already, in other materials; returns the first mesh's row.

        ``known``, ``head``: of the other clip its first mesh, and its first pose, sorted.
        """
        first, tables = len(self._meshes), self._tables
        head = replace(head, materials=lay_plates(frames[0]).materials)
        rows = self._material_rows(head.materials)[head.material]
        packed = pack_word(rows, head.semantic, find_parts(head, moving))
        self._push(
            triangle=np.concatenate([head.triangles, packed[:, None]], axis=1).astype(np.int32),
            density=texel_density(head),
        )
        shared = ("mesh_node", "mesh_height", "mesh_lower", "mesh_upper", "mesh_normal", "mesh_uv")
        for k in range(known, known + len(frames)):
            self._meshes.append(self._meshes[k])
            self._keypoints.append(self._keypoints[k])
            self._push(**{name: tables[name][k] for name in shared})
            self._push(mesh_triangle=[self._counts["triangle"]], mesh_flags=[mesh_flags(head.materials, head.material)])
        self._counts["triangle"] += len(head.triangles)
        return first

    def _add_lights(self, lights: Sequence[Light]) -> None:
        for light in lights:
            self._push(
                light_pos=[light.pos], light_axis=[light.direction], light_intensity=[light.intensity],
                light_cone=[(light.cos_inner, light.cos_outer)], light_role=[int(light.role)],
            )  # fmt: skip

    def _add_models(self) -> None:
        part = 0
        self._push(model_part=[0])
        for model in self.models:
            for p in model.parts:
                moving = MOVING.get(p.motion, Part.NONE)
                self._push(
                    part_mesh=[self._add_clip(p.frames, moving) if p.seat < 0 else self._add_crew(p.frames)],
                    part_frames=[len(p.frames)],
                    part_motion=[int(p.motion)],
                    part_pivot=[p.pivot],
                    part_seat=[p.seat],
                )
                part += 1
            clip = (model.stride, float(model.rest_frame), float(model.uniform_scale), model.run_stride)
            run = model.rest_frame - model.walk_frames if model.run_stride > 0.0 else 0
            self._push(
                model_part=[part],
                model_size=[model.size],
                model_center=[model.box_center],
                model_clip=[clip],
                model_gait=[(model.walk_frames, run, model.fall_frames)],
            )

    def _add_maps(self) -> None:
        self._map_static, self._map_light = [0], [0]
        parts = np.concatenate(self._tables["model_part"]) if self.models else np.zeros(1, np.int32)
        for m in self.maps:
            self._push(map_mesh=[self._add_clip([m.mesh])])
            static = 0
            for instance in m.instances:
                row = self.row[instance.model]
                for k in range(parts[row], parts[row + 1]):
                    if self._tables["part_seat"][k][0] >= 0:
                        continue
                    linear = np.asarray(instance.matrix, float)[:3, :3]
                    pivot = np.asarray(self._tables["part_pivot"][k][0])
                    self._push(
                        static_mesh=[self._tables["part_mesh"][k][0]],
                        static_pos=[linear @ pivot + np.asarray(instance.matrix, float)[:3, 3]],
                        static_linear=[linear],
                        static_signal=[instance.signal],
                    )
                    static += 1
            self._map_static.append(self._map_static[-1] + static)
            self._map_light.append(self._map_light[-1] + len(m.lights))
            self._add_lights(m.lights)
        light = self._map_light[-1]
        self._push(model_light=[light])
        for model in self.models:
            self._add_lights(model.lights)
            light += len(model.lights)
            self._push(model_light=[light])

    def _upload(self) -> None:
        g = self.geometry
        for name, var in Geometry.vars.items():
            if name in ("node", "materials", "textures", "mesh_id", "map_static", "map_light"):
                continue
            dtype = var.type.dtype
            rows = self._tables.get(name)
            data = np.concatenate([np.asarray(r) for r in rows]) if rows else np.zeros((1, *_shape(dtype)))
            setattr(g, name, wp.array(np.ascontiguousarray(data, _numpy_type(dtype)), dtype=dtype, device=self.device))
        g.node = wp.array(np.concatenate(self._tables["node"]), dtype=vec8, device=self.device)
        g.mesh_id = wp.array([m.id for m in self._meshes], dtype=wp.uint64, device=self.device)
        g.map_static = wp.array(self._map_static, dtype=wp.int32, device=self.device)
        g.map_light = wp.array(self._map_light, dtype=wp.int32, device=self.device)
        g.materials, g.textures = pack_materials(self._materials, self.device)
        known = np.array([k is not None for k in self._keypoints])
        self.keypoints = KeypointTables()
        first = np.where(known, 17 * (np.cumsum(known) - 1), -1).astype(np.int32)
        self.keypoints.first = wp.array(first, dtype=wp.int32, device=self.device)
        rows = np.concatenate([k for k in self._keypoints if k is not None] or [np.zeros((1, 3), np.float32)])
        self.keypoints.point = wp.array(np.ascontiguousarray(rows, np.float32), dtype=wp.vec3, device=self.device)
        self._tables.clear()
        self._known.clear()


def _shape(dtype: type) -> tuple[int, ...]:
    return tuple(getattr(dtype, "_shape_", ()))


def _numpy_type(dtype: type) -> type:
    return np.int32 if getattr(dtype, "_wp_scalar_type_", dtype) is wp.int32 else np.float32
