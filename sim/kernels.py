"""Compiles kernels ahead of their first launch, several modules at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import warp as wp


def load_kernels(device: Any = None, without: Collection[str] = ()) -> None:
    """Compile the kernels of every module of `sim` that is imported, or load them from Warp's cache.

    A launch would do the same one module after another; here the machine's cores share the work. On CUDA modules are left to their
    first launch, which knows their block sizes.

    Args:
        device: Warp device; None: the default one.
        without: Names of modules that are left to their first launch, if there is one.
    """
    device = wp.get_device(device)
    if device.is_cuda:
        return
    found = {
        name: module
        for name, module in list(sys.modules.items())
        if name.startswith("sim.")
        and name not in without
        and any(isinstance(v, wp.Kernel) and v.module.name == name for v in vars(module).values())
    }
    # The largest first, so that the last to end is a small one.
    names = sorted(found, key=lambda name: os.path.getsize(str(found[name].__file__)), reverse=True)
    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        list(pool.map(lambda name: wp.load_module(name, device=device, max_workers=0), names))
