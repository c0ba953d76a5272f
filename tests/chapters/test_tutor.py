"""A tutor: what an assistant is sent to is there, and a lesson can go as the page says."""

import re
import subprocess
import sys

from programs import source

from scripts.base import ROOT

PAGE = (ROOT / "docs/tutor.md").read_text("utf-8")


def test_a_changed_copy_of_a_program_runs(says, printed, tmp_path):
    says(
        "To try a change, copy the program out of the book's folders, keep the working folder,",
    )
    lines = re.search(r"```bash\ncp snippets/(\S+)\.py mine\.py\nPYTHONPATH=\. \S+python mine\.py\n```", PAGE)
    copy = tmp_path / "mine.py"
    copy.write_text(source(lines[1]), "utf-8")
    ran = subprocess.run([sys.executable, copy], cwd=ROOT, capture_output=True, text=True,
                         env={"PYTHONPATH": ".", "MPLBACKEND": "Agg", "HF_HUB_OFFLINE": "1"})  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == printed(lines[1]).strip()


def test_the_lesson_is_in_the_chapter(says, values):
    says(
        "You ask why the row sums to one.",
        "The second line of a code block in a chapter names its program:",
        "the number {{ self_attention/look.sunflowers:.2f }} of a sentence; in the page its name",
    )
    chapter = (ROOT / "docs/self_attention.md").read_text("utf-8")
    first = re.search(r'^!!! question "(.+?)"\n(.*?)(?=^!!! |^## )', chapter, re.M | re.S)
    assert re.search(r"\]\(#[\w-]+\)", first[2].replace("\n", "")), "its reason links to a section"
    assert '```python\n--8<-- "self_attention/look.py"' in chapter
    assert "get {{ self_attention/look.sunflowers:.2f}} together" in " ".join(chapter.split())
    assert '"sunflowers": ' in (ROOT / ".cache/snippets/self_attention/look.json").read_text("utf-8")
    assert abs(values("self_attention/look").total - 1) < 1e-5


def test_every_chapter_has_what_the_rules_send_to(book, says):
    says(
        "Each chapter ends with them.",
        "The section *Try it* has exercises of this kind, with folded answers.",
    )
    chapters = sorted({path.parent.name for path in ROOT.glob("snippets/*/predict.py")})
    assert len(chapters) > 15
    for name in chapters:
        text = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
        *_, check, end = re.findall(r"^## (.+)", text, re.M)
        assert (check, end) == ("Check yourself", "Next"), name
        folded = text.split("\n## Try it")[1].split("\n## ")[0]
        assert "??? " in folded, name


def test_the_labs_check_and_hint(book, says):
    says("A lab's cells have a check of their own, and hints in steps.")
    for path in sorted(ROOT.glob("docs/labs/*.py")):
        text = path.read_text("utf-8")
        assert text.count("check(") >= 5 and "hint" in text.lower(), path.name
