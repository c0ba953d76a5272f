"""What a change does to the book: pages, outputs, claims, sizes and times, before and now.

    python -m scripts review                     since this branch left main
    python -m scripts review HEAD~3              since that commit
    python -m scripts review ../the_first_clone  since what another folder of the book has
    python -m scripts review --kept kept v1.0    … whose outputs and sizes lie in a folder
    python -m scripts review --keep kept         write this down of the book as it is here

Writes a report into .cache/review: report.html opens from there, report.md is for a comment.
`difference` compares the outputs. Times are told and judged by nobody: they differ by themselves.
"""

from __future__ import annotations

import base64
import difflib
import itertools
import re
import shutil
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from scripts.base import ROOT, BookError
from scripts.base.files import put
from scripts.compute import difference
from scripts.compute.book import Book
from scripts.measure import before, claims, told
from scripts.measure.before import State
from scripts.measure.told import Items, Lines, Picture, Section, Table, Words
from scripts.pages import cells, chapter
from scripts.pages.patterns import FIGURE, SIZE, VALUE

MOST, LEAST = 10, 0.05  # rows of a table of times; seconds that are told
ALIKE = 0.4  # of two sentences, from which on one has become the other
LOOK = ("mkdocs.yml", "requirements.txt", "docs/assets/**/*", "docs/overrides/**/*",
        "snippets/*.*", "snippets/shared/*.py", "scripts/**/*.*")  # fmt: skip
DRAWN = ("docs/assets/styles/colors.css", re.compile(r'="slate"\] \{(.*?)\}', re.S))
NOTHING = "Nothing in the book changes."


def review(old: State, new: State, into: Path) -> told.Report:
    """Compare two states; the figures that differ are written into the folder `into`."""
    restless = {name for name in old.known & new.known if _tells_times(new, name)}
    unsure = old.programs & new.programs - (old.known & new.known)
    pages, outputs = _pages(old, new, restless | unsure), _outputs(old, new, restless, into)
    found = [one for one in (pages, outputs, _claims(old, new), _other(old, new)) if one]
    if found:
        counts = [_counted(section) for section in found]
        said = f"What changes: {', '.join(counts)}."
        found += [one for one in (_sizes(old, new, restless), _times(old, new, restless)) if one]
    else:
        said = "No change is seen, but not all is known." if new.stale else NOTHING
    return told.Report(f"The book, against {old.title}", said, [*new.notes, *old.notes], found)


def _tells_times(state: State, name: str) -> bool:
    return difference.says_otherwise((state.book.snippets_dir / f"{name}.py").read_text("utf-8"))


def _counted(section: Section) -> str:
    """How many things a section tells of, in words."""
    count, one = len(section.under), {"Pages": "page", "Outputs": "program"}.get(section.title)
    return f"{count} {one}{'s' * (count != 1)}" if one and count else section.title.lower()


# --------------------------------------------------------------------------------------- pages


def _pages(old: State, new: State, unsaid: set[str]) -> Section | None:
    """What changes in the words of each page: its values count, its programs do not.

    Args:
        unsaid: programs whose values are left out: they tell times, or are not known on both sides.
    """
    one, two = (claims.pages(state.book.root) for state in (old, new))
    section = Section("Pages")
    for name in sorted({*one, *two}):
        if name not in two or name not in one:
            state, said = (old, "is gone") if name in one else (new, "is new")
            said = f"The page {said}: {len(_sentences(state, (one | two)[name], unsaid))} sentences."
            section.under.append(Section(name, [Items(said)]))
            continue
        texts = [(state.book.root / file).read_text("utf-8") for state, file in ((old, one[name]), (new, two[name]))]
        changed = list(_changed(*(_sentences(state, pages[name], unsaid) for state, pages in ((old, one), (new, two)))))
        parts = [Words(changed)] if changed else []
        if texts[0] != texts[1]:
            patch = difference.unified(*(text.splitlines() for text in texts))
            parts.append(Lines(f"The lines of `{two[name]}`", patch, folded=bool(changed)))
        elif changed:
            parts.insert(0, Items("Its text is the same: a value in it is another."))
        if parts:
            section.under.append(Section(name, parts))
    return section if section.under else None


def _sentences(state: State, file: str, unsaid: set[str]) -> list[str]:
    """The sentences of a page, values in place but those of those programs."""
    text = claims.source(state.book.root / file)
    text = VALUE.sub(lambda one: f"`{one[1]}.{one[2]}`" if one[1] in unsaid else one[0], text)
    text = chapter.quoted(state.book, text)
    return [" ".join(one.split()) for _, block in claims.blocks(text) for one in claims.END.split(block)]


def _changed(old: list[str], new: list[str]) -> Iterator[list[tuple[str, str]]]:
    """The sentences that differ, each in words that stay, are gone or are new."""
    for _, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[a:b] == new[c:d]:
            continue
        for gone, came in itertools.zip_longest(old[a:b], new[c:d], fillvalue=""):
            words = [re.split(r"(\s+)", sentence) for sentence in (gone, came)]
            match = difflib.SequenceMatcher(None, *words, autojunk=False)
            if not gone or not came or match.ratio() < ALIKE:
                yield from ([(kind, one)] for kind, one in (("del", gone), ("ins", came)) if one)
                continue
            said = []
            for what, e, f, g, h in match.get_opcodes():
                parts = [("", words[0][e:f])] if what == "equal" else [("del", words[0][e:f]), ("ins", words[1][g:h])]
                said += [(kind, "".join(part)) for kind, part in parts if part]
            yield said


# ------------------------------------------------------------------------------------- outputs


def _outputs(old: State, new: State, restless: set[str], into: Path) -> Section | None:
    """What programs and labs leave: each that leaves something else, is new, or is gone."""
    both = sorted(old.known & new.known)
    report = difference.compare(old.book, new.book, both) if both else difference.Report()
    difference.compare_labs(report, old.book, new.book)
    section, shown = Section("Outputs"), _alts(old) | _alts(new)
    for name in sorted({*report.fails, *report.values, *report.texts, *report.figures} - new.stale):
        parts = []
        if where := _where(new, name):
            parts.append(Items(f"It stands on {where}."))
        if name in report.fails:
            parts.append(Items(f"It fails now: {report.fails[name]}"))
        if name in report.values:
            parts.append(Items("Values:", report.values[name]))
        if name in report.texts:
            parts.append(Lines("What it prints:", report.texts[name]))
        if name in report.figures:
            alt = shown.get(name, f"the figure of {name}")
            parts += _drawn(old, new, name, alt, into)
        section.under.append(Section(name, parts))
    told_of = {one.title for one in section.under}
    rewritten = {name for name in both if _rewritten(old, new, name)} - told_of
    was, now = (state.programs | state.labs for state in (old, new))
    had, has = (state.known | difference.labs(state.book).keys() & state.labs for state in (old, new))
    for title, names in (
        ("New:", has - was),
        ("New, without outputs yet:", now - was - has),
        ("Gone:", was - now),
        ("Its outputs are missing in what this is compared with:", has & was - had),
        ("Another program, and the same outputs:", rewritten - restless),
        ("Another program. It tells times or versions, so its outputs are not compared:", rewritten & restless),
    ):
        if names:
            section.parts.append(Items(title, [f"`{name}`" for name in sorted(names)]))
    return section if section.parts or section.under else None


def _rewritten(old: State, new: State, name: str) -> bool:
    return len({(s.book.snippets_dir / f"{name}.py").read_text("utf-8") for s in (old, new)}) > 1


def _where(state: State, name: str) -> str:
    """The pages that name a program."""
    named = re.compile(rf"\b{re.escape(name)}\b")
    files = {page: state.book.root / file for page, file in claims.pages(state.book.root).items()}
    return ", ".join(f"`{page}`" for page, file in files.items() if named.search(file.read_text("utf-8")))


def _alts(state: State) -> dict[str, str]:
    """Each figure → what its page says that one sees in it."""
    texts = (path.read_text("utf-8") for path in sorted((state.book.root / "docs").glob("*.md")))
    return {name: alt for text in texts for alt, name, _ in FIGURE.findall(text)}


def _drawn(old: State, new: State, name: str, alt: str, into: Path) -> Iterator[Picture]:
    """The figures of a program or lab that differ, as files beside the report."""
    if name.startswith("labs/"):
        drawings = [
            [base64.b64decode(one) for one in difference.labs(state.book)[name][1]] for state in (old, new)
        ]
        kind, size = "png", _pixels
    else:
        style = _dark(new)
        drawings = [
            [path.read_text("utf-8"), *_others(state.book, name)] if (path := state.book.figure(name)) else []
            for state in (old, new)
        ]
        kind, size = "svg", lambda drawing: tuple(map(float, SIZE.search(drawing).groups()))
    for number, pair in enumerate(itertools.zip_longest(*drawings), 1):
        if pair[0] == pair[1]:
            continue
        files = []
        for when, drawing in zip(("before", "now"), pair):
            files.append(f"figures/{name.replace('/', '-')}-{number}-{when}.{kind}" if drawing else None)
            if kind == "svg" and drawing:
                drawing = cells.legible(drawing).replace(">", f">{style}", 1).encode()
            if drawing:
                put(into / files[-1], drawing)
        yield Picture(*files, alt, _sized([size(one) if one else None for one in pair], kind == "svg" and pair))


def _others(book: Book, name: str) -> list[str]:
    """The drawings of a slider's positions but the one that the page shows first."""
    slider = outcome.slider if (outcome := book.outcome(name)) else {}
    return [one["svg"] for one in slider.get("positions", []) if "svg" in one]


def _sized(sizes: list[tuple[float, float] | None], drawings: list[str] | bool) -> str:
    """What is to be said of a figure's size, before and now."""
    if None in sizes:
        return "it is gone." if sizes[0] else "it is new."
    one, two = (f"{wide:.0f} × {high:.0f}" for wide, high in sizes)
    if one == two:
        return f"it is another, {two} pixels as before."
    alone = drawings and len({drawing.partition(">")[2] for drawing in drawings}) == 1
    return f"{'only its size is another' if alone else 'it is another, and so is its size'}: {one} → {two} pixels."


def _pixels(png: bytes) -> tuple[int, int]:
    return struct.unpack(">II", png[16:24])


def _dark(state: State) -> str:
    """A style for a drawing that stands alone: the book's colors of the dark, where a reader wants it."""
    file, pattern = DRAWN
    try:
        slate = pattern.search((state.book.root / file).read_text("utf-8"))[1]
    except (OSError, TypeError):
        return ""
    colors = "".join(re.findall(r"--fig-[\w-]+:[^;]+;", slate))
    return f"<style>@media (prefers-color-scheme: dark){{svg{{{colors}}}image{{filter:var(--fig-image)}}}}</style>"


# -------------------------------------------------------------------------------------- claims


def _claims(old: State, new: State) -> Section | None:
    """Which sentences that look like claims are new or gone, and what tests hold."""
    was, now = (claims.shares(state.book.root) for state in (old, new))
    section, rows = Section("Claims"), []
    for name in sorted({*was, *now}):
        said, kept = ([one.text for one in part] for part in was.get(name, ([], [])))
        says, keeps = ([one.text for one in part] for part in now.get(name, ([], [])))
        if (said, kept) == (says, keeps):
            continue
        rows.append([f"`{name}`", f"{len(kept)} of {len(said)}", f"{len(keeps)} of {len(says)}"])
        lines = [f"new, {'held by a test' if text in keeps else 'held by nothing'}: {text}"
                 for text in says if text not in said]  # fmt: skip
        lines += [f"gone: {text}" for text in said if text not in says]
        lines += [f"held no longer: {text}" for text in kept if text in says and text not in keeps]
        lines += [f"held now: {text}" for text in keeps if text in said and text not in kept]
        if lines:
            section.under.append(Section(f"Claims of {name}", [Items("", lines)]))
    if rows:
        section.parts.append(Table("Sentences that look like claims and are held by a test",
                                   ["page", "before", "now"], rows))  # fmt: skip
    return section if rows else None


# ----------------------------------------------------------------------------- sizes and times


def _sizes(old: State, new: State, restless: set[str]) -> Section | None:
    """Bytes that changed: pages and files of the site as sent, outputs as recorded, downloads."""
    rows = []
    if old.sizes is not None and new.sizes is not None:
        for name in sorted({*old.sizes, *new.sizes}):
            if name.endswith("index.html"):
                address = name.removesuffix("index.html") or "(first)"
                rows.append([f"page `{address}`", old.sizes.get(name), new.sizes.get(name)])
        for group in sorted({_group(name) for name in {*old.sizes, *new.sizes}} - {""}):
            sums = [sum(n for name, n in s.sizes.items() if _group(name) == group) for s in (old, new)]
            rows.append([f"`{group}`, all files", *sums])
    both = old.known & new.known - restless
    counted = both | old.known - new.programs, both | new.known - old.programs
    for kind, what in (("txt", "printed texts"), ("svg", "figures"), ("json", "values")):
        paths = [[s.book.output(n, kind) for n in names] for names, s in zip(counted, (old, new))]
        rows.append([f"recorded {what}", *(sum(p.stat().st_size for p in some if p.exists()) for some in paths)])
    fetched = [sum(entry.get("bytes", 0) for entry in s.book.lock.values()) for s in (old, new)]
    rows.append(["packages of the models, to download", *fetched])
    rows = [[name, *_difference(was, now, ",", "none")] for name, was, now in rows if was != now]
    table = Table("Bytes; pages and files of the site as a host sends them", ["what", "before", "now", "more"], rows)
    return Section("Sizes", [table]) if rows else None


def _group(file: str) -> str:
    """The folder at the root of the site in which a file lies; empty for a page."""
    return "" if file.endswith("index.html") else file.partition("/")[0]


def _difference(was: float | None, now: float | None, form: str, none: str) -> list[str]:
    shown = [none if one is None else f"{one:{form}}" for one in (was, now)]
    return [*shown, f"{(now or 0) - (was or 0):+{form}}".replace("-", "−")]


def _times(old: State, new: State, restless: set[str]) -> Section | None:
    """Processor seconds of the programs that are known on both sides, as recorded."""
    one, two = old.book.seconds(), new.book.seconds()
    both = sorted(one.keys() & two.keys(), key=lambda name: -abs(two[name] - one[name]))
    rows = [[f"`{name}`", one[name], two[name]] for name in both[:MOST] if abs(one[name] - two[name]) >= LEAST]
    section = Section("Times")
    if names := difference.compare(old.book, new.book, sorted(restless)).timed if restless else []:
        lines = [f"`{name}`" for name in names]
        section.parts.append(Items("These tell times or versions, and tell others now:", lines))
    if rows:
        rows.append([f"all {len(both)} programs", *(sum(side[name] for name in both) for side in (one, two))])
        rows = [[name, *_difference(was, now, ".1f", "none")] for name, was, now in rows]
        title = "Processor seconds as recorded, which differ from run to run: those that differ most"
        section.parts.append(Table(title, ["program", "before", "now", "more"], rows))
    return section if section.parts else None


# --------------------------------------------------------------------------------------- other


def _other(old: State, new: State) -> Section | None:
    """Other files that decide how the book looks or what it computes: which are not the same."""
    sides = []
    for root in (state.book.root for state in (old, new)):
        files = {path for pattern in LOOK for path in root.glob(pattern) if path.is_file()}
        sides.append({path.relative_to(root).as_posix(): path for path in files if "__pycache__" not in path.parts})
    one, two = ({name: path.read_bytes().replace(b"\r\n", b"\n") for name, path in side.items()} for side in sides)
    lines = [f"`{name}` {'is new' if name not in one else 'is gone' if name not in two else 'differs'}"
             for name in sorted({*one, *two}) if one.get(name) != two.get(name)]  # fmt: skip
    return Section("Other files", [Items("", lines)]) if lines else None


@click.command()
@click.argument("base", default="")
@click.option("--kept", type=click.Path(exists=True, path_type=Path),
              help="What --keep wrote of BASE, or a file of its outputs.")  # fmt: skip
@click.option("--keep", "keeping", type=click.Path(file_okay=False, path_type=Path),
              help="Write into this folder what a later review needs of the book as it is here.")  # fmt: skip
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="A folder for the report.")
def main(base: str, kept: Path | None, keeping: Path | None, into: Path | None) -> int:
    """Say what a change does to the book: pages, outputs, claims, sizes, times.

    BASE is a commit, or another folder of the book; default: where this branch left main. The
    exit code is 0 if that can be told, whatever it is, and 2 if not.
    """
    into = into or ROOT / ".cache" / "review"
    try:
        if keeping:
            before.keep(ROOT, keeping)
            print(f"{keeping}: {before.OUTPUTS} and {before.SIZES}")
            return 0
        with tempfile.TemporaryDirectory(prefix="review-") as space:
            old = (before.folder(Path(base).resolve()) if base and Path(base).is_dir()
                   else before.commit(ROOT, base, Path(space), kept))  # fmt: skip
            shutil.rmtree(into / "figures", ignore_errors=True)
            report = review(old, before.here(ROOT), into)
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    told.write(report, into)
    print("\n".join([report.said, *(f"⚠ {note}" for note in report.notes), f"{into / 'report.html'}"]))
    return 0
