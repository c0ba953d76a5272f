"""What is wrong with the questions that end a chapter, a sentence each.

Knows Markdown text only; `questions` reads them.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator, Mapping

from markdown.extensions.toc import slugify

from scripts.pages.questions import FENCE, VALUE, Question, blank, known_by, letters, parse

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?[^)]*\)")
HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.M)
ANCHOR = re.compile(r"[ \t]*\{[^{}]*#([\w-]+)[^{}]*\}$", re.M)
SECTION = "Check yourself"
LETTERS = "ABCDE"


def headings(markdown: str) -> Iterator[tuple[str, int, int]]:
    """The headings of a page: the anchor of each, where it begins and where it ends."""
    text = FENCE.sub(blank, markdown)
    taken = set(re.findall(r'\bid="([^"]+)"', text))
    for heading in HEADING.finditer(text):
        words = heading[2]
        if own := ANCHOR.search(words):
            slug = own[1]
        else:
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words)
            words = re.sub(r"<[^>]+>|[`*]", "", words)
            slug = once = slugify(words, "-")
            count = 0
            while slug in taken:
                count += 1
                slug = f"{once}_{count}"
        taken.add(slug)
        yield slug, heading.start(), heading.end()


@functools.lru_cache(maxsize=256)
def anchors(markdown: str) -> frozenset[str]:
    """What a link can lead to in a page: its headings, and what has an id."""
    text = FENCE.sub(blank, markdown)
    found = set(re.findall(r'\bid="([^"]+)"', text))
    found |= {
        name.replace("/", "-")
        for name in re.findall(r"!\[[^\]]*\]\((?:\.\./)*figures/([\w-]+/[\w-]+)\.svg", text)
    }
    return frozenset(found | {anchor for anchor, _, _ in headings(markdown)})


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
    plain = FENCE.sub(blank, text)
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
        if len({letters(step) for step in question.steps}) < len(question.steps):
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
    if len({letters(option.text) for option in question.options}) < len(question.options):
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
    if len({known_by(question.text) for question in found}) < len(found):
        yield "two questions read the same"
    goals = [question.goal for question in found if question.goal]
    if not 2 <= len(goals) <= 4:
        yield (
            f"{len(goals)} goals: two to four questions begin with what a reader can do who"
            " answers them, “Goal: put the steps of one head in order.”"
        )
    for goal in goals:
        if not goal[0].islower() or not goal.endswith("."):
            yield f"the goal “{goal}” goes on a sentence, “you can: …”: a small letter, and a full stop"
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
