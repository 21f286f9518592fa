"""The detector: a small residual network, a feature pyramid, and at every location class, box and how good the box is."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from agents.detector.boxes import decode, suppress

STRIDES = (8, 16, 32)
"""Pixels between the locations of each level."""
SIZES = (0.0, 48.0, 96.0, math.inf)
"""Longer side of the boxes that each level finds: from one number to before the next [pixels]."""
PRIOR = 0.01
"""Share of locations that an untrained detector takes for an object (Lin et al. 2017)."""


def normed(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, normalisation over groups of eight channels (Wu & He 2018: independent of the batch), rectifier."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.GroupNorm(outputs // 8, outputs), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two convolutions around which their input goes (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = normed(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.GroupNorm(channels // 8, channels)
        nn.init.zeros_(self.norm.weight)  # a block starts as the identity

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, height, width), as its input."""
        return F.relu(x + self.norm(self.second(self.first(x))))


class Detector(nn.Module):
    """A fully convolutional single-stage detector, as FCOS (Tian et al. 2019) with `boxes.encode` and an IoU in place of centre-ness.

    Args:
        nclass: Classes.
        width: Channels of the pyramid and, in proportion, of the network; a multiple of 16.
    """

    def __init__(self, nclass: int, width: int = 64) -> None:
        super().__init__()
        half, wide, widest = width // 2, width * 3 // 2, width * 2
        self.nclass = nclass
        self.stem = nn.Sequential(nn.Conv2d(3, half, 4, 4), nn.GroupNorm(half // 8, half), nn.ReLU(inplace=True))
        self.stages = nn.ModuleList(
            [
                nn.Sequential(Residual(half), normed(half, width, 3, 2), Residual(width), Residual(width)),
                nn.Sequential(normed(width, wide, 3, 2), Residual(wide)),
                nn.Sequential(normed(wide, widest, 3, 2), Residual(widest)),
            ]
        )
        self.lateral = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in (width, wide, widest))
        self.smooth = nn.ModuleList(normed(width, width) for _ in STRIDES)
        self.towers = nn.ModuleList(normed(width, width) for _ in range(2))
        self.classes = nn.Conv2d(width, nclass, 3, padding=1)
        self.boxes = nn.Conv2d(width, 5, 3, padding=1)
        """Codes of `boxes.encode`, and the logit of the box's intersection over union with the true one."""
        for head in (self.classes, self.boxes):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.get_parameter("bias"))
        nn.init.constant_(self.classes.get_parameter("bias"), -math.log((1 - PRIOR) / PRIOR))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of classes (n, nlocation, nclass), and codes with the logit of their quality (n, nlocation, 5).

        Args:
            images: 0 to 255, (n, 3, height, width), sides multiples of 32; each is brought to mean 0 and deviation 1, so that
                neither exposure nor contrast of a whole picture matters.
        """
        mean, spread = images.mean((1, 2, 3), keepdim=True), images.std((1, 2, 3), keepdim=True)
        x = self.stem((images - mean) / (spread + 1.0))
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        maps = [lateral(level) for lateral, level in zip(self.lateral, levels, strict=True)]
        for k in (1, 0):
            maps[k] = maps[k] + F.interpolate(maps[k + 1], scale_factor=2.0)
        logits, codes = [], []
        for smooth, features in zip(self.smooth, maps, strict=True):
            shared = smooth(features)
            logits.append(self.classes(self.towers[0](shared)).flatten(2))
            codes.append(self.boxes(self.towers[1](shared)).flatten(2))
        return torch.cat(logits, 2).transpose(1, 2), torch.cat(codes, 2).transpose(1, 2)


def locations(height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Where the detector looks: x and y (nlocation, 2) [pixels], strides (nlocation, 1), levels (nlocation,)."""
    points, strides, levels = [], [], []
    for level, stride in enumerate(STRIDES):
        y, x = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
        points.append((torch.stack([x, y], -1).reshape(-1, 2) + 0.5) * stride)
        strides.append(torch.full((len(points[-1]), 1), float(stride)))
        levels.append(torch.full((len(points[-1]),), level))
    return torch.cat(points), torch.cat(strides), torch.cat(levels)


@torch.no_grad()
def detect(
    model: Detector, images: Tensor, *, least: float = 0.05, limit: float = 0.6, most: int = 100
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Objects of pictures.

    Args:
        model: In evaluation mode.
        images: As in `Detector.forward`.
        least: Score from which a box counts: the square root of class probability times predicted intersection over union.
        limit: Intersection over union above which the lesser of two boxes of a class goes.
        most: Boxes kept per picture.

    Returns:
        Boxes (n, 4), scores (n,) and classes (n,) of each picture, the highest score first.
    """
    logits, codes = model(images)
    points, strides, _ = locations(*images.shape[2:])
    boxes = decode(codes[..., :4], points, strides)
    scores = (logits.sigmoid() * codes[..., 4:].sigmoid()).sqrt()
    found = []
    for box, score in zip(boxes, scores, strict=True):
        place, label = (score > least).nonzero(as_tuple=True)
        value = score[place, label]
        top = value.argsort(descending=True, stable=True)[:1000]
        place, label, value = place[top], label[top], value[top]
        kept = suppress(box[place], value, label, limit)[:most]
        found.append((box[place[kept]], value[kept], label[kept]))
    return found
