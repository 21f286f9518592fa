"""The reviewer's page: complete data, nothing that breaks out, nothing fetched; and its behaviour in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest

from sim.export.video import encode_video
from sim.review.page import build_page, embed_json
from tests.review.browser import CHROMIUM, Browser

HOSTILE = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked=1"> & \u2028 "quoted" @DATA@'
FRAMES = 40
RATE = Fraction(10)


LEGENDS = {
    "": {"title": "Boxes and classes", "about": "", "kind": "names", "names": [[[128, 64, 128], "road"], [[220, 20, 60], "person"]]},
    "depth": {"title": "Depth", "about": "in metres", "kind": "scale", "unit": "m", "stops": [[0, [255, 0, 0]], [1, [0, 0, 255]]],
              "ticks": [[0, "1"], [0.5, "14"], [1, "200"]]},
    "flow": {"title": "Flow", "about": "in pixels", "kind": "wheel", "rim": "50 px", "stops": [[0, [255, 0, 0]], [1, [255, 0, 0]]]},
}  # fmt: skip


def draw(key, video="video.mp4", contact=2.55):
    times = [k / 10 for k in range(FRAMES)]
    return {
        "id": f"child-{key:04d}", "scenario": 0, "key": key, "video": video,
        "layers": {name: f"layers/{key}/{name}.mp4" for name in ("depth", "flow")},
        "pictures": [["camera", f"child-{key:04d}", "png"]], "cut_at": None, "fps": [10, 1],
        "parameters": {"ego.speed": 13.9, HOSTILE: HOSTILE}, "actors": ["ego", HOSTILE], "hazard_actor": HOSTILE,
        "series": {
            "time": times, "ego_speed": [13.9 - 0.1 * k for k in range(FRAMES)], "ego_acceleration": [-1.0] * FRAMES,
            "distance": [40.0 - k for k in range(FRAMES)], "hazard_distance": [50.0 - k for k in range(FRAMES)],
            "time_to_collision": [None if k < 10 or k > 25 else (25 - k) / 10 for k in range(FRAMES)],
            "conflict_actor": [HOSTILE] * FRAMES, "hazard": [int(k >= 10) for k in range(FRAMES)],
            "collided": [int(k > 25) for k in range(FRAMES)], "off_road": [0] * FRAMES,
        },
        "events": [
            {"kind": "onset", "time": 1.0, "actor": HOSTILE, "text": f"Hazard: {HOSTILE}"},
            {"kind": "brake", "time": 1.62, "actor": None, "text": "The ego brakes"},
            {"kind": "contact", "time": contact, "actor": HOSTILE, "text": "Contact"},
        ],
        "objects": [[[2, 1, 40.0 - k, 0.25, 100, [0]]] for k in range(FRAMES)],
    }  # fmt: skip


def page_data(draws=1):
    videos = ["video.mp4"] if draws == 1 else [f"videos/{k}.mp4" for k in range(draws)]
    return {
        "version": "0.1.0", "config": {"size": [64, 36], "fps": 10.0, "quality": "fast", "seed": 3},
        "categories": {"1": "person"}, "parts": [["picture", 64], ["labels", 64]], "legends": LEGENDS,
        "labels": [["depth", "depth", "npz", False], ["lane", "masks", "lane.png", False], ["bev", "bev", "npz", True]],
        "scenarios": [
            {"id": "child", "name": HOSTILE, "danger": HOSTILE, "source": HOSTILE, "tags": [HOSTILE, "town"],
             "file": "child.yaml", "notes": [HOSTILE]},
        ],
        "draws": [draw(k, videos[k]) for k in range(draws)],
    }  # fmt: skip


class Collector(HTMLParser):
    """Elements and their attributes, and the text of scripts."""

    def __init__(self):
        super().__init__()
        self.elements, self.scripts, self._inside = [], [], False

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "script"

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data


def parse(page):
    collector = Collector()
    collector.feed(page.decode())
    collector.close()
    return collector


def test_data_stand_in_the_page_whatever_their_strings_hold():
    data = page_data(2)
    found = parse(build_page(data))
    assert [tag for tag, _ in found.elements].count("script") == 2
    assert not [tag for tag, _ in found.elements if tag == "img"]
    assert json.loads(found.scripts[0]) == data


def test_embedded_json_cannot_end_its_element():
    text = embed_json({"a": HOSTILE, "b": "<!-- <script>"})
    assert "<" not in text and ">" not in text and "&" not in text and "\u2028" not in text
    assert json.loads(text) == {"a": HOSTILE, "b": "<!-- <script>"}
    with pytest.raises(ValueError):
        embed_json(float("nan"))


def test_page_asks_for_nothing_but_its_own_folder():
    page = build_page(page_data()).decode()
    assert not re.search(r"(?:https?:)?//[\w.-]+\.\w", page.replace("// ", "")), "an address of some host"
    for tag, attributes in parse(page.encode()).elements:
        for name in ("src", "href", "action", "srcset", "poster"):
            assert name not in attributes, f"<{tag} {name}>: files are named by the script alone"
    assert "@import" not in page and "url(" not in page


def test_policy_allows_no_other_script():
    found = parse(build_page(page_data()))
    policy = next(a["content"] for tag, a in found.elements if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(found.scripts[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_title_is_escaped():
    page = build_page(page_data()).decode()
    assert "<title>&lt;/script&gt;" in page


def test_every_button_is_named():
    for tag, attributes in parse(build_page(page_data())).elements:
        if tag == "button":
            assert attributes.get("aria-label") or "data-view" in attributes
            assert attributes.get("type") == "button"


# --- in a browser -----------------------------------------------------------------------------------------------------------

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page of two draws, each frame of whose videos is as bright as its number; those of labels get darker."""
    root = tmp_path_factory.mktemp("page")
    (root / "videos").mkdir()
    for key in range(2):
        frames = [np.full((36, 128, 3), 20 + 5 * k, np.uint8) for k in range(FRAMES)]
        (root / "videos" / f"{key}.mp4").write_bytes(encode_video(frames, RATE))
        for name, level in (("depth", 240), ("flow", 230)):
            frames = [np.full((36, 64, 3), level - 5 * k, np.uint8) for k in range(FRAMES)]
            (root / "layers" / str(key)).mkdir(parents=True, exist_ok=True)
            (root / "layers" / str(key) / f"{name}.mp4").write_bytes(encode_video(frames, RATE))
    (root / "index.html").write_bytes(build_page(page_data(2)))
    return root


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


@pytest.fixture
def page(browser, folder):
    browser.open("about:blank")
    browser.events.clear()
    browser.open((folder / "index.html").as_uri())
    browser.wait("video.readyState >= 2 && !video.seeking")
    yield browser
    assert browser.errors() == []


def settled(page):
    page.wait("!video.seeking && video.readyState >= 2")
    return page.eval("[frame, Math.floor(video.currentTime * 10)]")


@needs_browser
def test_page_opens_from_disk_and_shows_everything(page):
    assert page.eval("[video.videoWidth, video.videoHeight, video.error]") == [128, 36, None]
    assert page.eval("document.querySelectorAll('#charts .curve').length") == 4
    assert page.eval("document.querySelectorAll('#charts .event').length") == 4 * 3
    assert page.eval("document.querySelectorAll('#charts .beside').length") == 1
    assert page.eval("document.querySelectorAll('#events button').length") == 3
    assert page.eval("document.getElementById('name').textContent") == HOSTILE
    assert page.eval("document.querySelector('#tags li').textContent") == HOSTILE
    assert page.eval("document.getElementById('parameters').textContent").count(HOSTILE) == 2
    assert page.eval("window.hacked") is None


@needs_browser
def test_keys_step_frame_by_frame_and_move_the_playhead(page):
    x0 = page.eval("document.querySelector('.head').getBoundingClientRect().left")
    for key, expected in (
        (".", 1),
        (".", 2),
        ("ArrowRight", 3),
        (",", 2),
        ("ArrowLeft", 1),
        ("End", FRAMES - 1),
        ("Home", 0),
    ):
        page.press(key)
        assert settled(page) == [expected, expected], key
    page.press("ArrowRight", modifiers=8)
    assert settled(page) == [10, 10]
    x1, width = page.eval(
        "[document.querySelector('.head').getBoundingClientRect().left, charts[0].x(4) - charts[0].x(0)]"
    )
    assert x1 - x0 == pytest.approx(width * 10 / FRAMES, abs=1.0)
    assert page.eval("document.getElementById('clock').textContent").startswith("1.00 s")


@needs_browser
def test_buttons_step_and_events_are_jumped_to(page):
    page.eval("document.getElementById('forward').click()")
    assert settled(page) == [1, 1]
    page.eval("document.getElementById('back').click()")
    assert settled(page) == [0, 0]
    for selector, frame in (
        ("#jumps button:nth-child(3)", 26),
        ("#events li:nth-child(1) button", 10),
        ("#marks button:nth-child(2)", 17),
    ):
        page.eval(f"document.querySelector('{selector}').click()")
        assert settled(page) == [frame, frame], selector
    page.press("n")
    assert settled(page) == [26, 26]
    page.press("p")
    assert settled(page) == [17, 17]


@needs_browser
def test_a_frame_asked_for_is_the_frame_shown(page, tmp_path):
    import cv2

    for frame in (7, 33):
        page.eval(f"show({frame}, true)")
        settled(page)
        page.eval(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))"
        )
        page.screenshot(tmp_path / "shot.png")
        x, y = page.eval(
            "(() => { const r = video.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()"
        )
        assert cv2.imread(str(tmp_path / "shot.png"))[int(y), int(x)].mean() == pytest.approx(20 + 5 * frame, abs=2.4)


def levels(page, path):
    """Grey in the middle of the picture and of the labels."""
    import cv2

    page.eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 150))))")
    page.screenshot(path)
    image = cv2.imread(str(path))
    places = page.eval(
        "(() => { const r = document.getElementById('screen').getBoundingClientRect();"
        " return [0.25, 0.75].map(x => [r.left + x * r.width, r.top + r.height / 2]); })()"
    )
    return [image[int(y), int(x)].mean() for x, y in places]


LAYER_SETTLED = "!layer.seeking && layer.readyState >= 2"


@needs_browser
def test_labels_take_the_place_of_boxes_at_the_frame_shown(page, tmp_path):
    page.eval("show(7, true)")
    settled(page)
    assert levels(page, tmp_path / "boxes.png") == pytest.approx([55, 55], abs=2.4)
    page.press("l")
    page.wait(LAYER_SETTLED)
    assert levels(page, tmp_path / "depth.png") == pytest.approx([55, 240 - 35], abs=2.4)
    page.eval("show(20, true)")
    settled(page)
    page.wait(LAYER_SETTLED)
    assert levels(page, tmp_path / "later.png") == pytest.approx([120, 240 - 100], abs=2.4)
    page.eval("document.getElementById('which').value = 'flow'; which.dispatchEvent(new Event('change'))")
    page.wait(LAYER_SETTLED)
    assert levels(page, tmp_path / "flow.png") == pytest.approx([120, 230 - 100], abs=2.4)
    for view, expected in (("2", [120, 120]), ("3", [130, 130]), ("1", [120, 130])):
        page.press(view)
        assert levels(page, tmp_path / "view.png") == pytest.approx(expected, abs=2.4), view
    page.press("]")
    page.wait("draw.key === 1 && !video.seeking && video.readyState >= 2")
    page.wait(LAYER_SETTLED)
    assert levels(page, tmp_path / "next.png") == pytest.approx([20, 230], abs=2.4)
    page.press("l")
    page.wait("layer.hidden")
    assert levels(page, tmp_path / "back.png") == pytest.approx([20, 20], abs=2.4)


@needs_browser
def test_labels_run_with_the_picture(page):
    page.eval("show(count() - 12, true)")
    page.press("l")
    page.wait(LAYER_SETTLED)
    page.eval("$('rate').value = '0.5'; $('rate').dispatchEvent(new Event('change'))")
    page.press(" ")
    page.wait("video.currentTime > 3.3")
    assert page.eval("layer.playbackRate") == 0.5 and not page.eval("layer.paused")
    assert abs(page.eval("layer.currentTime - video.currentTime")) < 0.1
    page.press(" ")
    page.wait("video.paused && layer.paused && !video.seeking && !layer.seeking")
    assert page.eval("layer.currentTime") == page.eval("video.currentTime")
    page.eval("show(10, true)")
    page.press(" ")
    page.wait("!layer.paused && layer.currentTime > 1.1")
    page.eval("chooseLayer('')")
    assert page.eval("[layer.hidden, layer.paused, layer.hasAttribute('src'), layer.networkState]") == [
        True,
        True,
        False,
        0,
    ]
    page.press(" ")


@needs_browser
def test_labels_are_not_sought_for_less_than_a_seek_takes(page):
    page.press("l")
    page.wait(LAYER_SETTLED)
    page.eval("show(10, true)")
    settled(page)
    page.wait(LAYER_SETTLED)
    lag = "Math.round(1000 * (layer.currentTime - video.currentTime))"
    page.eval("draw.fps = [100, 1]; layer.currentTime = video.currentTime + 0.03")
    page.wait(LAYER_SETTLED)
    assert page.eval(f"follow(false), {lag}") == 30, "half a frame of 10 ms is no measure"
    assert page.eval(f"layer.currentTime = video.currentTime + 1, follow(false), {lag}") == 1000, "it is on its way"
    page.wait(LAYER_SETTLED)
    assert page.eval(f"follow(false), {lag}") == 0
    page.wait(LAYER_SETTLED)
    assert page.eval(f"layer.currentTime = video.currentTime + 0.03, follow(true), {lag}") == 0


@needs_browser
def test_a_label_that_cannot_be_played_hides_the_labels_alone(page, folder, tmp_path):
    shown = "['broken', 'layer-broken'].map(id => $(id).checkVisibility())"
    (folder / "layers" / "broken.mp4").write_bytes(b"no film" * 100)
    page.eval("draw.layers = {...draw.layers, depth: 'layers/broken.mp4'}, chooseLayer('depth')")
    page.wait("layer.error !== null")
    assert page.eval(shown) == [False, True]
    assert levels(page, tmp_path / "depth.png")[0] == pytest.approx(20, abs=2.4), "the picture stands"
    places = page.eval(
        "['screen', 'layer-broken'].map(id => $(id).getBoundingClientRect()).map(r => [r.left, r.right])"
    )
    assert places[1] == pytest.approx([sum(places[0]) / 2, places[0][1]], abs=1.0)
    page.eval("chooseLayer('flow')")
    page.wait(LAYER_SETTLED)
    assert page.eval(shown) == [False, False]
    page.eval("video.src = 'layers/broken.mp4'")
    page.wait("video.error !== null")
    page.eval("chooseLayer('')")
    assert page.eval(shown) == [True, False], "what is broken stays so"


@needs_browser
def test_every_label_has_its_legend_and_its_files(page):
    text = "document.getElementById('legend').innerText"
    assert page.eval("[...document.querySelectorAll('#which option')].map(o => o.textContent)") == [
        "Boxes and classes", "Depth", "Flow",
    ]  # fmt: skip
    assert "road" in page.eval(text) and "person" in page.eval(text)
    page.eval("chooseLayer('depth')")
    assert "in metres" in page.eval(text)
    ticks = page.eval(
        "[...document.querySelectorAll('#legend .scale span')].map(s => [s.textContent, s.getBoundingClientRect()])"
        ".map(([text, r], k, all) => [text, (r.left + r.right) / 2])"
    )
    assert [name for name, _ in ticks] == ["1 m", "14 m", "200 m"]
    assert ticks[1][1] == pytest.approx((ticks[0][1] + ticks[2][1]) / 2, abs=1.0)
    page.eval("chooseLayer('flow')")
    assert "50 px" in page.eval(text)
    page.eval("show(3, true)")
    links = page.eval("[...document.querySelectorAll('#links a')].map(a => [a.textContent, a.getAttribute('href')])")
    assert [["depth", "depth/child-0000/000003.npz"], ["lane", "masks/child-0000/000003.lane.png"]] == links[4:6]
    assert links[6] == ["bev", "bev/child-0000/000003.npz"]


@needs_browser
def test_playing_moves_the_playhead_and_stops_at_the_end(page):
    page.eval("show(count() - 6, true)")
    settled(page)
    page.press(" ")
    page.wait("video.ended", 15)
    assert page.eval("frame") == FRAMES - 1
    assert page.eval("document.getElementById('play').getAttribute('aria-label')") == "Play"


@needs_browser
def test_draws_are_switched_and_remembered_in_the_address(page, folder):
    page.press("]")
    page.wait("video.readyState >= 2 && draw.key === 1")
    assert page.eval("video.currentSrc").endswith("videos/1.mp4")
    page.press(".")
    page.wait("location.hash === '#draw=child-0001&frame=1'")
    page.open("about:blank")
    page.open((folder / "index.html").as_uri() + "#draw=child-0001&frame=12")
    page.wait("video.readyState >= 2")
    assert [page.eval("draw.key"), *settled(page)] == [1, 12, 12]


@needs_browser
def test_help_lists_a_key_for_each_view(browser, folder):
    data = page_data(2) | {"parts": [["picture", 64], ["labels", 64], ["depth", 64], ["above", 36]]}
    (folder / "wide.html").write_bytes(build_page(data))
    browser.open((folder / "wide.html").as_uri())
    keys = browser.eval("[...document.querySelectorAll('#view-keys kbd')].map(k => k.textContent)")
    assert keys == ["1", "2", "3", "4", "5"]
    assert browser.eval("document.querySelectorAll('#views button').length") == 5


@needs_browser
def test_theme_and_views_change(page):
    before = page.eval("getComputedStyle(document.documentElement).backgroundColor")
    page.press("t")
    assert page.eval("getComputedStyle(document.documentElement).backgroundColor") != before
    page.press("t")
    page.press("2")
    assert page.eval("document.getElementById('screen').className") == "screen picture"
    ratio = page.eval(
        "(() => { const r = document.getElementById('screen').getBoundingClientRect(); return r.width / r.height; })()"
    )
    assert ratio == pytest.approx(64 / 36, rel=0.02)
