"""The questions that end a chapter: Markdown → what the page shows.

Knows Markdown text only, and nothing of the site generator. A question is an admonition,
`!!! question "Text"`, of one of four kinds, told by what stands in it:

    choice    - [ ] an option            its reason in the indented lines under it
              - [x] the right one        its reason
    number    `= {{ chapter/idea.name:.2f }} ± 0.01 GB`          and an explanation
    order     1. first step  2. second step                      and an explanation
    predict   a fence with code, a fence with what it printed    and an explanation

Its first line may be what a reader can do who answers it, `Goal: put the steps in order.`

`render` turns each into HTML that works without any script, its answer folded, and puts the goals
before the first section. The script in `docs/assets/questions.js` makes a question answer back.
What is wrong with them is told by `asked`.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scripts.pages.tongues import digits, phrase

BLOCK = re.compile(
    r'^!!! question(?: "(?P<text>.*)")?[ \t]*\n(?P<body>(?:(?: {4}|\t).*\n|[ \t]*\n)*)', re.M
)
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*[ \t]*$", re.M | re.S)  # not indented
OPTION = re.compile(r"^- \[([ xX])\][ \t]+(.*)\n?((?:(?:[ ]{2,}|\t).*\n?|[ \t]*\n)*)", re.M)
NUMBER = re.compile(
    r"^`=[ \t]*(?P<key>.+?)[ \t]*±[ \t]*(?P<tolerance>[^\s`]+)(?P<unit>[^`]*)`[ \t]*$", re.M
)
STEP = re.compile(r"^\d+\.[ \t]+(.*(?:\n(?:[ ]{2,}|\t)\S.*)*)", re.M)
GOAL = re.compile(r"\s*Goal:[ \t]*(.*)\n")
SECTION = re.compile(r"^## ", re.M)
VALUE = re.compile(r"\{\{ *[\w-]+/[\w-]+\.\w+ *(?::(?P<form>[^{}]*?))? *\}\}")
CODE = re.compile(r'^```python\n--8<-- "([\w-]+/[\w-]+)\.py"[ \t]*\n```[ \t]*$', re.M)
PRINTED = re.compile(r'^```text\n--8<-- "([\w-]+/[\w-]+)\.txt"[ \t]*\n```[ \t]*$', re.M)
WORDS = {"two": 2, "three": 3, "four": 4}
CHOOSE = re.compile(rf"\bchoose ({'|'.join(WORDS)})\b", re.I)


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
    goal: str = ""  # what a reader can do who answers it; few questions name one
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
    return [question for _, question in each(markdown)]


def each(markdown: str) -> Iterator[tuple[re.Match, Question]]:
    """The questions of a page in order, each with the block that it was read from."""
    return ((found, _question(found)) for found in _blocks(markdown))


def _blocks(markdown: str) -> Iterator[re.Match]:
    """The blocks of questions, but for those that a fence shows as they are written."""
    shown = FENCE.sub(blank, markdown)
    for found in BLOCK.finditer(_ended(markdown)):
        if shown.startswith("!!!", found.start()):
            yield found


def _question(found: re.Match) -> Question:
    """What one block says."""
    made = Question((found["text"] or "").strip(), found.start())
    body = re.sub(r"^(?: {4}|\t)", "", _ended(found["body"]), flags=re.M)
    if aim := GOAL.match(body):
        made.goal, body = aim[1].strip(), body[aim.end() :]
    bare = re.sub(r"^(`{3,}).*?^\1[ \t]*$", blank, body, flags=re.M | re.S)
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


def blank(found: re.Match) -> str:
    return re.sub(r"[^\n]", " ", found[0])


# -------------------------------------------------------------------------------- showing


def render(markdown: str, minutes: int = 0) -> str:
    """The page with each question as HTML around Markdown, numbered, its answer folded.

    Args:
        minutes: to read it; told with the goals.
    """
    parts, end = [], 0
    for number, (found, question) in enumerate(each(markdown), 1):
        parts.append(markdown[end : found.start()])
        parts.append(_shown(number, question) if question.kind else found[0])
        end = found.end()
    return aimed("".join([*parts, markdown[end:]]), goals(markdown, minutes))


def goals(markdown: str, minutes: int, linked: bool = True) -> str:
    """What a reader can do after the page, as Markdown, each with the question that checks it.

    Empty if no question names a goal.
    """
    found = [(n, one.goal) for n, (_, one) in enumerate(each(markdown), 1) if one.goal and one.kind]
    if not found:
        return ""
    lines = []
    for number, goal in found:
        asks = phrase("question {number}", number=number)
        lines.append(f"- {goal.rstrip('.')} ({f'[{asks}](#question-{number})' if linked else asks})")
    items = "\n".join(lines)
    told = phrase("About {minutes} minutes to read. Afterward you can:", minutes=minutes)
    text = f"{told}\n\n{items}"
    # Not for the search, which is to find the places where a word is taught.
    return f'<div class="goals" data-search-exclude markdown="1">\n\n{text}\n\n</div>' if linked else text


def aimed(markdown: str, goals: str) -> str:
    """A page with its goals before its first section."""
    first = SECTION.search(FENCE.sub(blank, markdown))
    if not goals or not first:
        return markdown
    return f"{markdown[: first.start()]}{goals}\n\n{markdown[first.start() :]}"


def _shown(number: int, question: Question) -> str:
    """One question as HTML around Markdown."""
    name = f"question-{number}"
    data = {"kind": question.kind, "name": known_by(question.text)}
    if question.kind == "choice":
        data |= {"right": " ".join(map(str, question.right)), "choose": len(question.right)}
        shown, answer = _choice(question)
    elif question.kind == "number":
        data |= {"key": question.key, "tolerance": question.tolerance, "unit": question.unit}
        shown, answer = _number(question)
    elif question.kind == "order":
        shown, answer = _order(question)
    else:
        shown, answer = _predict(question)
    said = "".join(f' data-{key}="{_attribute(str(v))}"' for key, v in data.items() if v != "")
    summary = phrase("What it printed") if question.kind == "predict" else phrase("Answer")
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
        verdict = phrase("Right.") if option.right else phrase("Not right.")
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
    asked = f'<p class="question-unit">{phrase("In {unit}.", unit=html.escape(question.unit))}</p>' if unit else ""
    near = ""
    if question.tolerance.strip("0."):
        slack = digits(question.tolerance) + unit
        near = f" ({phrase('counts as right: give or take {slack}', slack=slack)})"
    return asked, f"**{question.key}{unit}**{near}\n\n{question.answer}"


def mixed(steps: list[str]) -> list[int]:
    """In what order the steps are shown, by their numbers from 0: never in the right one."""
    shown = sorted(range(len(steps)), key=lambda i: letters(steps[i]))
    if shown == sorted(shown):
        shown.reverse()  # the alphabet must not give the answer away
    return shown


def _order(question: Question) -> tuple[str, str]:
    steps = [
        f'<li data-place="{i + 1}" markdown="1">{question.steps[i]}</li>'
        for i in mixed(question.steps)
    ]
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


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).casefold().strip()


def known_by(text: str) -> str:
    """What a question is remembered by: the same as long as its words are."""
    return hashlib.sha256(letters(text).encode()).hexdigest()[:8]


def _attribute(text: str) -> str:
    """The text for an attribute; a value's `{{ }}` stays as it is, to be filled in later."""
    return html.escape(text)
