"""Train a small detector on pictures that `swerve render` wrote, and measure it on draws and a scenario that it has not seen.

    swerve render scenarios/ --draws 20 --fps 1 --outputs flat --out set
    python -m agents.detector train --data set --hold-out child-between-parked-cars --out runs/rgb
    python -m agents.detector train --data set --hold-out child-between-parked-cars --out runs/flat --shading flat
    python -m agents.detector evaluate --data set --models "runs/rgb runs/flat"
    python -m agents.detector evaluate --data set --models "runs/rgb runs/flat" --part held

`train --help` and `evaluate --help` list the options; docs/detector.md says what was measured.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from agents.options import parse_options
from sim.errors import told_plainly


def main(argv: Sequence[str] | None = None) -> None:
    """Command line."""
    words = list(sys.argv[1:] if argv is None else argv)
    command = words.pop(0) if words else "--help"
    if command == "train":
        from agents.detector.train import TrainOptions, train

        print(train(parse_options(TrainOptions, __doc__, words)))
    elif command == "evaluate":
        from agents.detector.evaluate import EvaluateOptions, run

        run(parse_options(EvaluateOptions, __doc__, words))
    else:
        print(__doc__)
        raise SystemExit(0 if command in ("-h", "--help") else f"error: {command!r} is neither train nor evaluate")


if __name__ == "__main__":
    with told_plainly():
        main()
