"""The reviewer's page: one HTML file that opens from disk and shows a data set's video, what was measured, and when it got dangerous."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def embed_json(data: Any) -> str:
    """JSON that may stand inside a ``<script>`` element whatever its strings hold: nothing in it can end the element.

    Raises:
        ValueError: for numbers that are not finite.
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def build_page(data: Mapping[str, Any]) -> bytes:
    """The page of a data set.

    Nothing is fetched from anywhere but the page's own folder; a content security policy says so to the browser, and allows no
    script but the page's own, by its hash.

    Args:
        data: ``version``, ``config``, ``categories`` (name by id), ``scenarios`` (``id, name, danger, source, tags, file,
            notes``), ``parts`` of the film (name, width), ``legends`` by layer, ``labels`` (name, folder, suffix, once) and ``draws``
            (``id, scenario, key, video, layers, pictures, fps, parameters, actors, series, events, objects``), as
            `sim.export.summary` makes them. All of it may come from strangers' files.

    Returns:
        The HTML, UTF-8.
    """
    style, *scripts = (
        (HERE / name).read_text(encoding="utf-8") for name in ("page.css", "layers.js", "charts.js", "page.js")
    )
    script = "".join(scripts)
    names = list(dict.fromkeys(str(s["name"]) for s in data["scenarios"]))
    title = names[0] if len(names) == 1 else f"{len(names)} scenarios"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {
        "@TITLE@": html.escape(title),
        "@POLICY@": f"default-src 'none'; media-src 'self' file:; img-src 'self' file: data:; "
        f"style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        "@STYLE@": style,
        "@DATA@": embed_json(data),
        "@SCRIPT@": script,
    }
    page = (HERE / "page.html").read_text(encoding="utf-8")
    # One pass, so that text that looks like a placeholder stays as it is.
    out, rest = [], page
    for mark in ("@POLICY@", "@TITLE@", "@STYLE@", "@DATA@", "@SCRIPT@"):
        before, rest = rest.split(mark, 1)
        out += [before, parts[mark]]
    return "".join([*out, rest]).encode("utf-8")
