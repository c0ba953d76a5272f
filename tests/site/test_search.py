"""The search box: what readers type is found, on a page that has it or teaches it.

All is asked of the theme's own script, as a reader's browser runs it, with the index of the built
site; what is seen of it is tested on the page.
"""

import html
import json
import re
from html.parser import HTMLParser

import pytest
from playwright.sync_api import expect

from scripts.base import ROOT, BookError
from scripts.measure import audit
from scripts.pages import search as finding

pytest_plugins = ["browser"]

TERM = re.compile(r"^### (.+)\n(?:[^#\n].*\n)*?→ \[[^\]]+\]\(([\w-]+)\.md", re.M)
NAME = re.compile(r"(?<![\w\\'])[A-Za-z_]\w+")


@pytest.fixture(scope="module")
def index(built) -> list[dict[str, str]]:
    """The sections of the English pages as the search has them."""
    text = (ROOT / "site" / "search" / "search_index.json").read_text("utf-8")
    return [one for one in json.loads(text)["docs"] if "boost" not in one]  # see test_portuguese.py


@pytest.fixture(scope="module")
def used(index) -> set[str]:
    """Every word of the pages, in small letters."""
    said = " ".join(f"{one['title']} {one['text']}" for one in index)
    return {word.lower() for word in re.findall(r"[^\W\d_]+", html.unescape(said))}


@pytest.fixture(scope="module")
def left_out(built) -> set[str]:
    """English words that the theme's script leaves out of every question: "the", "get"."""
    [worker] = (ROOT / "site" / "assets" / "javascripts" / "workers").glob("search.*.js")
    found = re.search(r"generateStopWordFilter\((\[[^]]+\])\)", worker.read_text("utf-8"))
    return set(json.loads(found[1]))


class Code(HTMLParser):
    """The names in the code of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.names, self._inside, self._now = set(), 0, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self._inside += tag == "code"

    def handle_endtag(self, tag):
        if tag == "code":
            self._inside -= 1
            self.names.update(NAME.findall(self._now))
            self._now = ""

    def handle_data(self, data):
        if self._inside:
            self._now += data


def test_each_term_is_found_where_it_is_taught(searched):
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    terms = dict(TERM.findall(text))
    assert len(terms) == text.count("\n### "), "a term that leads nowhere"
    found = searched(terms)
    deep = {term: found[term][:4] for term, page in terms.items() if f"{page}/" not in found[term][:3]}
    assert not deep, deep
    first = [term for term, page in terms.items() if f"{page}/" == found[term][0]]
    assert len(first) > 0.9 * len(terms), set(terms) - set(first)


def test_each_name_in_code_is_found_on_a_page_that_has_it(searched, left_out):
    """Of chapters and labs, in programs, in what they print, and in sentences."""
    pages: dict[str, set[str]] = {}
    for page in audit.english(ROOT / "site"):
        article = re.search(r"<article.*?</article>", (ROOT / "site" / page / "index.html").read_text("utf-8"), re.S)
        for name in Code(article[0]).names:
            pages.setdefault(name, set()).add(page)
    found = searched(pages)
    unfound = {name for name in pages if not pages[name] & set(found[name])}
    assert len(pages) > 2000
    assert not {name for name in unfound if name.lower() not in left_out}
    assert {name for name in unfound if name in ("get", "all", "any")} == set(), "names of Python"
    everywhere = set(found["from_pretrained"])
    assert everywhere == pages["from_pretrained"] and len(everywhere) > 20


# American → British, of the words that a book like this may use; asked are those that it does use.
BRITISH = dict(
    one.split("/")
    for one in """analyze/analyse analyzing/analysing artifact/artefact behavior/behaviour
    behaviors/behaviours canceled/cancelled catalog/catalogue center/centre centered/centred
    centers/centres color/colour colored/coloured colors/colours defense/defence dialog/dialogue
    favor/favour favors/favours favorite/favourite fiber/fibre flavor/flavour gray/grey
    harbor/harbour honor/honour judgment/judgement kilometer/kilometre labeled/labelled
    labeling/labelling labor/labour learned/learnt license/licence licenses/licences
    liter/litre math/maths meter/metre meters/metres modeling/modelling neighbor/neighbour
    neighboring/neighbouring neighbors/neighbours practiced/practised program/programme
    programs/programmes rumor/rumour savory/savoury signaling/signalling skeptic/sceptic
    spelled/spelt sulfur/sulphur theater/theatre traveled/travelled""".split()
)
IZE = re.compile(r"(?<![sp])(?<!pr)i(z)(?=(?:e[drs]?|ers|ing|ations?)$)")


def test_british_spellings_are_found(searched, used, index):
    pairs = {word: other for word, other in BRITISH.items() if word in used}
    pairs |= {word: IZE.sub("is", word) for word in used if IZE.search(word) and len(word) > 6}
    assert len(pairs) > 50 and pairs["tokenizer"] == "tokeniser"
    found = searched([*pairs, *pairs.values()])
    assert not [other for other in pairs.values() if not found[other]]
    # The page that is best for the one spelling is found by the other.
    lost = [f"{word}, {other}" for word, other in pairs.items() if found[word][0] not in found[other]]
    assert not lost


def test_words_that_are_no_others_are_not_respelled():
    same = "size prize seize capsize error vector tensor factor author scaled filer feeling parameter fooled"
    assert finding.spellings(same) == set()


def test_a_compound_is_found_as_one_word(searched, index):
    """prenorm, multihead, finetuning: with a hyphen on the page, without one in the box."""
    said = html.unescape(re.sub("<[^>]*>", " ", " ".join(one["title"] + " " + one["text"] for one in index)))
    whole = {one.lower() for one in re.findall(r"(?<![\w.-])[A-Za-z]{2,}-[A-Za-z]{2,}(?![\w-])", said)}
    assert {"pre-norm", "multi-head", "fine-tuning", "self-attention"} <= whole and len(whole) > 100
    found = searched(one.replace("-", "") for one in whole)
    assert not [one for one, pages in found.items() if not pages]


# What people ask first, and the page that should come first.
FIRST = {
    "top-p": "decoding/", "top p": "decoding/", "top_p": "decoding/", "top-k": "decoding/",
    "nucleus sampling": "decoding/", "beam search": "decoding/", "temperature": "decoding/",
    "softmax": "self_attention/", "attention": "self_attention/",
    "self-attention": "self_attention/", "selfattention": "self_attention/",
    "scaled dot-product attention": "self_attention/", "multi-head attention": "self_attention/",
    "cross-attention": "cross_attention/", "cross attention": "cross_attention/",
    "causal mask": "masked_self_attention/", "layer norm": "architecture/",
    "prenorm": "architecture/", "pre-norm": "architecture/", "residual": "architecture/",
    "skip connection": "architecture/", "feed-forward": "architecture/",
    "BPE": "input_representation/", "byte pair encoding": "input_representation/",
    "WordPiece": "input_representation/", "tokenizer": "input_representation/",
    "tokeniser": "input_representation/", "<unk>": "input_representation/",
    "embedding": "input_representation/", "positional encoding": "input_representation/",
    "positional embedding": "input_representation/", "RoPE": "input_representation/",
    "KV cache": "decoder/", "perplexity": "decoder/", "GPT": "decoder/",
    "chat template": "decoder/", "hallucination": "decoder/", "BERT": "encoder/",
    "fine-tuning": "encoder_uses/", "finetuning": "encoder_uses/", "NER": "encoder_uses/",
    "text classification": "encoder_uses/", "teacher forcing": "encoder_decoder/",
    "from_pretrained": "hugging_face/", "AutoTokenizer": "hugging_face/",
    "vanishing gradient": "why_transformers/", "RNN": "why_transformers/",
    "parallelism": "parallelism/",
}  # fmt: skip


def test_the_first_page_is_the_one_that_teaches_it(searched):
    found = searched(FIRST)
    wrong = {words: found[words][:3] for words, page in FIRST.items() if found[words][:1] != [page]}
    assert not wrong


def test_a_search_that_reads_otherwise_is_not_mended_blindly(tmp_path):
    worker = tmp_path / "assets" / "javascripts" / "workers" / "search.1.min.js"
    worker.parent.mkdir(parents=True)
    worker.write_text("var s=r[i],o=this.edges[s];e=e+s+o.id}return e}", "utf-8")
    finding.keep_all(tmp_path)
    mended = worker.read_text("utf-8")
    assert mended == 'var s=r[i],o=this.edges[s];e=e+s+o.id+","}return e}'
    finding.keep_all(tmp_path)
    assert worker.read_text("utf-8") == mended
    worker.write_text("another program", "utf-8")
    with pytest.raises(BookError, match="no longer reads as it did"):
        finding.keep_all(tmp_path)


def test_more_words_stand_where_there_is_a_place(index):
    assert not set(finding.ALSO) - {one["location"] for one in index}


def test_nothing_of_this_is_seen(tour):
    """A result is its title and its text."""
    page = tour("")
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("multihead")
    best = page.locator(".md-search-result__item").first
    expect(best).to_contain_text("ow heads are joined")
    assert "multihead" not in best.inner_text()
