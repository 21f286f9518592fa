"""What the detector should say at each location, and how far it is from saying so."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from agents.detector.boxes import area, decode, giou, iou
from agents.detector.model import SIZES, locations

RADIUS = 1.0
"""Locations up to this far from a box's centre along x and y find it [strides]."""


@dataclass(frozen=True)
class Targets:
    """Of one picture."""

    label: Tensor
    """Class to find at each location; -1 for background, -2 where nothing is asked, (nlocation,)."""
    box: Tensor
    """The box to find, (nlocation, 4) [pixels]."""


def assign(boxes: Tensor, labels: Tensor, ignored: Tensor, height: int, width: int) -> Targets:
    """Which location finds which box.

    A box belongs to the level of its longer side and is found at the locations around its centre; of two boxes at a location the
    smaller one is. Nothing is asked of other locations within boxes that are ignored.

    Args:
        boxes: (n, 4) [pixels].
        labels: Their classes, (n,).
        ignored: Boxes that are neither to be found nor background, (m, 4).
        height: Of the picture [pixels].
        width: Of the picture [pixels].
    """
    points, strides, levels = locations(height, width)
    label = torch.full((len(points),), -1)
    target = torch.zeros(len(points), 4)
    if len(ignored):
        inside = (points[:, None] >= ignored[None, :, :2]) & (points[:, None] <= ignored[None, :, 2:])
        label[inside.all(-1).any(1)] = -2
    if len(boxes):
        centre, longer = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).amax(1)
        level = torch.bucketize(longer, torch.tensor(SIZES[1:-1]), right=True)
        # Centres at or beyond the picture's right and lower edge belong to the last location.
        away = (points[:, None] - centre[None]).abs().amax(-1)
        fits = (levels[:, None] == level[None]) & (away <= RADIUS * strides)
        size = torch.where(fits, area(boxes)[None], torch.inf)
        least, which = size.min(1)
        found = least < torch.inf
        label[found], target[found] = labels[which[found]], boxes[which[found]]
    return Targets(label, target)


def focal(logits: Tensor, wanted: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss of each logit (Lin et al. 2017)."""
    loss = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    p = logits.sigmoid()
    right = p * wanted + (1 - p) * (1 - wanted)
    return (alpha * wanted + (1 - alpha) * (1 - wanted)) * (1 - right) ** gamma * loss


def loss_of(logits: Tensor, codes: Tensor, targets: list[Targets], height: int, width: int) -> dict[str, Tensor]:
    """Losses of a batch, to be added up: of classes, of boxes, of what is said about the boxes.

    Args:
        logits: (n, nlocation, nclass), as of `Detector.forward`.
        codes: (n, nlocation, 5), likewise.
        targets: Of each picture.
        height: Of the pictures [pixels].
        width: Of the pictures [pixels].
    """
    points, strides, _ = locations(height, width)
    label, target = torch.stack([t.label for t in targets]), torch.stack([t.box for t in targets])
    found = label >= 0
    count = found.sum().clamp(min=1)
    wanted = F.one_hot(label.clamp(min=0), logits.shape[2]).float() * found[..., None]
    losses = {"class": (focal(logits, wanted) * (label != -2)[..., None]).sum() / count}
    boxes, truth = decode(codes[..., :4], points, strides)[found], target[found]
    losses["box"] = 2.0 * (1 - giou(boxes, truth)).sum() / count
    quality = iou(boxes, truth).detach()
    losses["quality"] = F.binary_cross_entropy_with_logits(codes[..., 4][found], quality, reduction="sum") / count
    return losses
