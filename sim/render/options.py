"""How the kernels that follow rays are compiled."""

from __future__ import annotations

import warp as wp

_base = "-march=native" if wp.config.cpu_compiler_flags is None else wp.config.cpu_compiler_flags
RAYS: dict[str, bool | int | str] = {
    "enable_backward": False,
    "cpu_compiler_flags": f"{_base} -menable-no-nans -Wno-nan-infinity-disabled -vectorize-slp -vectorize-loops",
}
"""Module options of kernels in which no NaN can come up: on a CPU, minima and maxima that need not care for it save them a sixth
to a third of their time; and what is done for several numbers at once may share a register, which Warp leaves off. Nothing else is relaxed:
sums keep their order and infinities are allowed, so pictures keep their bits."""
