"""One peer's speed in a process of its own: ``python -m sim.bench_peers highway 3`` prints its rate; exit code 3: not installed."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")


def highway(seconds: float) -> float:
    """Decisions per second of highway-fast-v0 with 50 vehicles, resets included; each is 1 s of driving."""
    import gymnasium as gym
    import highway_env  # noqa: F401  # pyright: ignore[reportMissingImports]

    from sim.bench import rate

    env = gym.make("highway-fast-v0", config={"vehicles_count": 50})
    env.reset(seed=os.getpid())

    def run() -> int:
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            env.reset()
        return 1

    return rate(run, seconds)


def tinyrenderer(seconds: float, triangles: int, width: int, height: int) -> float:
    """Frames per second of PyBullet's TinyRenderer with shadow on the street `sim.bench_street` draws."""
    from sim.bench import rate
    from sim.bench_street import WORLDS

    draw = tiny_camera(triangles, width, height)
    done = 0

    def run() -> int:
        nonlocal done
        draw(done % WORLDS)
        done += 1
        return 1

    return rate(run, seconds)


def tiny_camera(triangles: int, width: int, height: int) -> Callable[[int], Any]:
    """A function that draws picture ``index``: rgb with shadow, depth and masks, as `pybullet.getCameraImage` returns them."""
    import pybullet

    from sim.bench_street import FIELD_OF_VIEW, LIGHT_DIRECTION, camera_pose, car_poses, street_meshes

    client = pybullet.connect(pybullet.DIRECT)
    street, car = street_meshes(triangles)
    with tempfile.TemporaryDirectory() as folder:
        shapes = []
        for name, mesh, color in (("street", street, [0.6, 0.6, 0.6, 1]), ("car", car, [0.6, 0.1, 0.1, 1])):
            path = Path(folder) / f"{name}.obj"
            with path.open("w") as out:
                out.writelines(f"v {x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in mesh.vertices)
                out.writelines(f"vn {x:.3f} {y:.3f} {z:.3f}\n" for x, y, z in mesh.normals)
                out.writelines(f"f {a}//{a} {b}//{b} {c}//{c}\n" for a, b, c in mesh.triangles + 1)
            shapes.append(
                pybullet.createVisualShape(
                    pybullet.GEOM_MESH, fileName=str(path), rgbaColor=color, physicsClientId=client
                )
            )
        pybullet.createMultiBody(baseVisualShapeIndex=shapes[0], physicsClientId=client)
        for x, y, yaw in car_poses():
            turn = pybullet.getQuaternionFromEuler([0.0, 0.0, yaw])
            pybullet.createMultiBody(
                baseVisualShapeIndex=shapes[1], basePosition=[x, y, 0.0], baseOrientation=turn, physicsClientId=client
            )
    projection = pybullet.computeProjectionMatrixFOV(FIELD_OF_VIEW, width / height, 0.1, 1000.0)
    views = [pybullet.computeViewMatrix(*camera_pose(i), [0, 0, 1]) for i in range(4)]

    def draw(index: int) -> Any:
        return pybullet.getCameraImage(
            width, height, views[index], projection, shadow=1, lightDirection=LIGHT_DIRECTION,
            renderer=pybullet.ER_TINY_RENDERER, physicsClientId=client,
        )  # fmt: skip

    return draw


def main(arguments: list[str]) -> int:
    """Run the named peer; print its rate."""
    peers = {"highway": highway, "tinyrenderer": tinyrenderer}
    try:
        numbers = [float(arguments[1]), *(int(a) for a in arguments[2:])]
        print(peers[arguments[0]](*numbers))  # type: ignore[operator]
    except ImportError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
