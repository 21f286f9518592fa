"""Makes `docs/contact_sheet.jpg`: every scenario of the library at its telling moment (`docs/moments.py`).

python docs/contact_sheet.py [--only NAME ...] [--quality high] [--out FILE]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2  # noqa: TID253
import numpy as np
from moments import KEYS, choose, picture

from sim.scenario.reader import library_files


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="scenarios by name")
    parser.add_argument("--files", nargs="*", default=[], help="other scenario files instead of the library")
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--keys", type=int, nargs="*", default=list(KEYS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "contact_sheet.jpg")
    args = parser.parse_args()
    files = [Path(f) for f in args.files] or [
        f for name, f in library_files().items() if not args.only or name in args.only
    ]
    size = (args.width, args.width * 9 // 16)
    tiles = []
    for path in files:
        moment = choose(path, args.keys)
        tile = picture(path, moment, size, args.quality)[..., ::-1].copy()
        print(
            f"{path.stem}: draw {moment.key}, {moment.tick / 100:.1f} s, {moment.score:.4f} of the picture", flush=True
        )
        label = path.stem.replace("-", " ")
        tile[size[1] - 26 :, :] //= 2
        cv2.putText(tile, label, (8, size[1] - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
        tiles.append(tile)
    while len(tiles) % args.columns:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.hstack(tiles[i : i + args.columns]) for i in range(0, len(tiles), args.columns)]
    settings = [cv2.IMWRITE_JPEG_QUALITY, 82] if args.out.suffix == ".jpg" else []
    cv2.imwrite(str(args.out), np.vstack(rows), settings)


if __name__ == "__main__":
    main()
