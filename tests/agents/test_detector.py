"""The detector: boxes, targets, suppression and precision by hand, what it learns, and that interruptions change nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from agents.detector import data, evaluate, precision
from agents.detector.__main__ import main
from agents.detector.boxes import decode, encode, giou, iou, suppress
from agents.detector.data import CLASSES, Boxes, choose, move, read_frames, vary
from agents.detector.model import STRIDES, Detector, locations
from agents.detector.precision import Found, Matches, average_precision, bootstrap, interval, match
from agents.detector.targets import assign, loss_of
from agents.detector.train import Trainer, TrainOptions, train
from sim.errors import SwerveError

SIZE = (96, 64)
"""Width and height of the pictures of these tests."""


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny pictures are done sooner by one thread, and tests run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def boxes_of(rows, ignored=()):
    box = np.array([row[:4] for row in rows], np.float32).reshape(-1, 4)
    other = np.array([row[:4] for row in ignored], np.float32).reshape(-1, 4)
    labels = [np.array([row[4] for row in each], np.int64) for each in (rows, ignored)]
    return Boxes(box, labels[0], other, labels[1])


# --- boxes ----------------------------------------------------------------------------------------------------------------


def test_decode_undoes_encode():
    points, strides, _ = locations(64, 96)
    rng = torch.Generator().manual_seed(0)
    low = torch.rand(len(points), 2, generator=rng) * 60
    boxes = torch.cat([low, low + 0.5 + 40 * torch.rand(len(points), 2, generator=rng)], 1)
    assert torch.allclose(decode(encode(boxes, points, strides), points, strides), boxes, atol=1e-3)


def test_overlaps_by_hand():
    a, b = torch.tensor([0.0, 0.0, 4.0, 2.0]), torch.tensor([2.0, 0.0, 6.0, 2.0])
    assert iou(a, b).item() == pytest.approx(4 / 12)
    assert giou(a, b).item() == pytest.approx(4 / 12)  # the hull is full
    far = torch.tensor([6.0, 0.0, 8.0, 2.0])
    assert iou(a, far).item() == 0 and giou(a, far).item() == pytest.approx(-4 / 16)
    assert iou(a, torch.tensor([3.0, 1.0, 1.0, 1.0])).item() == 0  # turned inside out


def test_suppression_keeps_the_best_of_a_class():
    boxes = torch.tensor([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [30, 0, 40, 10], [5, 0, 15, 10]]).float()
    scores, labels = torch.tensor([0.8, 0.9, 0.7, 0.1, 0.6]), torch.tensor([0, 0, 1, 0, 0])
    assert suppress(boxes, scores, labels, 0.5).tolist() == [1, 2, 4, 3]
    assert suppress(boxes, scores, labels, 0.4).tolist() == [1, 2, 3]
    assert suppress(boxes[:0], scores[:0], labels[:0], 0.5).tolist() == []


# --- targets --------------------------------------------------------------------------------------------------------------


def test_every_box_is_asked_for_at_its_level_and_the_smaller_of_two_wins():
    # A narrow box in which no location lies, a large one, and one around the same centre as the first but larger.
    boxes = torch.tensor([[15.0, 20, 17, 32], [10, 2, 80, 60], [2.0, 12, 30, 40]])
    target = assign(boxes, torch.tensor([0, 3, 2]), torch.zeros(0, 4), SIZE[1], SIZE[0])
    points, _, levels = locations(SIZE[1], SIZE[0])
    first = (target.label == 0).nonzero().ravel()
    assert len(first) > 0 and set(levels[first].tolist()) == {0}
    centre = torch.tensor([16.0, 26.0])
    assert ((points[first] - centre).abs().amax(1) <= STRIDES[0]).all() and (target.box[first] == boxes[0]).all()
    assert set(levels[target.label == 3].tolist()) == {1} and (target.box[target.label == 3] == boxes[1]).all()
    assert not (target.label == 2).any()
    assert ((target.label == -1).sum() + len(first) + (target.label == 3).sum()) == len(points)


def test_nothing_is_asked_within_ignored_boxes_but_what_is_to_be_found():
    ignored = torch.tensor([[0.0, 0, 48, 64]])
    target = assign(torch.tensor([[8.0, 8, 24, 24]]), torch.tensor([1]), ignored, SIZE[1], SIZE[0])
    points, _, _ = locations(SIZE[1], SIZE[0])
    inside = points[:, 0] <= 48
    assert (target.label[~inside] == -1).all() and set(target.label[inside].tolist()) == {-2, 1}
    logits, codes = (
        torch.zeros(1, len(points), 3, requires_grad=True),
        torch.zeros(1, len(points), 5, requires_grad=True),
    )
    loss_of(logits, codes, [target], SIZE[1], SIZE[0])["class"].backward()
    assert logits.grad is not None
    asked = logits.grad[0].abs().sum(1) > 0
    assert torch.equal(asked, target.label != -2)


def test_a_right_answer_costs_nothing():
    boxes = torch.tensor([[8.0, 8, 24, 24]])
    target = assign(boxes, torch.tensor([1]), torch.zeros(0, 4), SIZE[1], SIZE[0])
    points, strides, _ = locations(SIZE[1], SIZE[0])
    codes = torch.cat([encode(boxes.expand(len(points), 4), points, strides), torch.full((len(points), 1), 20.0)], 1)
    logits = torch.full((len(points), 3), -20.0)
    logits[target.label == 1, 1] = 20.0
    assert all(v < 1e-3 for v in loss_of(logits[None], codes[None], [target], SIZE[1], SIZE[0]).values())
    wrong = loss_of(-logits[None], codes[None] + 1, [target], SIZE[1], SIZE[0])
    assert wrong["class"] > 1 and wrong["box"] > 0.1


# --- pictures -------------------------------------------------------------------------------------------------------------


def test_boxes_follow_their_picture():
    # A white box on black: wherever the picture goes, the bounds of what is bright are the box.
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    image[20:44, 30:60] = 255
    boxes = boxes_of([(30, 20, 60, 44, 2)])
    moved = 0
    for seed in range(30):
        varied, after = vary(image, boxes, np.random.default_rng(seed))
        rows, cols = np.nonzero(varied.max(2) > 127)
        if len(after.box) == 0 or after.box.min() <= 0 or (after.box[0, 2:] >= SIZE).any():
            continue  # cut by the picture's edge
        bounds = (cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)
        assert np.allclose(after.box[0], bounds, atol=1.01), seed
        moved += 1
    assert moved > 10


def test_what_is_cut_or_small_is_ignored():
    boxes = boxes_of([(0, 0, 20, 20, 1), (60, 20, 71, 30, 2)], [(40, 40, 50, 50, 3)])
    left = move(boxes, np.array([1.0, 1.0]), np.array([-12.0, 0.0]), SIZE)
    assert left.label.tolist() == [2] and sorted(left.ignored_label.tolist()) == [1, 3]
    half = move(boxes, np.array([0.5, 0.5]), np.zeros(2), SIZE)
    assert half.label.tolist() == [1] and sorted(half.ignored_label.tolist()) == [2, 3]
    items = [
        {"bbox": [0, 0, 30, 30], "category_id": 1, "occlusion": 0.95},
        {"bbox": [0, 0, 30, 30], "category_id": 2, "occlusion": 0.85},
        {"bbox": [0, 0, 30, 30], "category_id": 3, "occlusion": 0.0},
    ]
    read = data.boxes_of(items, {1: "person", 2: "van", 3: "traffic sign"}, (0.5, 1.0))
    assert read.box.tolist() == [[0, 0, 15, 30]] and read.label.tolist() == [CLASSES.index("car")]
    assert read.ignored_label.tolist() == [CLASSES.index("person"), -1]


# --- precision ------------------------------------------------------------------------------------------------------------


def test_precision_by_hand():
    # Right, wrong, right, of four to be found: precision 1 up to a recall of 1/4, 2/3 up to 1/2, 0 beyond.
    right = np.array([[True, False, True]] * 10)
    matches = Matches(np.zeros(3, int), right, ~right, np.array([4]))
    expected = (26 * 1.0 + 25 * (2 / 3)) / 101
    assert average_precision(matches, np.ones(1)) == pytest.approx(np.full(10, expected))
    assert np.isnan(average_precision(replace(matches, present=np.array([0])), np.ones(1))).all()


def random_pictures(count, seed=0):
    rng = np.random.default_rng(seed)
    truth, found = [], []
    for _ in range(count):
        n = int(rng.integers(0, 6))
        low = rng.uniform(0, 60, (n, 2))
        box = np.concatenate([low, low + rng.uniform(10, 30, (n, 2))], 1).astype(np.float32)
        label, ignored = rng.integers(0, 3, n), rng.random(n) < 0.2
        near = np.concatenate([box + rng.normal(0, 3, box.shape), box[: n // 2] + 15]).astype(np.float32)
        kind = np.concatenate([np.where(rng.random(n) < 0.8, label, 1), label[: n // 2]])
        truth.append(Boxes(box[~ignored], label[~ignored], box[ignored], label[ignored]))
        found.append(Found(near, np.round(rng.random(len(near)), 2), kind))
    return truth, found


def test_precision_is_pycocotools():
    from pycocotools.cocoeval import COCOeval

    truth, found = random_pictures(60)
    evaluation = COCOeval(precision._coco(truth), precision._coco(found), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    theirs = evaluation.eval["precision"][:, :, :3, 0, 2].mean(1).T  # all areas, 100 boxes
    ours = [average_precision(m, np.ones(60)) for m in match(truth, found, range(60))[:3]]
    assert 0.1 < theirs.mean() < 0.9
    assert np.allclose(ours, theirs, atol=1e-9)


def test_a_draw_that_counts_twice_is_as_two_draws():
    truth, found = random_pictures(10)
    found = [replace(f, score=f.score + 1e-3 * k) for k, f in enumerate(found)]
    weights = np.array([2, 0, 1, 1, 3, 0, 1, 0, 1, 1])
    again = [k for k in range(10) for _ in range(weights[k])]
    twice = match([truth[k] for k in again], [found[k] for k in again], range(len(again)))
    for a, b in zip(match(truth, found, range(10))[:3], twice[:3], strict=True):
        assert np.allclose(average_precision(a, weights), average_precision(b, np.ones(len(again))), atol=0.02)


def test_intervals_are_over_draws_and_paired():
    truth, found = random_pictures(40)
    worse = [replace(f, box=f.box + 4) for f in found]
    frames = np.arange(40)
    pairs = [match(truth, f, frames) for f in (found, worse)]
    samples = bootstrap([[pair] for pair in pairs], 200)
    low, high = interval(samples[:, 0, -1, 1])
    assert low is not None and high is not None and low < precision.scores(pairs[0], np.ones(40))[-1, 1] < high
    # All frames of one draw: nothing is known of how draws differ.
    assert interval(bootstrap([[match(truth, found, [0] * 40)]], 50)[:, 0, -1, 1]) == [None, None]
    # Four copies of each frame in its draw tell no more than one.
    copies = bootstrap([[match(truth * 4, found * 4, [*frames] * 4)]], 200)[:, 0, -1, 1]
    assert np.ptp(interval(copies)) == pytest.approx(high - low, abs=0.02)
    both = bootstrap([pairs], 200)[:, 0]
    assert np.allclose(both, samples.mean(1), equal_nan=True)
    gap = interval(samples[:, 1, -1, 1] - samples[:, 0, -1, 1])
    assert gap[1] is not None and gap[1] < 0


# --- learning -------------------------------------------------------------------------------------------------------------


def scene(seed):
    """Boxes of two kinds, bright and dark, on noise."""
    rng = np.random.default_rng(seed)
    image = rng.integers(90, 140, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    rows = []
    for k, (x, y) in enumerate([(4, 6), (52, 28)]):
        x, y, w, h = x + rng.integers(10), y + rng.integers(10), *rng.integers(12, 26, 2)
        image[y : y + h, x : x + w] = 250 if k else 5
        rows.append((x, y, x + w, y + h, 2 * k))
    return image, boxes_of(rows)


def four_pictures():
    images, boxes = zip(*(scene(seed) for seed in range(4)), strict=True)
    return np.stack(images), list(boxes)


TINY = TrainOptions(size="96x64", steps=120, batch=4, width=16, learning_rate=5e-3, threads=1)


def test_it_learns_four_pictures_by_heart():
    images, boxes = four_pictures()
    trainer = Trainer(TINY, images, boxes)
    before = evaluate.look(trainer.model.eval(), images)
    while trainer.step < TINY.steps:
        trainer.learn()
    after = evaluate.look(trainer.model.eval(), images)
    first, last = (precision.scores(match(boxes, found, range(4)), np.ones(4))[-1, 1] for found in (before, after))
    assert first < 0.2 and last > 0.95


def test_an_interrupted_run_ends_as_one_that_was_not(tmp_path):
    images, boxes = four_pictures()
    options = replace(TINY, steps=6, batch=3)
    whole = Trainer(options, images, boxes)
    for _ in range(6):
        whole.learn()
    part = Trainer(options, images, boxes)
    for _ in range(4):
        part.learn()
    part.save(tmp_path / "detector.pt")
    again = Trainer(options, images, boxes)
    again.resume(tmp_path / "detector.pt")
    assert again.step == 4
    for _ in range(2):
        again.learn()
    for a, b in zip(whole.model.state_dict().values(), again.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    other = Trainer(replace(options, learning_rate=1e-4), images, boxes)
    with pytest.raises(SwerveError, match="learning_rate"):
        other.resume(tmp_path / "detector.pt")


def test_exposure_of_a_picture_does_not_matter():
    torch.manual_seed(0)
    model, image = Detector(2, 16), 40 + 100 * torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        assert torch.allclose(model(image)[0], model(image * 1.5 + 10)[0], atol=0.05)


# --- from a folder --------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A data set of three scenarios, five draws each, one frame a draw."""
    root = tmp_path / "set"
    videos, images, annotations = [], [], []
    for number in range(15):
        name, scenario = f"{'abc'[number // 5]}-{number % 5:04d}", "abc"[number // 5]
        split = "val" if number % 5 == 2 else "train"
        videos.append({"id": number + 1, "name": name, "scenario": scenario, "split": split})
        images.append({"id": number + 1, "file_name": f"frames/{name}/000000.png", "width": 96, "height": 64})
        images[-1]["video_id"] = number + 1
        picture, boxes = scene(number)
        for kind in ("frames", "flat"):
            (root / kind / name).mkdir(parents=True)
            cv2.imwrite(str(root / kind / name / "000000.png"), picture)
        for (x0, y0, x1, y1), label in zip(boxes.box.tolist(), boxes.label, strict=True):
            row = {"image_id": number + 1, "category_id": 1 + int(label) // 2, "occlusion": 0.0}
            annotations.append(row | {"bbox": [x0, y0, x1 - x0, y1 - y0]})
    categories = [{"id": 1, "name": "rider"}, {"id": 2, "name": "car"}]
    data = {"videos": videos, "images": images, "annotations": annotations, "categories": categories}
    (root / "annotations.json").write_text(json.dumps(data))
    (root / "manifest.json").write_text(json.dumps({"fingerprint": "x"}))
    return root


def test_parts_are_of_whole_draws_and_what_is_held_back_is_in_none(folder):
    frames = read_frames(folder, SIZE)
    parts = {part: {f.draw for f in choose(frames, part, "b")} for part in ("train", "val", "held")}
    assert {len(draws) for draws in parts.values()} == {8, 2, 5}
    assert len(set.union(*parts.values())) == 15
    assert {draw[0] for draw in parts["held"]} == {"b"} and {draw[0] for draw in parts["train"]} == {"a", "c"}
    with pytest.raises(SwerveError, match="a, b, c"):
        choose(frames, "train", "d")
    with pytest.raises(SwerveError, match="held"):
        choose(frames, "held", "")


def test_the_commands_train_go_on_and_compare(folder, tmp_path, capsys):
    words = [
        "--data",
        str(folder),
        "--hold-out",
        "b",
        "--steps",
        "3",
        "--batch",
        "2",
        "--width",
        "16",
        "--size",
        "96x64",
        "--threads",
        "1",
    ]
    for shading in ("rgb", "flat"):
        main(["train", *words, "--shading", shading, "--out", str(tmp_path / shading), "--save-every", "2"])
    capsys.readouterr()
    main(["train", *words, "--shading", "rgb", "--out", str(tmp_path / "rgb")])
    assert "going on from step 3" in capsys.readouterr().err
    target = tmp_path / "result.json"
    models = f"{tmp_path / 'rgb'} {tmp_path / 'flat'}"
    main(
        [
            "evaluate",
            "--data",
            str(folder),
            "--models",
            models,
            "--part",
            "held",
            "--json",
            str(target),
            "--threads",
            "1",
        ]
    )
    told = capsys.readouterr().out
    assert "person" in told and "flat less rgb, mean: 0.0" in told
    result = json.loads(target.read_text())
    assert result["draws"] == 5 and result["classes"]["car"] == {"boxes": 5, "draws": 5}
    first, second = result["detectors"].values()
    assert first["scores"]["car"] == second["scores"]["car"]  # equal pictures, equal seeds
    assert second["against_first"]["mean"]["AP50"]["value"] == 0


def test_mistakes_are_told_plainly(folder, tmp_path):
    options = TrainOptions(
        data=str(folder), out=str(tmp_path / "run"), size="96x64", steps=1, width=16, batch=1, threads=1
    )
    with pytest.raises(SwerveError, match="multiples of 32"):
        replace(options, size="100x64")
    with pytest.raises(SwerveError, match="no complete data set"):
        train(replace(options, data=str(tmp_path)))
    (folder / "flat/a-0000/000000.png").unlink()
    with pytest.raises(SwerveError, match="--outputs flat"):
        train(replace(options, shading="flat"))
    train(options)
    (folder / "manifest.json").write_text(json.dumps({"fingerprint": "y"}))
    with pytest.raises(SwerveError, match="fingerprint"):
        train(options)
    (tmp_path / "run/detector.pt").write_bytes(b"nonsense")
    with pytest.raises(SwerveError, match="no checkpoint"):
        evaluate.read_detector(tmp_path / "run/detector.pt")
