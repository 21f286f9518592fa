"""Codes of the lowered storyboard: what the integer columns of `StoryTables` mean."""

from __future__ import annotations

from enum import IntEnum


class Phase(IntEnum):
    """State of a storyboard element."""

    INIT = 0
    STANDBY = 1
    RUNNING = 2
    COMPLETE = 3


class RowPhase(IntEnum):
    """State of one actor's part in an action."""

    IDLE = 0
    STARTING = 1
    RUNNING = 2
    FINISHED = 3


class Domain(IntEnum):
    """What an action controls; a starting action ends running ones of its actor that share a domain."""

    LONGITUDINAL = 1
    LATERAL = 2


class ConditionKind(IntEnum):
    """Kinds of conditions."""

    TIME = 0
    ELEMENT = 1
    VARIABLE = 2
    SIGNAL = 3
    COLLISION = 4
    HEADWAY = 5
    TIME_TO_COLLISION = 6
    TIME_TO_REACH = 7
    DISTANCE = 8
    SPEED = 9
    ACCELERATION = 10
    STAND_STILL = 11
    TRAVELED = 12
    REACH_POSITION = 13
    END_OF_ROAD = 14
    OFFROAD = 15
    CLEARANCE = 16


class ConditionField(IntEnum):
    """Columns of `StoryTables.condition_code`."""

    KIND = 0
    RULE = 1
    EDGE = 2
    DELAY = 3
    """Ticks."""
    ANY = 4
    FIRST_ENTITY = 5
    NENTITY = 6
    TARGET = 7
    """Actor, -1 if none."""
    POSITION = 8
    """Row of the position table, -1 if none."""
    REFERENCE = 9
    """Element, variable or signal."""
    STATE = 10
    FREESPACE = 11
    COORDINATES = 12
    DISTANCE = 13
    """`DistanceType`."""


class ActionKind(IntEnum):
    """Kinds of actions."""

    SPEED = 0
    LONGITUDINAL_DISTANCE = 1
    LANE_CHANGE = 2
    LANE_OFFSET = 3
    TELEPORT = 4
    SYNCHRONIZE = 5
    FOLLOW_TRAJECTORY = 6
    ASSIGN_ROUTE = 7
    LIGHT = 8
    DOOR = 9
    VISIBILITY = 10
    VARIABLE = 11
    SIGNAL = 12
    NOTHING = 13
    """Takes part in the storyboard and does nothing (controllers that Swerve lacks)."""
    SPEED_PROFILE = 14
    TRAILER = 15
    LATERAL_DISTANCE = 16
    FAULT = 17
    LOOSE = 18
    OVERRIDE = 19


class RowField(IntEnum):
    """Columns of `StoryTables.row_code`."""

    KIND = 0
    ACTOR = 1
    DOMAIN = 2
    SHAPE = 3
    DIMENSION = 4
    ENTITY = 5
    POSITION = 6
    POSITION2 = 7
    PATH = 8
    FLAGS = 9
    INDEX = 10
    ELEMENT = 11


class PositionKind(IntEnum):
    """Kinds of positions."""

    WORLD = 0
    """x, y, z, heading; road, lane and s resolved too."""
    LANE_RELATIVE = 1
    ROAD_RELATIVE = 2
    OBJECT_RELATIVE = 3
    WORLD_RELATIVE = 4
    PATH = 5
    """s, t along a path."""


class PositionField(IntEnum):
    """Columns of `StoryTables.position_code`."""

    KIND = 0
    ENTITY = 1
    ROAD = 2
    LANE = 3
    """Lane id; of lane-relative positions: lanes to the left."""
    PATH = 4
    """Path; of lane-relative positions: 1 along the lane's traffic, 0 along s; of others: 1 with a heading in the world."""


class Anchor(IntEnum):
    """What a relative trajectory moves with."""

    OBJECT = 0
    LANE = 1
    """The centre of the entity's lane beside it."""
    ROAD = 2
    """The entity's place on its road, heading along the road."""
    WORLD = 3
    """The entity's place alone, whichever way it faces."""


class Laying(IntEnum):
    """How a trajectory gets its points when it starts: column SHAPE of a FOLLOW_TRAJECTORY row."""

    FIXED = 0
    """They stand in the path table, at most to be moved as a whole."""
    VERTICES = 1
    """A polyline's vertices, resolved then."""
    CORNERS = 2
    """The same, with the points between which the actor turns."""
    NURBS = 3
    """Shares of control points, resolved then."""


FLAG_RELATIVE, FLAG_FACTOR, FLAG_CONTINUOUS, FLAG_FREESPACE = 1, 2, 4, 8
"""Bits of `RowField.FLAGS`."""
FLAG_TIMED, FLAG_ABSOLUTE_TIME, FLAG_FINAL = 16, 32, 64
FLAG_ADD, FLAG_MULTIPLY, FLAG_TIME_GAP, FLAG_STEADY = 128, 256, 512, 1024
FLAG_EXPLICIT, FLAG_ABSOLUTE_Z, FLAG_ANCHORED, FLAG_ACCELERATED = 2048, 4096, 8192, 16384
"""Of trajectories: headings and heights are the file's own; it lies relative to an entity; its speed is linear between vertices."""
