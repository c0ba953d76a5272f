"""The widgets of the playground: what they answer, by mouse and by keys, once and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer

from scripts.measure.browsers import Browser, BrowserError

PLAYGROUND = "playground/"
CLIP = "assets/live/sounds/open_the_window.wav"
TEXTS = """
return [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility())
  .map((one) => one.textContent.replace(/\\s+/g, " ").trim());
"""
# The field that a label names; a selector for it.
FIELD = """
const label = [...document.querySelectorAll(arguments[0] + " label")].find((one) =>
  one.textContent.trim() === arguments[1]);
const field = document.getElementById(label?.htmlFor);
return field && `#${CSS.escape(field.id)}`;
"""
# Presses Stop if there still is something to stop: between a look and a press it may have ended.
STOP = """
[...document.querySelectorAll(arguments[0])].find((one) => one.textContent === "Stop").click();
"""
# Chooses a file of the reader: it is a clip of the book without its first half second.
CHOOSE = """
const [selector, clip] = arguments;
const field = document.querySelector(selector);
return fetch(clip).then((one) => one.arrayBuffer()).then((bytes) => {
  const [head, samples] = [bytes.slice(0, 44), bytes.slice(44 + 16_000)];
  const view = new DataView(head);
  view.setUint32(4, 36 + samples.byteLength, true);
  view.setUint32(40, samples.byteLength, true);
  const chosen = new DataTransfer();
  chosen.items.add(new File([head, samples], "mine.wav", {type: "audio/wav"}));
  field.files = chosen.files;
  field.dispatchEvent(new Event("change", {bubbles: true}));
  return samples.byteLength / 32_000;
});
"""
OPENED = """
const one = document.querySelector(arguments[0] + " .live-widget");
const problem = document.querySelector(arguments[0] + " > .live-problem")?.textContent;
return one && !one.hidden ? "open" : problem;
"""


def texts(browser: Browser, selector: str) -> list[str]:
    """What stands in each visible element that matches."""
    return browser.js(TEXTS, selector)


def fill(browser: Browser, box: str, label: str, text: str) -> None:
    """Click into the field with that label and write a text in place of what is there."""
    browser.click(browser.wait(FIELD, box, label))
    browser.press("Control+a", *text)


def until(browser: Browser, selector: str, says: str, seconds: float = 120) -> None:
    """Wait until what stands in the elements has these words in it."""
    code = f"return (() => {{{TEXTS}}}).apply(null, arguments).join(' ').includes(arguments[1])"
    browser.wait(code.replace("() =>", "function ()", 1), selector, says, seconds=seconds)


def opened(browser: Browser, box: str) -> None:
    """Wait until the widget stands there.

    Raises:
        BrowserError: If the page says that it did not load.
    """
    if (said := browser.wait(OPENED, box, seconds=240)) != "open":
        raise BrowserError(f"{browser.name}: {box}: {said}")


# --------------------------------------------------------------------------- by the mouse


def _tokenizer(browser: Browser, box: str) -> list[str]:
    said = texts(browser, f"{box} .live-pieces li")
    fill(browser, box, "Type anything", "HELIOTROPISM in 2026: naïve?")
    until(browser, f"{box} .live-pieces", "?")  # what was typed last
    return said + texts(browser, f"{box} .live-pieces li")


def _attention(browser: Browser, box: str) -> list[str]:
    browser.click(f"{box} [role=gridcell][aria-label='layer 6, head 12']")
    until(browser, f"{box} .live-map", "Layer 6, head 12")
    fill(browser, box, "A second sentence, if you like", "Plants need water.")
    browser.click(f"{box} .live-go")
    until(browser, f"{box} .live-similar", "Similarity")
    browser.click(f"{box} [role=tab]", "Table")
    said = texts(browser, f"{box} .live-similar, {box} .live-reading, {box} table.numbers td")
    browser.click(f"{box} [role=tab]", "Map")
    return said


def _similarity(browser: Browser, box: str) -> list[str]:
    until(browser, f"{box} .live-heard", "With the 12 heads off")
    read = f"{box} .live-place > p:not(.live-heard), {box} table.numbers :is(th, td)"
    said = texts(browser, read)
    browser.click(f"{box} .live-head[aria-label^='layer 0, head 0']")
    until(browser, f"{box} .live-heard", "With the 13 heads off")
    fill(browser, box, "Sentence 3", "Robots water sunflowers.")
    browser.click(f"{box} .live-go")
    until(browser, f"{box} .live-heard", "sentence 3,")
    return said + texts(browser, read)


def _by_hand(browser: Browser, box: str) -> list[str]:
    browser.click(f"{box} input[aria-label='key of watered, number 1']")
    browser.press("Control+a", *"2.5")
    browser.click(f"{box} label", "causal mask")
    until(browser, f"{box} [data-step=masked]", "−∞")
    return texts(browser, f"{box} [data-step] td")


def _bits(browser: Browser, box: str) -> list[str]:
    # Not what is said to ears: that comes a moment after it can be read.
    read = f"{box} .live-place > p:not(.live-heard), {box} .live-block span"
    said = texts(browser, read)
    browser.click(f"{box} button", "Make number 1 ten times the largest of the others")
    browser.click(f"{box} input[aria-label='number 7']")
    browser.press("Control+a", *"0.25")
    until(browser, f"{box} .live-place > p", "Without number 1, the largest")
    return said + texts(browser, read)


def _translate(browser: Browser, box: str) -> list[str]:
    until(browser, f"{box} .live-reading", "To write")
    browser.click(f"{box} .live-line button", "robot")
    until(browser, f"{box} .live-quiet", "Hidden from the decoder")
    browser.click(f"{box} [role=gridcell][aria-label='layer 1, head 6']")
    until(browser, f"{box} .live-map", "Layer 1, head 6")
    browser.click(f"{box} button", "Next piece")
    browser.click(f"{box} label", "alignment: from each piece")
    browser.click(f"{box} [role=tab]", "Table")
    return texts(browser, f"{box} .live-translation, {box} .live-quiet, {box} .live-reading, {box} table.numbers td")


def _hear(browser: Browser, box: str) -> list[str]:
    until(browser, f"{box} .live-quiet", "4.0 seconds of sound")
    said = texts(browser, f"{box} .live-translation, {box} .live-line span, {box} .live-reading")
    browser.click(f"{box} button", "Clip: the train")
    until(browser, f"{box} .live-quiet", "1.8 seconds of sound")
    browser.click(f"{box} summary", "The strongest moment of each token")
    read = f"{box} .live-translation, {box} .live-reading, {box} details p"
    said += texts(browser, read)
    clip = browser.js("return document.baseURI").split(PLAYGROUND)[0] + CLIP
    seconds = browser.js(CHOOSE, f"{box} input[type=file]", clip)
    until(browser, f"{box} .live-quiet, {box} .live-problem", f"{seconds:.1f} seconds of sound")
    return said + texts(browser, read)


def _training(browser: Browser, box: str) -> list[str]:
    said = texts(browser, f"{box} .live-done")
    for step in ("Step 1 of", "Step 2 of"):
        browser.click(f"{box} button", "One step")
        until(browser, f"{box} .live-done", step)
    return said + texts(browser, f"{box} .live-done")


def _next_token(browser: Browser, box: str) -> list[str]:
    bars = f"{box} .live-bars .live-bar"
    said = texts(browser, f"{bars}, {box} .live-ask + .live-reading")
    browser.click(f"{box} button.live-bar", said[1].split()[0])
    until(browser, f"{box} .live-heard", "Taken:")
    said += texts(browser, bars)
    browser.click(f"{box} button", "Finish the sentence greedily")
    browser.wait("return /^[.!?]/.test(document.querySelector(arguments[0])?.textContent)",
                 f"{box} .live-taken button:last-child")  # fmt: skip
    browser.click(f"{box} [role=tab]", "Attention")
    until(browser, f"{box} .live-reading", "looks at")
    return said + texts(browser, f"{box} .live-taken button, {box} .live-reading, {bars}")


def _lens(browser: Browser, box: str) -> list[str]:
    said = texts(browser, f"{box} .live-reading, {box} table.numbers td")
    fill(browser, box, "Text that the model reads", "Once upon a")
    browser.click(f"{box} .live-go")
    until(browser, f"{box} .live-reading", "After “␣a”,")
    return said + texts(browser, f"{box} .live-reading, {box} table.numbers td")


def _heads_off(browser: Browser, box: str) -> list[str]:
    browser.click(f"{box} .live-examples button", "The best 8 of the chapter off")
    until(browser, f"{box} .live-reading", "With the 8 heads off")
    browser.click(f"{box} .live-head[aria-label^='layer 0, head 0']")
    for said in ("With the 9 heads off", "With the lots of seeds 1 to 5"):  # spoken last of all
        until(browser, f"{box} .live-heard", said)
    return texts(browser, f"{box} .live-place > p, {box} table.numbers :is(th, td)")


def _decoding(browser: Browser, box: str) -> list[str]:
    browser.js(STOP, f"{box} button")  # it writes as soon as it is open
    written(browser, box)
    fill(browser, box, "tokens", "8")
    fill(browser, box, "seed", "12")
    browser.press("Enter")
    until(browser, f"{box} .live-heard", "Done.")
    written(browser, box)
    rows = browser.js("""return [...document.querySelectorAll(arguments[0])].map((row) =>
        [...row.cells].slice(0, -1).map((cell) => cell.textContent).join(" | "));""",
        f"{box} .live-measures tbody tr")  # fmt: skip
    return texts(browser, f"{box} .live-text") + rows + texts(browser, f"{box} .live-tree text")


def written(browser: Browser, box: str) -> None:
    browser.wait("return [...document.querySelectorAll(arguments[0])].some((one) => one.disabled"
                 " && one.textContent === 'Stop')", f"{box} button", seconds=240)  # fmt: skip


def _chat(browser: Browser, box: str) -> list[str]:
    fill(browser, box, "Your message", "In exactly ten words, say what a robot is.")
    browser.click(f"{box} button", "Send")
    until(browser, f"{box} .live-counter", "asked: 10")
    written(browser, box)
    browser.click(f"{box} summary", "What the model really reads")
    return texts(browser, f"{box} .live-said, {box} .live-counter, {box} .live-template")


ANSWERS: dict[str, Callable[[Browser, str], list[str]]] = {
    "tokenizer": _tokenizer, "attention": _attention, "similarity": _similarity, "by_hand": _by_hand, "bits": _bits,
    "translate": _translate, "hear": _hear, "training": _training, "next_token": _next_token, "lens": _lens, "heads_off": _heads_off,
    "decoding": _decoding, "chat": _chat,
}  # fmt: skip


def answers(
    browser: Browser, server: ThreadingHTTPServer, names: tuple[str, ...] = tuple(ANSWERS)
) -> dict[str, list[str]]:
    """Open each widget on a fresh playground and ask it the same; all that it says, in words.

    Raises:
        BrowserError: If one does not open or does not answer.
    """
    browser.size(1280, 800)
    browser.open(server.url + PLAYGROUND)
    return toured(browser, names)


def toured(browser: Browser, names: tuple[str, ...]) -> dict[str, list[str]]:
    """The same on a playground that is open."""
    found = {}
    for name in names:
        box = f"[data-live={name}]"
        browser.click(f"{box} .live-open")
        opened(browser, box)
        found[name] = ANSWERS[name](browser, box)
    return found


# Bytes of the largest model: its weights, and what it sets aside for its cache and activations.
LARGEST = """
const at = (path) => new URL(path, arguments[0]);
return Promise.all([fetch(at("weights.json")).then((one) => one.json()),
  import(at("models/decoder.js")), import(at("models/encoder.js"))])
  .then(([listed, { Decoder }, { Encoder }]) => Math.max(
    listed.smollm2.bytes + Decoder.room(listed.smollm2.config),
    listed.minilm.bytes + Encoder.room(listed.minilm.config)));
"""
SHARE = 1.3  # of the largest model: itself, the tokenizers, all widgets


def held(browser: Browser, server: ThreadingHTTPServer) -> tuple[float, float, float]:
    """Megabytes of the playground as it comes, of it after a tour, and how much more that may be.

    An engine tidies up when it sees fit: it has half a minute for it.

    Raises:
        BrowserError: If a widget does not open or does not answer.
    """
    browser.size(1280, 800)
    browser.open(server.url + PLAYGROUND)
    time.sleep(2)
    before = browser.memory()
    toured(browser, tuple(ANSWERS))
    most = SHARE * browser.js(LARGEST, server.url + "assets/live/") / 1e6
    end = time.monotonic() + 30
    while (after := browser.memory()) - before > most and time.monotonic() < end:
        time.sleep(1)
    return before, after, most


# What is drawn to be seen, and what it must differ from.
UNPAINTED = """
const found = [];
const clear = (color) => /^(transparent|none|rgba\\(.*, 0\\))$/.test(color);
const see = (selector, says, wrong) => {
  const one = document.querySelector(selector);
  if (one && wrong(getComputedStyle(one))) found.push(`${says} is not painted`);
};
see(".live-bar .live-stays", "the bar of a token", (style) => clear(style.backgroundColor));
for (const one of document.querySelectorAll(".live-tree")) {
  const [best, other] = ["path.live-best", "path:not(.live-best)"].map((x) => one.querySelector(x));
  if (!best || !other) continue;
  const [a, b] = [best, other].map((x) => getComputedStyle(x));
  if (clear(a.stroke) || (a.stroke === b.stroke && a.strokeWidth === b.strokeWidth))
    found.push("the best path of the beams is not painted");
}
return found;
"""


def unpainted(browser: Browser) -> list[str]:
    """What of the open widgets' drawings cannot be seen."""
    return browser.js(UNPAINTED)


def again(
    browser: Browser, server: ThreadingHTTPServer, names: tuple[str, ...] = tuple(ANSWERS)
) -> Iterator[str]:
    """What is asked of the site when the page is opened a second time, and its widgets."""
    server.asked.clear()
    browser.open(server.url + PLAYGROUND)
    for name in names:
        browser.click(f"[data-live={name}] .live-open")
        opened(browser, f"[data-live={name}]")
    yield from asked_again(server)


def asked_again(server: ThreadingHTTPServer) -> Iterator[str]:
    """Of what a second visit has asked for: files that the first one had already."""
    for _, path in server.asked:
        if "/assets/" in path:
            yield f"the second time the widgets ask for {path}"
