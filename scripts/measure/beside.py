"""What each widget takes while it loads and works: the thread of the page, and memory.

Chromium is driven as a reader would use it, each widget on a playground of its own. Whoever
scrolls or types waits for the task that the page's thread is at, so what is heavy belongs into a
worker. Times are of the processor, as Chromium's trace has them: on a busy machine the clock tells
how long a task waited.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from scripts.measure import sides
from scripts.measure.browsers import chromium, widgets
from scripts.measure.browsers.serving import Published, serving

TRACED = ["toplevel"]
TRAIN = 5  # seconds


def each(running: Any) -> Iterator[tuple[str, float, float, float]]:
    """Each widget, its longest task in ms, the most memory of its page in MB, before a click and in the end.

    Args:
        running: playwright's Chromium.
    """
    with serving(Published) as server:
        for name in widgets.ANSWERS:
            browser = chromium.start(running)
            try:
                browser.size(1280, 800)
                browser.open(server.url + widgets.PLAYGROUND)
                time.sleep(2)  # what the page itself does is over
                alone = sides.renderers()
                running.start_tracing(page=browser.page, categories=TRACED)
                widgets.toured(browser, (name,))
                if name == "training":
                    browser.click("[data-live=training] .live-place button", "Go on")
                    time.sleep(TRAIN)
                time.sleep(0.5)
                yield name, longest(json.loads(running.stop_tracing())), alone, sides.renderers()
            finally:
                browser.close()


def longest(trace: dict[str, Any]) -> float:
    """The longest task of a page's own thread in a trace of Chromium, in ms of the processor."""
    events = trace["traceEvents"]
    mains = {(one["pid"], one["tid"]) for one in events
             if one.get("name") == "thread_name" and one["args"]["name"] == "CrRendererMain"}  # fmt: skip
    tasks = [one["tdur"] for one in events
             if one.get("name", "").endswith("RunTask") and (one["pid"], one["tid"]) in mains and "tdur" in one]  # fmt: skip
    return max(tasks, default=0) / 1000
