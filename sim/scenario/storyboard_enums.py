"""Closed sets of the storyboard, named as in ASAM OpenSCENARIO XML."""

from __future__ import annotations

from enum import IntEnum


class Rule(IntEnum):
    """Comparison of a condition's measured value with its limit."""

    LESS_THAN = 0
    GREATER_THAN = 1
    EQUAL_TO = 2
    LESS_OR_EQUAL = 3
    GREATER_OR_EQUAL = 4
    NOT_EQUAL_TO = 5


class Edge(IntEnum):
    """Which change of a condition's logical value counts."""

    NONE = 0
    RISING = 1
    FALLING = 2
    RISING_OR_FALLING = 3


class Priority(IntEnum):
    """What a starting event does to the running events of its manoeuvre."""

    OVERRIDE = 0
    SKIP = 1
    PARALLEL = 2


class Shape(IntEnum):
    """Course of a transition."""

    STEP = 0
    LINEAR = 1
    CUBIC = 2
    SINUSOIDAL = 3


class Dimension(IntEnum):
    """What ``value`` of a transition measures."""

    TIME = 0
    RATE = 1
    DISTANCE = 2


class ElementKind(IntEnum):
    """Level of a storyboard element."""

    STORYBOARD = 0
    STORY = 1
    ACT = 2
    MANEUVER_GROUP = 3
    MANEUVER = 4
    EVENT = 5
    ACTION = 6


class ElementState(IntEnum):
    """States and transitions that a StoryboardElementStateCondition can wait for."""

    STANDBY = 0
    RUNNING = 1
    COMPLETE = 2
    START_TRANSITION = 3
    END_TRANSITION = 4
    STOP_TRANSITION = 5
    SKIP_TRANSITION = 6


class Coordinates(IntEnum):
    """Coordinate system in which a distance is measured."""

    ENTITY = 0
    LANE = 1
    ROAD = 2
    TRAJECTORY = 3
    WORLD = 4


class DistanceType(IntEnum):
    """Component of a distance."""

    EUCLIDEAN = 0
    LONGITUDINAL = 1
    LATERAL = 2
