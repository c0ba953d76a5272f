"""What readers type and the pages do not say: more words for the index of the search.

The theme's search knows the words of the pages alone, as they are spelled there. Here each
section gets fields that nobody sees:

    words   other spellings of what it says: "colour" for color, "prenorm" for pre-norm
    terms   the terms of the glossary that it teaches, and what else these are called
    short   those of them with a part of one letter: top-p

They are filled at build, so the search stays the theme's own; how they weigh stands in mkdocs.yml.
Knows the index and the glossary, and nothing of the site generator.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Collection
from pathlib import Path

from scripts.base import BookError
from scripts.base.files import put
from scripts.pages.asked import ANCHOR
from scripts.pages.tongues import Tongue

TERM = re.compile(r"^### (.+)\n(?:[^#\n].*\n)*?→ \[[^\]]+\]\(([\w/-]+)\.\w+(#[\w-]+)?\)", re.M)
TAG = re.compile(r"<[^>]*>")
COMPOUND = re.compile(r"\b[^\W\d_]\w*(?:[-–‑][^\W_]\w*)+")
WORD = re.compile(r"[^\W\d_]{4,}")
# American letters → British ones, in words that have no capital inside.
ACCENT = re.compile(r"[\u0300-\u036f]")
BRITISH = [
    (re.compile(american), british)
    for american, british in {
        r"(?<![sp])(?<!pr)(?<!se)iz(e[drs]?|ers|ing|ations?|able)$": r"is\1",
        r"lyz(e[drs]?|ers|ing)$": r"lys\1",
        r"^((?:behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|rig|rum|sav|vap|vig)o)r": r"\1ur",
        r"^(cancel|channel|fuel|initial|label|level|model|signal|total|travel)(ed|ing|ers?)$": r"\1l\2",
        r"(cent|fib|theat|lit|[imo]met|^met)er(s?)$": r"\1re\2",
        r"(cent)er(ed|ing)$": r"\1r\2",
        r"^(def|lic|off|pret)ense": r"\1ence",
        r"(anal|catal|dial)og(s?)$": r"\1ogue\2",
        r"gray": "grey",
        r"^artifact": "artefact",
        r"(judg|acknowledg)ment": r"\1ement",
        r"^program(s?)$": r"programme\1",
        r"^(?:skillf|fulfillm)": lambda found: found[0].replace("ll", "l"),
        r"^(learn|burn|dream|spoil)ed$": r"\1t",
        r"^spelled$": "spelt",
        r"^practic(e[ds]?|ing)$": r"practis\1",
        r"^skeptic": "sceptic",
        r"^sulfur": "sulphur",
        r"^aging$": "ageing",
        r"^math$": "maths",
    }.items()
]
# Where something is taught → what else readers call it, and the names in code that belong there.
ALSO = {
    "architecture/#layer-norm": "LayerNorm RMSNorm layer normalization",
    "architecture/#residual-connections": "skip connection",
    "decoder/": "GPT autoregressive causal language model",
    "decoder/#the-kv-cache": "key-value cache past_key_values",
    "decoding/#top-p-the-nucleus-as-many-as-it-takes": "nucleus top_p",
    "decoding/#top-k-the-k-best-tokens": "top_k",
    "encoder/": "BERT",
    "encoder/#how-does-an-encoder-learn": "pretraining masked language model MLM",
    "encoder_uses/": "NER named entity recognition text classification",
    "inside/": "interpretability mechanistic",
    "inside/#one-state-carried-over": "activation patching causal tracing",
    "hugging_face/#the-auto-classes": "from_pretrained AutoModel AutoTokenizer",
    "input_representation/#positions-where-does-a-word-stand": "positional encoding embedding",
    "input_representation/#rotation": "RoPE",
    "self_attention/#by-hand-on-three-tokens": "softmax function",
    "self_attention/#why-divide-by-the-square-root-of-d": "scaled dot-product attention",
    "why_transformers/": "RNN",
}
# The name of a state in Lunr's graph, without a sign between an edge and the next.
EDGE = re.compile(r"(\.edges\[(\w)\];(\w)=\3\+\2\+\w\.id)(?=\}return \3\})")
MENDED = '+","'
LESS = 0.0001  # weighs a section in another language than the reader's: it comes last
CODE = re.compile(r"<pre\b.*?</pre>|<code\b.*?</code>", re.S)
ONE_LETTER = re.compile(r"\b\w\b")


def spellings(text: str) -> set[str]:
    """Words of the text as others spell them: in British, and compounds without a hyphen."""
    found = set()
    for word in {one.lower() for one in WORD.findall(text)}:
        found.update(old.sub(new, word) for old, new in BRITISH if old.search(word))
    for compound in {one.lower() for one in COMPOUND.findall(text)}:
        found.add(re.sub(r"[-–‑]", "", compound))
    return found


def unaccented(text: str) -> set[str]:
    """The words of a text that have an accent, as who types without one writes them."""
    words = {word.lower() for word in WORD.findall(text)}
    return {bare for word in words if (bare := ACCENT.sub("", unicodedata.normalize("NFD", word))) != word}


def taught(glossary: str, also: dict[str, str] = ALSO) -> dict[str, str]:
    """Where terms are taught, as an address from the root of the site → these terms.

    Args:
        glossary: its Markdown. An entry ends with an arrow and a link.
    """
    found = {place: [names] for place, names in also.items()}
    for term, page, anchor in TERM.findall(glossary):
        term = re.sub(r"[*()]", "", term)
        place = ("" if page == "index" else f"{page}/") + anchor
        found.setdefault(place, []).append(term)
    return {place: ", ".join(names) for place, names in found.items()}


def enrich(
    sections: list[dict], terms: dict[str, str], spellings: Callable[[str], set[str]] = spellings
) -> None:
    """Give the sections of an index, as the theme's search plugin makes it, these fields.

    Args:
        terms: where terms are taught; spellings: how else a text's words are written.
    """
    for section in sections:
        title, text = (html.unescape(TAG.sub(" ", section[one])) for one in ("title", "text"))
        teaches = terms.get(section["location"], "")
        if words := spellings(f"{title} {text}"):
            section["words"] = " ".join(sorted(words))
        # What is taught counts twice, or a heading of the glossary would be as good a place.
        names = [teaches, *sorted(spellings(title)), *2 * sorted(spellings(teaches))]
        if any(names):
            section["terms"] = " ".join(names).strip()
        # "top-p" asks for all that begins with p, too: its own place must weigh more.
        if short := [one for one in teaches.split(", ") if ONE_LETTER.search(one)]:
            section["short"] = ", ".join(short)


def keep_all(site: Path) -> None:
    """Mend the program that searches: Lunr 2.3.9, in the theme's worker, loses words with digits.

    It keeps words as a graph and calls two states the same if their edges read the same, letter
    and number of the next state run together: "1" to 23 reads as "12" to 3. Then moves of chess
    are not found, nor, in some versions of this book, "top-k". A comma between keeps them apart.

    Raises:
        BookError: the theme's program is another one, and this is to be looked at again.
    """
    for path in (site / "assets" / "javascripts" / "workers").glob("search.*.min.js"):
        text = path.read_text("utf-8")
        found = EDGE.findall(text)
        if len(found) != 1 and f".id{MENDED}}}return" not in text:
            raise BookError(
                f"{path.name} of the theme no longer reads as it did: look whether its search finds"
                " all words, then see keep_all in scripts/pages/search.py"
            )
        put(path, EDGE.sub(rf"\1{MENDED}", text).encode())


def of_language(index: dict, tongue: Tongue) -> dict:
    """The index for the pages of another language: their sections leave the one that is given.

    It lies in their folder, so that its words are cut to their stems as in that language.
    """
    own, others = [], []
    for section in index["docs"]:
        (own if section["location"].startswith(tongue.home) else others).append(section)
    index["docs"] = others
    own = [one | {"location": one["location"].removeprefix(tongue.home)} for one in own]
    config = index["config"] | {"lang": [tongue.code, "en"]}
    return index | {"config": config, "docs": own}


def lent(sections: list[dict], own: list[dict], tongue: Tongue) -> list[dict]:
    """The English sections of pages that a language lacks, for its index; its own weigh more."""
    has = {one["location"].partition("#")[0] for one in own}
    made = []
    for one in sections:
        page, mark, _ = one["location"].partition("#")
        if page not in has:
            said = one["title"] if mark else tongue.phrase("{title} (in English)", title=one["title"])
            made.append(one | {"title": said, "location": f"../{one['location']}", "boost": LESS})
    return made


def known_there(sections: list[dict], tongue: Tongue) -> list[dict]:
    """The sections in another language for the index of the English pages: their words without code."""
    made = []
    for one in sections:
        named = one["title"] if "#" in one["location"] else f"{one['title']} ({tongue.name})"
        said = {"title": named, "text": CODE.sub(" ", one["text"]), "words": one.get("words", "")}
        made.append(said | {"location": f"{tongue.home}{one['location']}", "boost": LESS})
    return made


def more(site: Path, docs: Path, tongues: Collection[Tongue] = ()) -> None:
    """Add to the indexes of a built site what its readers may type, and let all of it be found."""
    keep_all(site)

    def glossary(home: str) -> str:
        path = docs / home / "glossary.md"
        return path.read_text("utf-8") if path.exists() else ""

    path = site / "search" / "search_index.json"
    index = json.loads(path.read_text("utf-8"))
    theirs = [(one, of_language(index, one)) for one in tongues]
    enrich(index["docs"], taught(glossary("")))
    for tongue, other in theirs:
        enrich(other["docs"], taught(ANCHOR.sub("", glossary(tongue.home)), {}), unaccented)
        own = other["docs"]
        put(site / tongue.home / "search" / path.name, _packed(other | {"docs": own + lent(index["docs"], own, tongue)}))
    index["docs"] += [one for tongue, other in theirs for one in known_there(other["docs"], tongue)]
    put(path, _packed(index))


def _packed(index: dict) -> bytes:
    return json.dumps(index, separators=(",", ":")).encode()
