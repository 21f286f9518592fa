"""World i of a batch equals world i alone, bit for bit, whatever its neighbours, its place and the batch's capacity."""

from __future__ import annotations

import math

import numpy as np
import warp as wp

from sim.behavior.drivers import DRIVERS
from sim.physics.contact import PUSH, _resolve_contacts, resolve_contacts
from sim.physics.integrate import _integrate_bodies, integrate_bodies
from sim.physics.pairs import _bound_actors, _find_contacts
from sim.structs import to_numpy
from sim.types import TICK, Motion
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, run, straight, world_rows

ROAD = [straight(length=3000.0, lanes=(1, 2))]
KINDS = (CAR, CAR, LORRY, PERSON)


def world(seed):
    """Traffic, things in the way and an ego that drives into them."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 11))
    actors = [
        actor(x=400.0, y=-1.75, speed=25.0, desired_speed=25.0, driver=list(DRIVERS.values())[seed % len(DRIVERS)])
    ]
    for k in range(n):
        lane = int(rng.integers(1, 3))
        place = {"x": 300.0 + 30.0 * k, "y": 1.75 - 3.5 * lane, "lane": -lane, "speed": rng.uniform(0.0, 20.0)}
        if k % 3 == 0:
            actors.append(actor(KINDS[rng.integers(4)], motion=Motion.SCRIPTED, **(place | {"speed": 0.0})))
        else:
            actors.append(actor(motion=Motion.TRAFFIC, **place))
    path = np.column_stack([np.linspace(300.0, 2000.0, 401), np.full(401, -1.75)])
    scene, state = world_rows(actors, friction=rng.uniform(0.3, 1.0), path=path)
    scene["world_key"] = np.uint32(seed)
    return scene, state


def row(arrays, w, n):
    """World ``w``'s rows of all state arrays, its first ``n`` actors."""
    return {name: a[w][:n] if a.ndim > 1 and a.shape[1] > n else a[w] for name, a in to_numpy(arrays[1]).items()}


def test_a_world_alone_equals_the_world_in_a_batch():
    batch = build([world(seed) for seed in range(12)], ROAD)
    run(batch, 700)
    hit = batch[1].contact_tick.numpy()
    assert (hit[:, 0] > 0).sum() >= 4 and (batch[1].motion.numpy() == Motion.BODY).sum() >= 8
    for seed in (0, 3, 5, 11):
        alone = build([world(seed)], ROAD)
        run(alone, 700)
        n = alone[1].pos.shape[1]
        mine, theirs = row(alone, 0, n), row(batch, seed, n)
        for name, value in mine.items():
            assert value.tobytes() == theirs[name].tobytes(), (seed, name)


def test_the_same_twice_is_the_same():
    first, second = (build([world(seed) for seed in range(4)], ROAD) for _ in range(2))
    run(first, 400)
    run(second, 400)
    for (name, a), b in zip(to_numpy(first[1]).items(), to_numpy(second[1]).values(), strict=True):
        assert a.tobytes() == b.tobytes(), name


def test_a_thread_for_each_actor_does_what_one_for_all_does():
    """The launches of a GPU, on the CPU: bodies by actor, contacts by world."""
    worlds = [world(seed) for seed in range(12)]
    one, each = build(worlds, ROAD), build(worlds, ROAD)
    for arrays in (one, each):
        run(arrays, 500)
    scene, state, _ = each
    nworld, nactor = state.motion.shape
    for _ in range(40):
        run(one, 1, [integrate_bodies, resolve_contacts])
        wp.launch(
            _integrate_bodies, dim=(nworld, nactor), inputs=[scene, state, TICK, nworld, nactor], device="cpu"
        )  # fmt: skip
        for kernel in (_bound_actors, _find_contacts):
            wp.launch(kernel, dim=(nworld, nactor), inputs=[scene, state, nactor], device="cpu")
        wp.launch(_resolve_contacts, dim=nworld, inputs=[scene, state, PUSH, nworld], device="cpu")
    assert (state.motion.numpy() == Motion.BODY).sum() > 8 and state.impacts.count.numpy().sum() > 4
    for (name, a), b in zip(to_numpy(one[1]).items(), to_numpy(state).values(), strict=True):
        assert name == "order" or a.tobytes() == b.tobytes(), name


def test_nothing_becomes_infinite_or_not_a_number():
    arrays = build([world(seed) for seed in range(12)], ROAD)
    state = run(arrays, 1500)
    for name in ("pos", "rot", "vel", "ang_vel", "accel", "speed", "s", "t", "gap"):
        value = getattr(state, name).numpy()
        assert not np.isnan(value).any(), name
        assert name == "gap" or np.isfinite(value).all(), name
    z = state.pos.numpy()[..., 2]
    assert z.min() > -0.05 and z.max() < 2.0  # the reference point belongs to the body, which dives on its springs
    assert math.isclose(np.linalg.norm(state.rot.numpy(), axis=-1).max(), 1.0, abs_tol=1e-4)
