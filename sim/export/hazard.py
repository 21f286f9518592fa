"""What was dangerous, per frame and as events: time to collision, distance, contact, onset, conflict, occluder."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.export.impacts import call_actor, describe_impact
from sim.export.tracks import Tracks
from sim.rotation import rotate
from sim.types import TICK, Conflict, Lamp, partner_name

COLUMNS = (
    "draw", "frame", "time", "ego_speed", "ego_acceleration", "time_to_collision", "distance", "conflict_actor", "collided",
    "collision_actor", "collision_time", "hazard", "onset_time", "onset_actor", "conflict", "occluder", "off_road",
    "goal_reached", "conflict_distance",
)  # fmt: skip
"""Columns of hazard.csv. Times [s], speeds [m/s], distances [m]; empty where there is nothing to say.

``distance`` is to the nearest actor, ``conflict_distance`` to ``conflict_actor``, whom ``time_to_collision`` is about.
"""

BRAKING, HELD = 1.5, 0.5
"""Deceleration that counts as braking [m/s^2], and how long it is held, or the brake lamps are, that a jolt is none [s]."""
STANDING = 0.5
"""Speed below which nobody brakes [m/s]."""
CONFLICTS = {
    "rear_end": "ahead in the ego's lane",
    "cut_in": "cutting in",
    "oncoming": "coming towards the ego",
    "crossing": "crossing the ego's way",
    "vru_crossing": "crossing the ego's way",
    "vru_along": "along the ego's way",
    "animal": "an animal in the ego's way",
    "obstacle": "an obstacle in the ego's way",
}
"""What `sim.types.Conflict` says to a reviewer."""
FAR = 1.0e6
"""Times and distances beyond are as good as infinite."""


def _finite(value: float, digits: int = 4) -> float | None:
    return round(float(value), digits) if math.isfinite(value) and abs(value) < FAR else None


def ego_acceleration(tracks: Tracks, frame: int) -> float:
    """Along the ego's own x axis [m/s^2]."""
    rot, accel = tracks.arrays["rot"][frame, 0], tracks.arrays["accel"][frame, 0]
    return float(np.dot(rotate(rot, (1.0, 0.0, 0.0)), accel))


def ego_speeds(tracks: Tracks) -> np.ndarray:
    """Of each frame, the ego's speed along its heading in the plane [m/s]: a hump that pitches the car does not change it, (nframe,)."""
    rot, vel = tracks.arrays["rot"][: tracks.nframe, 0], tracks.arrays["vel"][: tracks.nframe, 0]
    ahead = rotate(rot, (1.0, 0.0, 0.0))[:, :2]
    return np.sum(vel[:, :2] * ahead, axis=1) / np.maximum(np.linalg.norm(ahead, axis=1), 1e-6)


def braking_frames(tracks: Tracks, end: float) -> list[tuple[int, float]]:
    """Frames before the time ``end`` [s] in which the ego brakes, each with its mean deceleration over the next `HELD` [m/s^2].

    It does if it slows by `BRAKING` from this frame to the next and over the whole of `HELD`, or if its brake lamps are lit all along,
    or up to the end if that comes first, while it moves.
    """
    speed = ego_speeds(tracks)
    lit = tracks.arrays["lamps"][: tracks.nframe, 0] & int(Lamp.BRAKE) != 0
    last = tracks.nframe - 1 if math.isinf(end) else min(tracks.nframe, math.ceil(end * tracks.rate - 1e-6)) - 1
    held = max(1, round(HELD * tracks.rate))
    frames = []
    for k in range(last):
        until = min(k + held, last)
        loss = (speed[k] - speed[until]) / (tracks.time(until) - tracks.time(k))
        at_once = (speed[k] - speed[k + 1]) * float(tracks.rate)
        slows = k + held <= last and min(loss, at_once) > BRAKING
        if slows or (lit[k:until].all() and speed[k] > STANDING):
            frames.append((k, float(loss)))
    return frames


def hazard_rows(draw: str, tracks: Tracks, names: Sequence[str]) -> list[dict[str, Any]]:
    """One row of `COLUMNS` per frame."""

    def name(slot: int) -> str | None:
        return partner_name(slot, names)

    rows = []
    for k in range(tracks.nframe):
        m = {key.split(".")[1]: array[k] for key, array in tracks.arrays.items() if key.startswith("metrics.")}
        conflict = int(m["conflict_actor"])
        onset, collision = int(m["onset_tick"]), int(m["collision_tick"])
        rows.append(
            {
                "draw": draw,
                "frame": k,
                "time": round(tracks.time(k), 6),
                "ego_speed": round(float(tracks.arrays["speed"][k, 0]), 4),
                "ego_acceleration": round(ego_acceleration(tracks, k), 4),
                "time_to_collision": _finite(m["time_to_collision"]),
                "distance": _finite(m["distance"]),
                "conflict_actor": name(conflict),
                "collided": int(m["collided"]),
                "collision_actor": name(int(m["collision_actor"])) if collision >= 0 else None,
                "collision_time": round(collision * TICK, 4) if collision >= 0 else None,
                "hazard": int(onset >= 0),
                "onset_time": round(onset * TICK, 4) if onset >= 0 else None,
                "onset_actor": name(int(m["onset_actor"])) if onset >= 0 else None,
                "conflict": Conflict(int(m["conflict"])).name.lower() if onset >= 0 else None,
                "occluder": name(int(m["occluder"])) if onset >= 0 else None,
                "off_road": int(m["off_road"]),
                "goal_reached": int(m["goal_reached"]),
                "conflict_distance": _finite(tracks.arrays["gap"][k, conflict]) if name(conflict) else None,
            }
        )
    return rows


def format_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV text with a header; None is an empty cell."""
    out = io.StringIO()
    writer: csv.DictWriter[Any] = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)
    return out.getvalue()


def find_events(
    tracks: Tracks, rows: Sequence[Mapping[str, Any]], impacts: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Moments to jump to, in order of time: hazard onset, first braking after it or at all, the ego's contact.

    ``impacts``: those of the ego of `Tracks.impacts`; that of its first contact is told with it.
    """
    events: list[dict[str, Any]] = []
    last = rows[-1]
    if last["onset_time"] is not None:
        how = CONFLICTS.get(str(last["conflict"]))
        text = f"Hazard: {call_actor(last['onset_actor'])}" + (f", {how}" if how else "")
        if last["occluder"]:
            text += f", hidden by {call_actor(last['occluder'])} until then"
        events.append({"kind": "onset", "time": last["onset_time"], "actor": last["onset_actor"], "text": text})
    first_contact = last["collision_time"]
    braking = braking_frames(tracks, math.inf if first_contact is None else first_contact)
    if braking:
        # Braking in answer to the hazard tells more than what came before it.
        answers = [(k, loss) for k, loss in braking if rows[k]["hazard"]]
        first, loss = (answers or braking)[0]
        text = f"The ego brakes ({max(loss, 0.0):.1f} m/s\u00b2)"
        events.append({"kind": "brake", "time": rows[first]["time"], "actor": None, "text": text})
    if first_contact is not None:
        speed = float(tracks.arrays["contact_speed"][tracks.nframe - 1, 0])
        actor = int(tracks.arrays["metrics.collision_actor"][tracks.nframe - 1]) >= 0
        who = call_actor(last["collision_actor"]) if actor else last["collision_actor"]
        text = f"Contact with {who}" + (f" at {speed:.1f} m/s" if speed > 0 else "")
        impact = next((i for i in impacts if i["actors"][1] == last["collision_actor"]), None)
        text += f": {describe_impact(impact)}" if impact else ""
        events.append({"kind": "contact", "time": first_contact, "actor": last["collision_actor"], "text": text})
    if last["goal_reached"]:
        reached = next(row["time"] for row in rows if row["goal_reached"])
        events.append({"kind": "goal", "time": reached, "actor": None, "text": "The ego reaches its goal"})
    return sorted(events, key=lambda e: e["time"])
