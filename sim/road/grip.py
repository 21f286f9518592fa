"""What the ground offers to tyres: friction by surface, weather and speed, and aquaplaning; numbers: `sim.road.friction`."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import warp as wp

from sim.road.friction import ASPHALT_LOSS, BAND, DUST, FADE_SPEED, FLOAT, ICE, SNOW, WET_SPEED
from sim.types import Weather

wp.set_module_options({"enable_backward": False})


@wp.struct
class SurfacePoint:
    """What a wheel or foot stands on."""

    z: float
    """Height [m]."""
    normal: wp.vec3
    """Unit vector, world frame."""
    floor_normal: wp.vec3
    """The same without bumps and potholes."""
    rise: float
    """Their share of the height [m]."""
    uneven: wp.vec2
    """`RoadTables.section_rise` there."""
    friction: float
    """Coefficient of the surface without weather."""
    wet_loss: float
    """`sim.road.friction.Grip.wet_loss`."""
    rolling: float
    """`sim.road.friction.Grip.rolling`."""
    film: float
    """`sim.road.friction.film_factor` of the water that lies there [m/s]."""
    soft: float
    """1 on grass and soil, into which wheels that slide sideways dig themselves; 0 on what is paved."""
    lane_kind: int
    """`LaneKind`, 0 on no lane."""
    on_road: int
    """1 on a lane of which `sim.road.surface.vehicles_may_use` holds."""


@wp.func
def road_friction(weather: Weather, world: int, point: SurfacePoint, speed: float, float_factor: float) -> float:
    """Friction of a surface in its world's weather.

    Args:
        weather: Of all worlds.
        world: Which.
        point: The surface.
        speed: Of what rolls or slides there [m/s].
        float_factor: `sim.road.friction.tyre_factor` of its tyres, 0 for what cannot aquaplane.
    """
    scale = weather.friction_scale[world]
    film = point.film
    out = point.friction * wp.max(scale, 0.0)
    if scale < 0.0:
        dry = point.friction
        out = dry
        wetness = weather.wetness[world]
        if wetness > 0.0:
            kept = (1.0 - point.wet_loss) * wp.exp((wp.static(WET_SPEED) - speed) * wp.static(1.0 / FADE_SPEED))
            out = dry * (1.0 - wp.min(wetness, 1.0) * (1.0 - wp.min(kept, 1.0)))
            film = wp.where(film > 0.0, film, weather.film[world])
        out = wp.min(out, dry - weather.dust[world] * wp.max(dry - wp.static(DUST), 0.0))
        out = wp.min(out, dry - weather.snow_cover[world] * wp.max(dry - wp.static(SNOW), 0.0))
        out = wp.min(out, dry - weather.ice[world] * wp.max(dry - wp.static(ICE), 0.0))
    if film > 0.0 and float_factor > 0.0:
        x = wp.clamp((speed / (film * float_factor) - wp.static(1.0 - BAND)) * wp.static(0.5 / BAND), 0.0, 1.0)
        out = wp.lerp(out, wp.min(out, wp.static(FLOAT)), x * x * (3.0 - 2.0 * x))
    return out


@wp.func
def weather_share(weather: Weather, world: int, speed: float) -> float:
    """Share of dry asphalt's friction that the weather leaves at a speed [m/s]."""
    point = SurfacePoint()
    point.friction = 1.0
    point.wet_loss = wp.static(ASPHALT_LOSS)
    return road_friction(weather, world, point, speed, 0.0)
