"""A page's Markdown with its answers at the end: for whoever reads it as text.

On the site an answer is folded. In a copy nothing folds, and who reads on would meet each answer
right under its question. Knows Markdown text only, and nothing of the site generator.
"""

from __future__ import annotations

import re

from scripts.pages import questions
from scripts.pages.questions import FENCE, Question, blank
from scripts.pages.tongues import phrase

FOLD = re.compile(
    r'^\?\?\? (?:success "|note "(?P<code>[^"]*\banswers\b[^"]*))[^"]*"[ \t]*\n(?P<body>(?: {4}.*\n|[ \t]*\n)*)',
    re.M,
)
HEADS = re.compile(r"^(?P<exercise>\*\*.+?\*\*)|^#+ +(?P<section>.+)", re.M)
NOTES = re.compile(r"^\[\^[^\]]+\]: ", re.M)
BELOW = "The answer is [at the end](#answers)."
LETTERS = "ABCDE"


def apart(text: str) -> str:
    """The page with the answers of its exercises and questions in one section, its last.

    Footnotes stay behind it. A page without answers stays as it is.
    """
    text = text if text.endswith("\n") else text + "\n"
    plain = FENCE.sub(blank, text)
    cuts = []
    for found in FOLD.finditer(plain):
        body = _outdented(text[slice(*found.span("body"))]).strip()
        head = f"{found['code']}." if found["code"] else _exercise(plain, found)
        cuts.append((found.span(), "" if found["code"] else f"*{phrase(BELOW)}*\n\n", f"**{head}**\n\n{body}"))
    for number, (found, question) in enumerate(questions.each(text), 1):
        if question.kind:
            asked, answer = _told(question)
            head = f"**{phrase('Question {number}.', number=number)}**"
            cuts.append(
                (found.span(), f"{head} {question.text}\n\n{asked}\n\n", f"{head} {answer}")
            )
    if not cuts:
        return text
    parts, answers, end = [], [], 0
    for (start, stop), asked, answer in sorted(cuts):
        parts += [text[end:start], asked]
        answers.append(answer.strip())
        end = stop
    rest = text[end:]
    notes = NOTES.search(FENCE.sub(blank, rest))
    at = notes.start() if notes else len(rest)
    section = f"## {phrase('Answers')}\n\n" + "\n\n".join(answers) + "\n\n"
    return "".join([*parts, rest[:at].rstrip("\n"), "\n\n", section, rest[at:]])


def _exercise(plain: str, fold: re.Match) -> str:
    """What an answer answers: the bold words at the start of a line before it, or its section."""
    head = list(HEADS.finditer(plain, 0, fold.start()))[-1]
    words = (head["exercise"] or head["section"]).strip("* ")
    return words if words.endswith((".", "?")) else f"{words}."


def _told(question: Question) -> tuple[str, str]:
    """A question without its answer, and the answer, as Markdown."""
    if question.kind == "choice":
        asked = [f"- {letter}. {one.text}" for letter, one in zip(LETTERS, question.options)]
        right = f" {phrase('and')} ".join(LETTERS[number - 1] for number in question.right)
        told = [f"- {letter}. {one.reason}" for letter, one in zip(LETTERS, question.options)]
        return _joined(question.lead, "\n".join(asked)), _joined(
            f"{right}.", "\n".join(map(_indented, told)), question.answer
        )
    if question.kind == "number":
        unit = f" {question.unit}" if question.unit and question.unit != "%" else ""
        unit_asked = phrase("Your number, in {unit}:", unit=question.unit)
        asked = unit_asked if question.unit else phrase("Your number:")
        return _joined(question.lead, asked), _joined(question.key + unit + ".", question.answer)
    if question.kind == "order":
        asked = [f"- {question.steps[i]}" for i in questions.mixed(question.steps)]
        right = [f"{i}. {step}" for i, step in enumerate(question.steps, 1)]
        return _joined(question.lead, "\n".join(asked)), _joined(
            phrase("The order:"), "\n".join(right), question.answer
        )
    code = f'```python\n--8<-- "{question.code}.py"\n```'
    printed = f'```text\n--8<-- "{question.printed}.txt"\n```'
    return _joined(question.lead, code), _joined(phrase("It printed:"), printed, question.answer)


def _joined(*parts: str) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _outdented(body: str) -> str:
    return re.sub(r"^ {4}", "", body, flags=re.M)


def _indented(item: str) -> str:
    """An item of a list whose further lines belong to it."""
    return re.sub(r"\n(?=.)", "\n  ", item)
