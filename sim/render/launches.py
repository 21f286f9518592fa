"""Launches over all pixels of all pictures: tiles, rows or bands, on a CPU shared among threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import warp as wp

from sim.render.primary import BLOCK, TILE, Share, tile_count

BAND = 64
"""Rows of a picture that one thread draws."""
PART = 8192
"""Pixels that are worth handing to another thread."""


class Launches:
    """Launches kernels over the pictures of a renderer.

    Args:
        shape: (nworld, ncamera, height, width).
        device: Warp device.
        threads: CPU threads that share each picture; 1 inside captures.
    """

    def __init__(self, shape: tuple[int, int, int, int], device: Any, threads: int) -> None:
        self._shape, self._device = shape, device
        self._threads = threads if device.is_cpu else 1
        self._loaded: set[Any] = set()
        self._pool = ThreadPoolExecutor(self._threads) if self._threads > 1 else None

    def tiles(
        self,
        kernel: Any,
        inputs: list[Any],
        outputs: list[Any],
        *,
        lanes: int = int(BLOCK),
        rows: tuple[int, int] | None = None,
    ) -> None:
        """Launch over tiles of pixels, ``lanes`` threads each on a GPU; on a CPU threads share the tiles of every picture.

        ``rows``: the first and the one after the last; None: all. The share goes between ``inputs`` and ``outputs``.
        """
        nworld, ncamera, height, width = self._shape
        top, end = rows or (0, height)
        lanes = 1 if self._device.is_cpu else lanes

        def launch(first: int, last: int) -> None:
            share = Share()
            share.first, share.lanes, share.top, share.end = first, lanes, top, end
            dim = (nworld, ncamera, last - first, lanes)
            wp.launch(kernel, dim, [*inputs, share], outputs, device=self._device, block_dim=int(BLOCK))

        if rows is None or end - top == height:
            self._share(kernel, launch, tile_count(height, width))
        else:
            launch(tile_count(top - top % TILE, width), tile_count(end, width))

    def rows(self, kernel: Any, inputs: list[Any], outputs: list[Any]) -> None:
        """Launch over pixels, row by row, shared like tiles."""
        nworld, ncamera, height, width = self._shape

        def launch(first: int, last: int) -> None:
            dim = (nworld, ncamera, last - first, width)
            wp.launch(kernel, dim, [*inputs, first], outputs, device=self._device)

        self._share(kernel, launch, height)

    def bands(self, kernel: Any, inputs: list[Any], outputs: list[Any]) -> None:
        """Launch over bands of `BAND` rows."""
        nworld, ncamera, height, _ = self._shape

        def launch(first: int, last: int) -> None:
            dim = (nworld, ncamera, last - first)
            wp.launch(kernel, dim, [*inputs, BAND, first], outputs, device=self._device)

        self._share(kernel, launch, -(-height // BAND))

    def _share(self, kernel: Any, launch: Callable[[int, int], None], count: int) -> None:
        """Call ``launch`` for ranges that make up 0 .. count, from all threads; once in one thread first, to load the kernel."""
        if self._pool is None or kernel not in self._loaded:
            self._loaded.add(kernel)
            launch(0, count)
            return
        pixels = int(np.prod(self._shape))
        parts = min(count, max(self._threads, min(pixels // PART, 8 * self._threads)))
        bounds = [round(count * i / parts) for i in range(parts + 1)]
        list(self._pool.map(launch, bounds[:-1], bounds[1:]))
