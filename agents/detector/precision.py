"""Average precision as COCO defines it, with intervals over draws: pycocotools matches boxes, what follows is done here.

A draw's frames are alike, so intervals come from drawing whole draws anew (Efron 1979: the percentile bootstrap); two detectors
are compared on the same draws each time.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.detector.data import CLASSES, Boxes

RECALLS = np.linspace(0.0, 1.0, 101)
"""Where COCO reads the curve of precision over recall."""
THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Intersections over union from which on a box counts as found, as COCO's."""
RESAMPLES = 1000
"""Of a bootstrap interval."""
MOST = 100
"""Boxes of a picture that count, those of highest score first."""


@dataclass(frozen=True)
class Found:
    """The boxes that a detector found in a picture."""

    box: np.ndarray
    """(n, 4), as `Boxes.box`."""
    score: np.ndarray
    """(n,)."""
    label: np.ndarray
    """Index in `CLASSES`, (n,)."""


@dataclass(frozen=True)
class Matches:
    """What became of the boxes of one class that were found in many pictures, the highest score first."""

    draw: np.ndarray
    """Number of the draw of each box, (n,)."""
    right: np.ndarray
    """Whether it matches one to be found, by `THRESHOLDS`, bool (10, n)."""
    wrong: np.ndarray
    """Whether it matches nothing, not even an ignored one, likewise."""
    present: np.ndarray
    """Boxes to be found in each draw, (ndraw,)."""


def match(truth: Sequence[Boxes], found: Sequence[Found], draws: Sequence[int]) -> list[Matches]:
    """Match the boxes found with those to be found.

    Ignored boxes are COCO's crowds: what lies within them is neither right nor wrong.

    Args:
        truth: Of each picture.
        found: Of each picture.
        draws: Number of the draw of each picture, counted from 0.

    Returns:
        By class.
    """
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_coco(truth), _coco(found), "bbox")
        params: Any = evaluation.params
        params.imgIds, params.catIds = list(range(1, len(truth) + 1)), list(range(1, len(CLASSES) + 1))
        params.areaRng, params.areaRngLbl, params.maxDets = [[0, 1e10]], ["all"], [MOST]
        params.iouThrs = THRESHOLDS
        evaluation.evaluate()
    rows: list[Any] = evaluation.evalImgs
    ndraw = max(draws) + 1
    return [_gather(rows[k * len(truth) : (k + 1) * len(truth)], np.asarray(draws), ndraw) for k in range(len(CLASSES))]


def _gather(rows: Sequence[dict | None], draws: np.ndarray, ndraw: int) -> Matches:
    """One class's rows of ``COCOeval.evalImgs``, a row a picture, None where there is nothing."""
    present = np.zeros(ndraw, int)
    score, draw = [np.zeros(0)], [np.zeros(0, int)]
    right, wrong = [np.zeros((len(THRESHOLDS), 0), bool)], [np.zeros((len(THRESHOLDS), 0), bool)]
    for row, number in zip(rows, draws, strict=True):
        if row is None:
            continue
        present[number] += int((np.asarray(row["gtIgnore"]) == 0).sum())
        score.append(np.asarray(row["dtScores"], float))
        draw.append(np.full(len(row["dtScores"]), number))
        matched, ignored = np.asarray(row["dtMatches"]) > 0, np.asarray(row["dtIgnore"]).astype(bool)
        right.append(matched & ~ignored)
        wrong.append(~matched & ~ignored)
    order = np.argsort(-np.concatenate(score), kind="stable")
    return Matches(
        np.concatenate(draw)[order], np.concatenate(right, 1)[:, order], np.concatenate(wrong, 1)[:, order], present
    )


def _coco(pictures: Sequence[Boxes] | Sequence[Found]) -> Any:
    """Pictures as pycocotools has them; scores stand where boxes were found."""
    from pycocotools.coco import COCO

    rows = []
    for image, boxes in enumerate(pictures, 1):
        if isinstance(boxes, Found):
            crowds, scores = [], boxes.score
        else:
            # What stands for no class is ignored whichever class is found there.
            of = [(k,) if k >= 0 else range(len(CLASSES)) for k in boxes.ignored_label]
            crowds = [(box, k) for box, each in zip(boxes.ignored, of, strict=True) for k in each]
            scores = np.zeros(len(boxes.box))
        plain = zip(boxes.box, boxes.label, scores, strict=True)
        every = [(box, k, s, 0) for box, k, s in plain] + [(box, k, 0.0, 1) for box, k in crowds]
        for (x0, y0, x1, y1), label, score, crowd in every:
            bbox = [float(x0), float(y0), float(x1 - x0), float(y1 - y0)]
            row = {
                "id": len(rows) + 1,
                "image_id": image,
                "category_id": int(label) + 1,
                "bbox": bbox,
                "iscrowd": crowd,
            }
            rows.append(row | {"area": bbox[2] * bbox[3], "score": float(score)})
    coco: Any = COCO()
    coco.dataset = {
        "images": [{"id": k + 1} for k in range(len(pictures))],
        "categories": [{"id": k, "name": name} for k, name in enumerate(CLASSES, 1)],
        "annotations": rows,
    }
    coco.createIndex()
    return coco


def average_precision(matches: Matches, weights: np.ndarray) -> np.ndarray:
    """Average precision at each of `THRESHOLDS`, (10,); NaN where there is nothing to find.

    Args:
        matches: Of a class.
        weights: How often each draw counts, (ndraw,).
    """
    count = matches.present @ weights
    if count == 0:
        return np.full(len(THRESHOLDS), np.nan)
    weight = weights[matches.draw]
    right, wrong = np.cumsum(matches.right * weight, 1), np.cumsum(matches.wrong * weight, 1)
    precision = right / np.maximum(right + wrong, 1e-9)
    # The best precision at this recall or a greater one.
    precision = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
    out = np.zeros(len(THRESHOLDS))
    for k, recall in enumerate(right / count):
        at = np.searchsorted(recall, RECALLS, side="left")
        out[k] = precision[k][at[at < len(recall)]].sum() / len(RECALLS)
    return out


def scores(matches: Sequence[Matches], weights: np.ndarray) -> np.ndarray:
    """AP (mean over `THRESHOLDS`) and AP50 of each class, and last of their mean over classes there are, (nclass + 1, 2)."""
    each = np.array([(p.mean(), p[0]) for p in (average_precision(m, weights) for m in matches)])
    there = ~np.isnan(each[:, 0])
    mean = each[there].mean(0) if there.any() else np.full(2, np.nan)
    return np.concatenate([each, mean[None]])


def bootstrap(groups: Sequence[Sequence[Sequence[Matches]]], resamples: int = RESAMPLES) -> np.ndarray:
    """`scores` on draws drawn anew, the same ones for all, (resamples, ngroup, nclass + 1, 2).

    Args:
        groups: Matches by class of each detector of each group, on the same pictures; the mean of a group's detectors counts.
        resamples: How often.
    """
    ndraw = len(groups[0][0][0].present)
    rng = np.random.default_rng(0)
    weights = rng.multinomial(ndraw, np.full(ndraw, 1 / ndraw), resamples)
    return np.array([[np.mean([scores(m, w) for m in group], 0) for group in groups] for w in weights])


def interval(samples: np.ndarray) -> list[float | None]:
    """95 % percentile interval of resampled figures (resamples,); None where a class is found in a single draw or none."""
    known = samples[~np.isnan(samples)]
    if len(known) < 2 or np.ptp(known) == 0:
        return [None, None]
    low, high = np.percentile(known, (2.5, 97.5))
    return [round(float(low), 4), round(float(high), 4)]
