"""The questions that end a chapter: Markdown → what the page shows, and what is wrong.

Knows Markdown text only, and nothing of the site generator. A question is an admonition,
`!!! question "Text"`, of one of four kinds, told by what stands in it:

    choice    - [ ] an option            its reason in the indented lines under it
              - [x] the right one        its reason
    number    `= {{ chapter/idea.name:.2f }} ± 0.01 GB`          and an explanation
    order     1. first step  2. second step                      and an explanation
    predict   a fence with code, a fence with what it printed    and an explanation

`render` turns each into HTML that works without any script, its answer folded. The script
in `docs/assets/questions.js` makes it answer back.
"""

from __future__ import annotations

import functools
import hashlib
import html
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from markdown.extensions.toc import slugify

BLOCK = re.compile(
    r'^!!! question(?: "(?P<text>.*)")?[ \t]*\n(?P<body>(?:(?: {4}|\t).*\n|[ \t]*\n)*)', re.M
)
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*[ \t]*$", re.M | re.S)  # not indented
OPTION = re.compile(r"^- \[([ xX])\][ \t]+(.*)\n?((?:(?:[ ]{2,}|\t).*\n?|[ \t]*\n)*)", re.M)
NUMBER = re.compile(
    r"^`=[ \t]*(?P<key>.+?)[ \t]*±[ \t]*(?P<tolerance>[^\s`]+)(?P<unit>[^`]*)`[ \t]*$", re.M
)
STEP = re.compile(r"^\d+\.[ \t]+(.*(?:\n(?:[ ]{2,}|\t)\S.*)*)", re.M)
VALUE = re.compile(r"\{\{ *[\w-]+/[\w-]+\.\w+ *(?::(?P<form>[^{}]*?))? *\}\}")
CODE = re.compile(r'^```python\n--8<-- "([\w-]+/[\w-]+)\.py"[ \t]*\n```[ \t]*$', re.M)
PRINTED = re.compile(r'^```text\n--8<-- "([\w-]+/[\w-]+)\.txt"[ \t]*\n```[ \t]*$', re.M)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?[^)]*\)")
HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.M)
WORDS = {"two": 2, "three": 3, "four": 4}
CHOOSE = re.compile(rf"\bchoose ({'|'.join(WORDS)})\b", re.I)
SECTION = "Check yourself"
LETTERS = "ABCDE"


@dataclass
class Option:
    """One thing to choose, whether it is right, and why or why not."""

    text: str
    right: bool
    reason: str


@dataclass
class Question:
    """One question as its block says it; empty parts belong to other kinds."""

    text: str
    position: int  # of the block, in the page
    kind: str = ""  # choice, number, order or predict; "" if it cannot be told
    lead: str = ""  # what stands between the question and its options, code or steps
    answer: str = ""  # the explanation, but for a choice
    options: list[Option] = field(default_factory=list)
    key: str = ""
    tolerance: str = ""
    unit: str = ""
    steps: list[str] = field(default_factory=list)
    code: str = ""  # the snippet that is shown
    printed: str = ""  # the snippet whose output is shown

    @property
    def right(self) -> list[int]:
        """The numbers of the right options, from 1."""
        return [i for i, option in enumerate(self.options, 1) if option.right]

    @property
    def chosen(self) -> int:
        """How many options the text asks for."""
        found = CHOOSE.search(f"{self.text} {self.lead}")
        return WORDS[found[1].lower()] if found else 1


# -------------------------------------------------------------------------------- reading


def parse(markdown: str) -> list[Question]:
    """The questions of a page, in order."""
    return [_question(found) for found in _blocks(markdown)]


def _blocks(markdown: str) -> Iterator[re.Match]:
    """The blocks of questions, but for those that a fence shows as they are written."""
    shown = FENCE.sub(_blank, markdown)
    for found in BLOCK.finditer(_ended(markdown)):
        if shown.startswith("!!!", found.start()):
            yield found


def _question(found: re.Match) -> Question:
    """What one block says."""
    made = Question((found["text"] or "").strip(), found.start())
    body = re.sub(r"^(?: {4}|\t)", "", _ended(found["body"]), flags=re.M)
    bare = re.sub(r"^(`{3,}).*?^\1[ \t]*$", _blank, body, flags=re.M | re.S)
    if options := list(OPTION.finditer(bare)):
        made.kind = "choice"
        made.lead = body[: options[0].start()].strip()
        made.answer = body[options[-1].end() :].strip()
        for one in options:
            reason = _dedent(body[slice(*one.span(3))])
            made.options.append(Option(one[2].strip(), one[1] != " ", reason))
    elif number := NUMBER.search(bare):
        made.kind = "number"
        made.lead = body[: number.start()].strip()
        made.answer = body[number.end() :].strip()
        made.key, made.tolerance = number["key"], number["tolerance"]
        made.unit = number["unit"].strip()
        form = VALUE.fullmatch(made.key)
        if form and (form["form"] or "").rstrip().endswith("%"):
            made.unit = made.unit or "%"
    elif (code := CODE.search(body)) and (printed := PRINTED.search(body)):
        made.kind = "predict"
        made.lead = body[: code.start()].strip()
        made.answer = body[printed.end() :].strip()
        made.code, made.printed = code[1], printed[1]
    elif steps := list(STEP.finditer(bare)):
        made.kind = "order"
        made.lead = body[: steps[0].start()].strip()
        made.answer = body[steps[-1].end() :].strip()
        made.steps = [re.sub(r"\s+", " ", step[1]).strip() for step in steps]
    return made


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _dedent(text: str) -> str:
    lines = text.split("\n")
    widths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return "\n".join(line[min(widths, default=0) :] for line in lines).strip()


def _blank(found: re.Match) -> str:
    return re.sub(r"[^\n]", " ", found[0])


# -------------------------------------------------------------------------------- showing


def render(markdown: str) -> str:
    """The page with each question as HTML around Markdown, numbered, its answer folded."""
    parts, end = [], 0
    for number, found in enumerate(_blocks(markdown), 1):
        question = _question(found)
        parts.append(markdown[end : found.start()])
        parts.append(_shown(number, question) if question.kind else found[0])
        end = found.end()
    return "".join([*parts, markdown[end:]])


def _shown(number: int, question: Question) -> str:
    """One question as HTML around Markdown."""
    name = f"question-{number}"
    data = {"kind": question.kind, "name": _name(question.text)}
    if question.kind == "choice":
        data |= {"right": " ".join(map(str, question.right)), "choose": question.chosen}
        shown, answer = _choice(question)
    elif question.kind == "number":
        data |= {"key": question.key, "tolerance": question.tolerance, "unit": question.unit}
        shown, answer = _number(question)
    elif question.kind == "order":
        shown, answer = _order(question)
    else:
        shown, answer = _predict(question)
    said = "".join(f' data-{key}="{_attribute(str(v))}"' for key, v in data.items() if v != "")
    summary = "What it printed" if question.kind == "predict" else "Answer"
    return "\n\n".join(
        part
        for part in (
            f'<div class="question" id="{name}"{said} role="group"'
            f' aria-labelledby="{name}-asks" markdown="1">',
            f'<p class="question-asks" id="{name}-asks" markdown="1">'
            f'<b class="question-number">{number}.</b> {question.text}</p>',
            question.lead,
            shown,
            f'<details class="answer" markdown="1">\n<summary>{summary}</summary>',
            answer,
            "</details>",
            "</div>\n\n",
        )
        if part
    )


def _choice(question: Question) -> tuple[str, str]:
    options = [f'<li markdown="1">{option.text}</li>' for option in question.options]
    reasons = []
    for option in question.options:
        verdict = "Right." if option.right else "Not right."
        block = "block" if "\n\n" in option.reason else "1"
        reasons.append(
            f'<li class="{"right" if option.right else "wrong"}" markdown="{block}">'
            f"**{verdict}** {option.reason}</li>"
        )
    return (
        _list("options", options),
        "\n\n".join(part for part in (_list("reasons", reasons), question.answer) if part),
    )


def _number(question: Question) -> tuple[str, str]:
    unit = f" {question.unit}" if question.unit and question.unit != "%" else ""
    asked = f'<p class="question-unit">In {html.escape(question.unit)}.</p>' if unit else ""
    near = ""
    if question.tolerance.strip("0."):
        near = f" (counts as right: give or take {question.tolerance}{unit})"
    return asked, f"**{question.key}{unit}**{near}\n\n{question.answer}"


def _order(question: Question) -> tuple[str, str]:
    shown = sorted(range(len(question.steps)), key=lambda i: _letters(question.steps[i]))
    if shown == sorted(shown):
        shown.reverse()  # the alphabet must not give the answer away
    steps = [f'<li data-place="{i + 1}" markdown="1">{question.steps[i]}</li>' for i in shown]
    right = "\n".join(f"{i}. {step}" for i, step in enumerate(question.steps, 1))
    return _list("steps", steps, "ul"), f"{right}\n\n{question.answer}"


def _predict(question: Question) -> tuple[str, str]:
    return (
        f'```python\n--8<-- "{question.code}.py"\n```',
        f'```text\n--8<-- "{question.printed}.txt"\n```\n\n{question.answer}',
    )


def _list(kind: str, items: list[str], tag: str = "ol") -> str:
    letters = ' type="A"' if tag == "ol" else ""
    return f'<{tag} class="{kind}"{letters} markdown="1">\n' + "\n".join(items) + f"\n</{tag}>"


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).casefold().strip()


def _name(text: str) -> str:
    """What a question is remembered by: the same as long as its words are."""
    return hashlib.sha256(_letters(text).encode()).hexdigest()[:8]


def _attribute(text: str) -> str:
    """The text for an attribute; a value's `{{ }}` stays as it is, to be filled in later."""
    return html.escape(text)


# ------------------------------------------------------------------------------- checking


@functools.lru_cache(maxsize=256)
def anchors(markdown: str) -> frozenset[str]:
    """What a link can lead to in a page: its headings, and what has an id."""
    text = FENCE.sub(_blank, markdown)
    found = set(re.findall(r'\bid="([^"]+)"', text))
    found |= {
        name.replace("/", "-")
        for name in re.findall(r"!\[[^\]]*\]\((?:\.\./)*figures/([\w-]+/[\w-]+)\.svg", text)
    }
    for heading in HEADING.finditer(text):
        words = heading[2]
        if own := re.search(r"[ \t]*\{[^{}]*#([\w-]+)[^{}]*\}$", words):
            found.add(own[1])
            continue
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words)
        words = re.sub(r"<[^>]+>|[`*]", "", words)
        slug = once = slugify(words, "-")
        count = 0
        while slug in found:
            count += 1
            slug = f"{once}_{count}"
        found.add(slug)
    return frozenset(found)


def check(text: str, where: str, known: Mapping[str, set[str]]) -> list[str]:
    """Everything that is wrong with the questions of a page, a sentence each.

    Args:
        text: the page.
        where: its path as a reader of the sentences would say it, "docs/decoding.md".
        known: the `anchors` of every page, by its path in `docs/`.
    """
    problems = []

    def note(position: int, sentence: str) -> None:
        line = text.count("\n", 0, position) + 1
        problems.append(f"{where}, line {line}: {sentence}")

    found = parse(text)
    for question in found:
        for sentence in [*_wrong(question), *_links(question, text, where, known)]:
            note(question.position, sentence)
    plain = FENCE.sub(_blank, text)
    section = re.search(rf"^## {SECTION}[ \t]*$", plain, re.M)
    following = section and re.search(r"^## ", plain[section.end() :], re.M)
    last = section.end() + following.start() if following else len(text)
    for question in found:
        if not section or not section.start() < question.position < last:
            note(question.position, f"a question stands in the section “{SECTION}”")
    if section:
        for sentence in _whole(found):
            note(section.start(), sentence)
        before = re.findall(r"^## (.*?)[ \t]*$", plain[: section.start()], re.M)
        if before[-1:] != ["Remember"] or not plain.startswith("## Next", last):
            note(section.start(), f"“{SECTION}” stands between “Remember” and “Next”")
    return problems


def _wrong(question: Question) -> Iterator[str]:
    """What is wrong with one question by itself."""
    if not question.text:
        yield 'a question has its text in quotes: !!! question "…?"'
    if not question.kind:
        yield (
            "this question has no options (- [ ]), no number (`= {{ … }} ± 0`), no steps (1.)"
            " and no snippet with its output"
        )
        return
    if question.kind == "choice":
        yield from _wrong_choice(question)
        return
    if not question.answer:
        yield "this question's answer is not explained: say why, after the answer"
    if question.kind == "number":
        if not VALUE.fullmatch(question.key):
            yield (
                f"“{question.key}” is typed: quote a value of a snippet,"
                " `= {{ chapter/idea.name:.2f }} ± 0.01`"
            )
        if not re.fullmatch(r"\d+(\.\d+)?", question.tolerance):
            yield f"“± {question.tolerance}” is no tolerance: write a number, 0 for exactly"
    if question.kind == "order":
        if not 3 <= len(question.steps) <= 6:
            yield f"{len(question.steps)} steps to order: three to six are right"
        if len({_letters(step) for step in question.steps}) < len(question.steps):
            yield "two steps to order read the same"
    if question.kind == "predict" and question.code != question.printed:
        yield f"shows the code of {question.code} with the output of {question.printed}"


def _wrong_choice(question: Question) -> Iterator[str]:
    if not 3 <= len(question.options) <= 5:
        yield f"{len(question.options)} options: three to five are right"
    for letter, option in zip(LETTERS, question.options):
        if not option.text:
            yield f"option {letter} is empty"
        if not option.reason:
            yield (
                f"option {letter} has no reason: say in an indented line under it why it is"
                " right, or what mistake it is"
            )
    if len({_letters(option.text) for option in question.options}) < len(question.options):
        yield "two options read the same"
    right = len(question.right)
    if right != question.chosen:
        asked = f"asks for {question.chosen}" if question.chosen > 1 else "asks for one"
        yield f"{right} options are marked [x], but the question {asked} (or “Choose two.”)"


def _links(question: Question, text: str, where: str, known) -> Iterator[str]:
    """Whether the answer leads to where its reason stands."""
    page = where.removeprefix("docs/")
    answer = " ".join([question.answer, *(option.reason for option in question.options)])
    led = False
    for path, anchor in LINK.findall(answer):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        target = target if path else page
        if not anchor or not (target.endswith(".md") or not path):
            continue
        led = True
        there = anchors(text) if target == page else known.get(target)
        if there is None:
            yield f"the answer links to {path}, which is no page"
        elif anchor not in there:
            yield f"the answer links to {path}#{anchor}, which is no section there"
    if not led:
        yield "the answer links to no section that gives the reason: [words](#section)"


def _whole(found: list[Question]) -> Iterator[str]:
    """Whether a chapter's questions together are enough, and of several kinds."""
    kinds = [question.kind for question in found]
    if not 5 <= len(found) <= 8:
        yield f"{len(found)} questions: five to eight are right"
    if len({_name(question.text) for question in found}) < len(found):
        yield "two questions read the same"
    if "number" not in kinds:
        yield "no question asks for a number"
    if not {"order", "predict"} & set(kinds):
        yield "no question asks for an order or a prediction"
    if kinds.count("choice") < 2:
        yield "fewer than two questions offer a choice"
    single = [q for q in found if q.kind == "choice" and len(q.right) == 1]
    if len(single) > 1:
        if len({q.right[0] for q in single}) == 1:
            yield f"the right option is always {LETTERS[single[0].right[0] - 1]}: move some"
        longest = [max(q.options, key=lambda one: len(one.text)).right for q in single]
        if all(longest):
            yield "the right option is the longest every time: say it in fewer words"
