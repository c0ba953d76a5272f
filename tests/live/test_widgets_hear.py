"""Whisper in a real browser, with the real weights, against the library."""

import re
import wave
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import torch
from browser import opened, tab_to
from playwright.sync_api import expect
from test_live_site import held
from transformers import AutoTokenizer, WhisperFeatureExtractor, WhisperForConditionalGeneration

from scripts.base import ROOT

pytest_plugins = ["browser"]

CLIP = ROOT / "snippets/audio/open_the_window.wav"
# Chromium without a window has no microphone. This one hears the clip when it is asked for.
MICROPHONE = """() => navigator.mediaDevices.getUserMedia = async () => {
    window.asked = true;
    const context = new AudioContext();
    const clip = await (await fetch("assets/live/sounds/open_the_window.wav")).arrayBuffer();
    const source = new AudioBufferSourceNode(context, {buffer: await context.decodeAudioData(clip)});
    const heard = context.createMediaStreamDestination();
    source.connect(heard);
    source.start();
    window.track = heard.stream.getTracks()[0];
    return heard.stream;
}"""
HEARD = "Please open the window. It is very hot today."
MISHEARD = "But mainly not heaven."
ALIGNED = "mean of the 8 marked heads"


@pytest.fixture(scope="module")
def library():
    """library("open_the_window") → tokens as the widget shows them, and (heads, tokens, tenths of a second)."""
    model = WhisperForConditionalGeneration.from_pretrained("models/whisper", attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained("models/whisper")
    extractor = WhisperFeatureExtractor.from_pretrained("models/whisper")

    @torch.no_grad()
    def run(name: str):
        with wave.open(f"snippets/audio/{name}.wav") as file:
            sound = np.frombuffer(file.readframes(-1), "<i2") / 32768
        features = extractor(sound, sampling_rate=16_000, return_tensors="pt").input_features
        written = [one for one in model.generate(features)[0].tolist() if one not in (50257, 50362, 50256)]
        ids = torch.tensor([[50257, 50362, *written]])
        out = model(features, decoder_input_ids=ids, output_attentions=True)
        tenths = -(-len(sound) // 1600)
        maps = torch.cat(out.cross_attentions, 1)[0, :, 1:, : 5 * tenths].unflatten(-1, (tenths, 5)).sum(-1)
        return [tokenizer.decode(one).replace(" ", "␣") for one in [*written, 50256]], maps

    run.aligned = [6 * layer + head for layer, head in model.generation_config.alignment_heads]
    return run


def done(page, seconds: str) -> None:
    """Waits until all of a sound is written."""
    expect(page.locator(".live-quiet").filter(has_text="The decoder wrote")).to_contain_text(f"{seconds} seconds of sound")


def tokens(page):
    return page.get_by_label(re.compile("^What is written:")).get_by_role("radio")


def tells(page, token: str, row) -> None:
    """Asserts that the reading tells the strongest tenths of a row, and their share."""
    row = row.tolist()
    peak = row.index(max(row))
    first = last = peak
    while first and row[first - 1] >= row[peak] / 2:
        first -= 1
    while last + 1 < len(row) and row[last + 1] >= row[peak] / 2:
        last += 1
    told = page.locator(".live-reading").inner_text()
    found = re.match(r"To write (.+), Whisper looked most at (.+) to (.+) seconds: (.+)% of the weight \((.+)\)\. (.+)% fell", told)
    assert found, told
    assert found[1] == token and [float(found[2]), float(found[3])] == [first / 10, (last + 1) / 10]
    assert float(found[4]) / 100 == pytest.approx(sum(row[first : last + 1]), abs=0.01)
    assert float(found[6]) / 100 == pytest.approx(1 - sum(row), abs=0.01)
    assert found[5] == page.get_by_label("heads", exact=True).locator("option:checked").inner_text()


@pytest.fixture(scope="module")
def page(stay):
    """The widget with its first clip heard, and how much memory that took."""
    page = stay("hear")
    bare = held()
    expect(page.button).to_have_text("Try it yourself · loads 40 MB once, from this site")
    opened(page)
    done(page, "4.0")
    page.took = held() - bare
    return page


def test_it_hears_the_clip_of_the_figure(page, library):
    right, maps = library("open_the_window")
    expect(page.locator(".live-translation")).to_have_text(HEARD)
    expect(tokens(page)).to_have_text(right)
    expect(page.locator(".live-widget .live-loading")).to_contain_text("The encoder has read the sound once, in ")
    marked = maps[library.aligned].mean(0)
    page.get_by_text("The strongest moment of each token").click()
    moments = [f"{token} {place / 10 + 0.05:.2f}" for token, place in zip(right, marked.argmax(-1).tolist())]
    expect(page.locator(".live-widget details p")).to_have_text(" · ".join(moments))
    heads = page.get_by_label("heads", exact=True)
    for value, rows in ((ALIGNED, marked), ("mean of all 24", maps.mean(0)), ("layer 3, head 2", maps[13])):
        heads.select_option(label=value)
        for place in (3, 7):
            tokens(page).nth(place).click()
            tells(page, right[place], rows[place])
    heads.select_option(label=ALIGNED)


def test_the_sound_and_its_weights_are_drawn(page):
    picture, weights = page.get_by_role("img", name=re.compile("Log-mel")), page.locator(".live-looked")
    name = picture.get_attribute("aria-label")
    assert name.startswith("Log-mel spectrogram of the sound: 4.0 seconds from left to right, 80 bands of pitch")
    size, painted = picture.evaluate("""face => [[face.width, face.height], new Set(
        face.getContext("2d").getImageData(0, 0, face.width, face.height).data.filter((_, i) => i % 4 === 3)).size]""")
    assert size == [200, 80] and painted > 50
    tokens(page).nth(3).click()
    reading = page.locator(".live-reading")
    expect(weights).to_have_attribute("aria-label", reading.inner_text())
    assert weights.locator("path").get_attribute("d").count("M") == 40
    mark, sound = page.locator(".live-here").bounding_box(), page.locator(".live-sound").bounding_box()
    first = float(re.search(r"at (.+) to", reading.inner_text())[1])
    assert (mark["x"] - sound["x"]) / sound["width"] * 4 == pytest.approx(first, abs=0.01)
    page.locator(".live-sound").click(position={"x": sound["width"] * 0.82, "y": 20})  # 3.28 seconds
    expect(reading).to_contain_text("To write ␣today,")


def test_the_address_of_a_view_and_a_phone(page):
    tokens(page).nth(5).click()
    wish = parse_qs(urlsplit(page.get_by_role("link", name="Link to this view").get_attribute("href")).query)
    assert wish["clip"] == ["open_the_window"] and wish["piece"] == ["6"] and wish["heads"] == ["aligned"]
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size(size)


def test_a_file_of_the_reader(page, tmp_path):
    """Two channels at 44,100 samples a second; all that comes after 30 seconds is left out, and said to be."""
    with wave.open(str(CLIP)) as file:
        sound = np.frombuffer(file.readframes(-1), "<i2").astype(float)
    waves = np.fft.rfft(np.pad(sound, (0, 31 * 16_000 - len(sound))))
    finer = np.fft.irfft(np.pad(waves, (0, 31 * 22_050 + 1 - len(waves)))) * 44_100 / 16_000
    one = finer.clip(-32768, 32767) * 0.9
    with wave.open(str(tmp_path / "mine.wav"), "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", ""))
        file.writeframes(np.stack([one, one * 0.8], 1).astype("<i2").tobytes())
    (tmp_path / "text.wav").write_text("no sound at all")
    chosen = page.locator("input[type=file]")
    chosen.set_input_files(tmp_path / "text.wav")
    expect(page.locator(".live-widget .live-problem")).to_have_text("This browser cannot read that as sound. Choose another file.")
    asked = len(page.asked)
    chosen.set_input_files(tmp_path / "mine.wav")
    done(page, "31.0")
    expect(page.get_by_text("31.0 seconds of sound, of which the first 30 were read. The decoder wrote")).to_be_visible()
    expect(page.locator(".live-translation")).to_have_text(HEARD)
    expect(page.locator(".live-widget .live-problem")).to_be_empty()
    expect(page.get_by_role("link", name="Link to this view")).to_be_hidden()
    assert len(page.asked) == asked, "nothing of it leaves the page"


def test_the_memory_that_the_button_names(page):
    offers = {re.search(r'data-live="hear" data-offer="(.*?)"', (ROOT / f"docs/{name}.md").read_text("utf-8"))[1]
              for name in ("cross_attention", "playground")}  # fmt: skip
    [most] = {re.search(r"takes (\d+) MB of memory$", offer)[1] for offer in offers}
    assert f"This takes {most} MB of memory" in (ROOT / "docs/assets/live/widgets/hear.js").read_text("utf-8")
    assert 50e6 < page.took < 1e6 * int(most)


def test_without_a_microphone_there_is_another_way(visit):
    page = opened(visit("hear"))
    page.get_by_role("button", name="Record").click()
    told = page.widget.get_by_role("alert")
    expect(told).to_contain_text("The browser gave no microphone: ")
    expect(told).to_contain_text("Choose a file instead.")


def test_what_the_microphone_hears_by_keys_alone(visit, library, says):
    """From a view that a link names: the clip, the head, the token. Then a recording."""
    says("when you press *Record*", "it is sent nowhere and kept nowhere", page="playground")
    page = visit("hear", "?data-clip=train_at_seven&data-heads=2.6&data-piece=3")
    page.evaluate(MICROPHONE)
    opened(page)
    done(page, "1.8")
    expect(page.locator(".live-translation")).to_have_text(MISHEARD)
    right, maps = library("train_at_seven")
    tells(page, right[2], maps[11, 2])
    tab_to(page, tokens(page).nth(2))
    page.keyboard.press("ArrowRight")
    tells(page, right[3], maps[11, 3])
    expect(page.get_by_role("status")).to_contain_text(f"To write {right[3]}, Whisper looked most at")
    assert not page.evaluate("window.asked"), "the microphone is asked for when Record is pressed"
    asked = len(page.asked)
    page.get_by_role("button", name="Record").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop recording")).to_be_visible()
    page.wait_for_timeout(4500)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Record")).to_be_visible()
    expect(page.locator(".live-translation")).to_contain_text("window")
    assert page.evaluate("window.asked && window.track.readyState") == "ended", "it no longer listens"
    assert page.asked[asked:] == ["assets/live/sounds/open_the_window.wav"], "what the test itself asked for"


def test_a_device_that_is_too_small_is_told_before_anything_is_loaded(visit):
    page = visit("hear")
    page.evaluate("Object.defineProperty(navigator, 'deviceMemory', {value: 0.5})")
    page.button.click()
    told = "This did not load: This takes 250 MB of memory, too much for a device that has 0.5 GB for all that it does."
    expect(page.get_by_role("alert")).to_have_text(told)
    assert not [name for name in page.asked if name.endswith(".bin")]
