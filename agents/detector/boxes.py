"""Boxes as tensors (..., 4): x and y of the left upper, then of the right lower corner [pixels]."""

from __future__ import annotations

import torch
from torch import Tensor


def area(boxes: Tensor) -> Tensor:
    """Area [pixels^2], (...); 0 of a box that is turned inside out."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def overlap(a: Tensor, b: Tensor) -> Tensor:
    """Area that boxes share, (...), of boxes that broadcast to (..., 4)."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    return (high - low).clamp(min=0).prod(-1)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union, (...), of boxes that broadcast to (..., 4)."""
    shared = overlap(a, b)
    return shared / (area(a) + area(b) - shared).clamp(min=1e-9)


def giou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised intersection over union (Rezatofighi et al. 2019), -1 to 1, (...)."""
    shared = overlap(a, b)
    union = (area(a) + area(b) - shared).clamp(min=1e-9)
    hull = torch.cat([torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])], -1)
    around = area(hull).clamp(min=1e-9)
    return shared / union - (around - union) / around


def encode(boxes: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """What a location predicts of a box: its centre from the location, and the logarithm of its sides, both in strides, (n, 4).

    Unlike distances to the sides (FCOS), this also tells of boxes narrower than a stride, within which no location may lie.

    Args:
        boxes: (n, 4).
        points: Locations, x and y, (n, 2).
        strides: Theirs, (n, 1).
    """
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-3)
    return torch.cat([(centre - points) / strides, torch.log(size / strides)], 1)


def decode(codes: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """The boxes that `encode` tells of, (..., n, 4), given codes (..., n, 4), points (n, 2) and strides (n, 1)."""
    centre = points + codes[..., :2] * strides
    half = strides * torch.exp(codes[..., 2:].clamp(max=6.0)) / 2
    return torch.cat([centre - half, centre + half], -1)


def suppress(boxes: Tensor, scores: Tensor, labels: Tensor, limit: float) -> Tensor:
    """Greedy non-maximum suppression within each class.

    Args:
        boxes: (n, 4).
        scores: (n,).
        labels: Class of each, (n,).
        limit: Intersection over union above which the box of lower score goes.

    Returns:
        Indices of the boxes that stay, the highest score first.
    """
    order = scores.argsort(descending=True, stable=True)
    boxes, labels = boxes[order], labels[order]
    close = (iou(boxes[:, None], boxes[None]) > limit) & (labels[:, None] == labels[None])
    kept = torch.ones(len(order), dtype=torch.bool)
    for k in range(len(order)):
        if kept[k]:
            kept[k + 1 :] &= ~close[k, k + 1 :]
    return order[kept]
