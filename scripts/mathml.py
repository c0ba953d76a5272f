r"""Draw the formulas of a page at build time: TeX in, MathML out.

The Markdown extension ``pymdownx.arithmatex`` (``generic: true``) leaves TeX between
``\(...\)`` or ``\[...\]``. The function `render` replaces it by MathML, so that a
reader needs no script, and a screen reader gets the formula and not a picture of it.

The library ``latex2mathml`` does the parsing. What follows here repairs its tree where
browsers would draw it badly: they know MathML Core, which has no ``columnalign``, one
``mathvariant``, and no idea that "log x" wants a space.

A color is named for what it means, and follows the page's scheme:
``\textcolor{query}{Q}`` is drawn in the color that queries have in every figure.
"""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

FORMULA = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\s*'
    r"\\[(\[](?P<tex>.*?)\\[)\]]\s*</(?P=tag)>(?P<after>[,.;:!?)]*)",
    re.DOTALL,
)
COLORS = {"query", "key", "value", "weight", "warm", "cool", "kept", "cut", "muted"}
ROWS = {"math", "mrow", "mstyle", "mtd", "msqrt", "mpadded", "mphantom"}
SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
OPENING = set("([{⟨⌊⌈|‖")
CLOSING = set(")]}⟩⌋⌉|‖")
LIMITS = {"max", "min", "lim", "sup", "inf", "Pr", "arg\u2009max", "arg\u2009min"}
THIN = "0.167em"
NO_EFFECT = {"columnspacing", "rowspacing", "columnlines", "rowlines", "columnalign"}

# What the library does not know, in words that it knows.
SPELLINGS = (
    (r"\\(begin|end)\{aligned\}", r"\\\1{split}"),
    (r"\\operatorname\*\{arg\s*\\,\s*(max|min)\}", r"\\arg\1"),
    (r"\\not\s*=", r"\\neq "),
    (r"\\not\s*\\in\b", r"\\notin "),
)

# Where Unicode keeps the styled letters: first capital, first small letter.
# (Greek: first capital, first small.) The letters missing there are in `HOLES`.
LATIN = {
    "bold": (0x1D400, 0x1D41A),
    "italic": (0x1D434, 0x1D44E),
    "bold-italic": (0x1D468, 0x1D482),
    "script": (0x1D49C, 0x1D4B6),
    "double-struck": (0x1D538, 0x1D552),
    "sans-serif": (0x1D5A0, 0x1D5BA),
    "monospace": (0x1D670, 0x1D68A),
}
GREEK = {"bold": (0x1D6A8, 0x1D6C2), "bold-italic": (0x1D71C, 0x1D736)}
DIGITS = {"bold": 0x1D7CE, "bold-italic": 0x1D7CE, "double-struck": 0x1D7D8}
HOLES = {
    "italic": {"h": "ℎ"},
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ")),
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ")),
}


class FormulaError(ValueError):
    """A formula that cannot be read; the message names it."""


def render(page: str) -> str:
    """Return the page's HTML with every TeX formula replaced by MathML."""
    return FORMULA.sub(_replace, page)


def convert(tex: str, display: bool = False) -> str:
    """Return one formula as MathML; raise `FormulaError` if it cannot be read."""
    try:
        _check_braces(tex)
        source = tex
        for pattern, replacement in SPELLINGS:
            source = re.sub(pattern, replacement, source)
        math = convert_to_element(source, display="block" if display else "inline")
        _repair(math)
        if display:
            _set_limits(math)
    except Exception as error:
        reason = str(error) or type(error).__name__
        kind = "display" if display else "inline"
        message = f"cannot read the {kind} formula {tex.strip()!r}: {reason}"
        raise FormulaError(message) from error
    math.attrib.pop("xmlns", None)
    if not display:
        math.attrib.pop("display", None)
    math.set("alttext", " ".join(tex.split()))
    return ElementTree.tostring(math, encoding="unicode")


def _replace(match: re.Match[str]) -> str:
    tex = html.unescape(match["tex"])
    if match["tag"] == "span":
        math = convert(tex) + match["after"]
        # Else the comma after a formula may begin the next line.
        return f'<span class="nobreak">{math}</span>' if match["after"] else math
    return (
        '<div class="equation" tabindex="0" role="group" aria-label="equation">'
        f"{convert(tex, display=True)}</div>{match['after']}"
    )


def _check_braces(tex: str) -> None:
    """Complain about braces that do not match: the library guesses instead."""
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", tex):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            raise ValueError("a } without its {")
    if depth:
        raise ValueError("a { without its }")


def _repair(math: Element) -> None:
    """Change the library's tree into one that browsers draw well."""
    for element in math.iter():
        _repair_text(element)
        _repair_attributes(element)
    for row in list(math.iter()):
        _join_upright_letters(row)
        _wrap_fenced_tables(row)
    for element in math.iter():
        _repair_letters(element)
    for row in list(math.iter()):
        if row.tag in ROWS:
            _pair_norms(row)
            _mark_signs(row)
            _space_functions(row)
            _space_after_fences(row)
        if row.tag in SCRIPTS:
            _tighten_scripts(row)
    _unwrap(math)


def _repair_text(element: Element) -> None:
    """Turn the library's entities into characters, and refuse what it left alone."""
    if element.tag == "mover" and element.attrib.pop("accent", None):
        element[1].set("stretchy", "false")  # a hat, not a roof
    if element.text is None:
        return
    text = html.unescape(element.text)
    if element.tag == "mi" and element.text.startswith("&#x") and text.isascii():
        element.set("mathvariant", "normal")  # how the library leaves \mathrm{d}
    if element.tag == "mtext":
        text = text.replace(r"\_", "_").replace(r"\%", "%").replace(r"\&", "&")
    if text == "&":
        raise ValueError("an & outside of a matrix")
    if re.match(r"\\[A-Za-z]", text):
        raise ValueError(f"unknown command {text}")
    if text == "⧸":
        raise ValueError(r"\not is known before = and \in only")
    element.text = text
    if element.tag == "mo" and text in "⊤∞":  # letters: no space around
        element.tag = "mi"
    if element.tag == "mo" and text in "|∣‖":  # only \left and \right make them tall
        element.attrib.setdefault("stretchy", "false")
    if text == "―":  # over or under a line
        element.text, element.attrib = "¯", {"stretchy": "true"}
    if element.tag == "mo" and text == "/":
        element.attrib.update(lspace="0", rspace="0")
    if element.tag == "mo" and len(text) > 1 and text[0].isalpha():
        if "movablelimits" in element.attrib:  # argmax: still takes limits
            element.attrib.update(lspace="0", rspace="0")
        else:  # softmax: a name, not something between two numbers
            element.tag = "mi"
        element.set("function", "")


def _repair_attributes(element: Element) -> None:
    """Write colors and alignments as classes; drop what no browser heeds."""
    if element.tag == "mi" and element.text and len(element.text) > 1:
        if element.text.isascii() and "mathvariant" not in element.attrib:
            element.set("function", "")
    color = element.attrib.pop("mathcolor", None)
    if color is not None:
        if color not in COLORS:
            names = ", ".join(sorted(COLORS))
            raise ValueError(f"unknown color {color}; there are {names}")
        element.tag = "mrow"
        element.set("class", color)
    align = element.attrib.get("columnalign")
    if element.tag == "mtd" and align in ("left", "right"):
        element.set("class", align)
    for name in NO_EFFECT & element.attrib.keys():
        del element.attrib[name]


def _join_upright_letters(row: Element) -> None:
    r"""Make one name of ``\mathrm{model}``, which comes as five letters."""
    previous = None
    for child in list(row):
        upright = child.tag == "mi" and child.get("mathvariant") == "normal"
        if upright and previous is not None and row.tag in ROWS:
            previous.text = (previous.text or "") + (child.text or "")
            row.remove(child)
        else:
            previous = child if upright else None


def _wrap_fenced_tables(row: Element) -> None:
    """Give a matrix and its brackets a row of their own, so that they fit it."""
    for table in row.findall("mtable"):
        at = list(row).index(table)
        around = [row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)]
        if len(around) == 2 and all(mo.tag == "mo" for mo in around):
            if around[0].text in OPENING and len(row) > 3:
                wrapper = Element("mrow")
                wrapper.extend([around[0], table, around[1]])
                for child in wrapper:
                    row.remove(child)
                row.insert(at - 1, wrapper)


def _repair_letters(element: Element) -> None:
    """Spell bold, script and the like with Unicode's own letters."""
    variant = element.get("mathvariant")
    text = element.text or ""
    if variant == "normal" and len(text) == 1 and element.tag == "mi":
        return  # the one variant that browsers know
    if variant is None:
        return
    del element.attrib["mathvariant"]
    if element.tag == "mtext":  # \texttt: the text stays text
        element.set("class", variant)
    elif variant != "normal":
        element.text = "".join(_styled(letter, variant) for letter in text)


def _styled(letter: str, variant: str) -> str:
    """Return the Unicode letter in this style, or the letter if there is none."""
    if letter in HOLES.get(variant, {}):
        return HOLES[variant][letter]
    if letter.isascii() and letter.isalpha() and variant in LATIN:
        capital, small = LATIN[variant]
        return chr((capital if letter.isupper() else small) + (ord(letter) & 31) - 1)
    if letter.isdecimal() and letter.isascii() and variant in DIGITS:
        return chr(DIGITS[variant] + int(letter))
    if variant in GREEK and "Α" <= letter <= "ω":
        capital, small = GREEK[variant]
        first = "Α" if letter < "α" else "α"
        return chr((capital if first == "Α" else small) + ord(letter) - ord(first))
    return letter


def _set_limits(element: Element) -> None:
    """Set "i" under "max" as it stands under a sum, but not within a fraction."""
    if element.tag == "mfrac" or element.get("displaystyle") == "false":
        return
    tags = {"msub": "munder", "msubsup": "munderover"}
    if element.tag in tags and (element[0].text or "") in LIMITS:
        element.tag = tags[element.tag]
    for child in element:
        _set_limits(child)


def _pair_norms(row: Element) -> None:
    """Tell an opening double bar from a closing one: they are the same character."""
    cores = [child[0] if child.tag in SCRIPTS else child for child in row]
    bars = [mo for mo in cores if mo.tag == "mo" and mo.text == "‖"]
    for count, bar in enumerate(bars):
        bar.set("form", "postfix" if count % 2 else "prefix")


def _mark_signs(row: Element) -> None:
    """Tell the sign in "= −1" from the minus in "0 − 1" by what stands before it."""
    before = None
    for child in row:
        if child.tag == "mspace":
            continue
        if child.tag == "mo" and child.text in ("−", "-", "+", "±"):
            if before is not None and before.tag == "mo" and before.text not in CLOSING:
                child.set("form", "prefix")
        before = child


def _tighten_scripts(script: Element) -> None:
    """Set no space around operators in an index, and no prime higher than it is."""
    is_accent = script.tag in ("mover", "munder") and script[1].tag == "mo"
    for index in [] if is_accent else script[1:]:
        for mo in index.iter("mo"):
            mo.attrib.update(lspace="0", rspace="0")
    if script.tag == "msup" and set(script[1].text or " ") <= {"′", "″", "‴"}:
        script.tag = "mrow"  # the character is raised already


def _space_after_fences(row: Element) -> None:
    """Set a thin space between a tall closing bracket and the letter after it."""
    for child in list(row):
        if child.tag != "mrow" or len(child) < 2 or child[-1].tag != "mo":
            continue
        at = list(row).index(child) + 1
        if child[-1].text in CLOSING and at < len(row) and row[at].tag != "mspace":
            if not _is_operator(row[at]):
                row.insert(at, Element("mspace", width=THIN))


def _space_functions(row: Element) -> None:
    """Set a thin space between a function's name and what is not in brackets."""
    for child in list(row):
        core = child[0] if child.tag in SCRIPTS and len(child) else child
        if core.attrib.pop("function", None) is None:
            continue
        at = list(row).index(child)
        if at + 1 < len(row) and not _is_operator(row[at + 1]):
            row.insert(at + 1, Element("mspace", width=THIN))
        if at > 0 and not _is_operator(row[at - 1]) and row[at - 1].tag != "mspace":
            row.insert(at, Element("mspace", width=THIN))


def _is_operator(element: Element) -> bool:
    """Say whether this begins with an operator or a bracket, which has its space."""
    while element.tag in ("mrow", "mstyle") and len(element):
        element = element[0]
    return element.tag in ("mo", "mspace")


def _unwrap(element: Element) -> None:
    """Remove rows that hold one thing: fewer bytes, and the same picture."""
    for at, child in enumerate(list(element)):
        _unwrap(child)
        child.attrib.pop("function", None)
        if child.tag == "mrow" and len(child) == 1 and not child.attrib:
            inner = child[0]
            if inner.tag == "mo" and element.tag in ROWS:  # {,} is not a separator
                inner.attrib.setdefault("lspace", "0")
                inner.attrib.setdefault("rspace", "0")
            element[at] = inner
    if element.tag in ("math", "msqrt") and len(element) == 1:
        if element[0].tag == "mrow" and not element[0].attrib:
            children = list(element[0])
            element.remove(element[0])
            element.extend(children)
