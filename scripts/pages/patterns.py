"""The patterns by which pages are changed, in one place, and what each must never match.

A page's meaning is changed as a tree: its questions become HTML around Markdown, its figures are
found by `figures` among the elements, the cells of its tables by `tables`. A pattern stays where
it reads a spelling of the book in Markdown, shortens or marks HTML that Pygments or the theme
made, or finds a place that the build itself has left. All HTML that a page only shows stands there
escaped, "&lt;div class="a"", so a pattern begins with a tag, and none with an attribute. `tests/pages/test_traps.py`
feeds them what they must leave alone.

Patterns that only read, for a sentence about what is wrong or for the search, stand where they
are used; so do those of a question's own block.
"""

from __future__ import annotations

import re

# ------------------------------------------------------------------- Markdown, as authors write

NAME = r"[\w-]+/[\w-]+"  # of a snippet: "chapter/idea"
# A line of its own. Never one that is shown, between four backticks or after a ";".
INCLUDE = re.compile(rf'^([ \t]*)-{{1,}}8<-{{1,}} "({NAME})\.(py|txt)"[ \t]*$', re.M)
FILE = re.compile(r'^([ \t]*)-+8<-+ "([^"\n]+)"[ \t]*$', re.M)  # any include
ANY = re.compile(r"^[ \t]*-+8<-+.*$", re.M)  # … as it should be written or not
SHOWN = re.compile(r";(?=-+8<)")  # an include that is shown, not done
# Reads only, for what is wrong; the page's figures are found in its tree.
FIGURE = re.compile(rf"!\[([^\]]*)\]\((?:\.\./)*figures/({NAME})\.svg([^)]*)\)")
# Never braces with anything else in them, which are Jinja's, Python's or an attribute list's.
VALUE = re.compile(rf"\{{\{{ *({NAME})\.(\w+) *(?::([^{{}}]*?))? *\}}\}}")
# What a chapter takes and what it is for. Never the name of a snippet, which has a dot behind it.
PLAN = re.compile(r"\{\{ *(?P<plan>minutes|goals)/(?P<page>\w+) *\}\}")
# Ends where its own mark ends it. Never a shorter one in it, or one in a line of text.
FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)\n(?P<body>.*?)"
    r"^[ \t]*(?P=mark)[ \t]*$", re.M | re.S,
)  # fmt: skip
# What stands between four backticks is shown as it is written.
LITERAL = re.compile(r"^[ \t]*````.*?^[ \t]*````[ \t]*$", re.M | re.S)
# What follows a fence's mark, dressed for the site's look. Never that of a fence that is shown.
DRESSED = re.compile(r"[ \t]*\{ \.(\w+)([^}\n]*)\}")
TITLE = re.compile(r' title="[^"]*"')
FRONT = re.compile(r"\A---\n.*?\n---\n", re.S)  # never a rule between two paragraphs

# ------------------------------------------------------------ HTML, as Pygments and mkdocs write

TAG = re.compile(r"<[^>]*>")  # in code, where each "<" of a program is escaped
# A box of code. Never one that is shown in code. Marks it with its size.
BOX = re.compile(
    r'<div\b([^>]*\bclass="(?:[^"]*\s)?highlight\b[^>]*)>(?=(<span class="filename">)?.*?<code\b[^>]*>(.*?)</code>)',
    re.S,
)
# The code in it. Never code in a sentence.
CODE = re.compile(r"(<pre[^>]*>(?:<span></span>)?)<code>(.*?)</code>(?=</pre>)", re.S)
# Code by its look, see docs/assets/styles/code.css: names and space look like plain text.
UNCOLORED = re.compile(r'<span class="(?:n|na|ne|nn|vm|kc|sa|w)">([^<]*)</span>')
RUNS = [  # neighbors of one color need one element
    (re.compile(r'<span class="[op]">[^<]*</span>(?:\s*<span class="[op]">[^<]*</span>)+'), "p"),
    (re.compile(r'<span class="s[12bi]">[^<]*</span>(?:<span class="s[12bi]">[^<]*</span>)+'), "s2"),
]
# Code in a sentence that fits a line of a phone. Never that in a box of code.
SHORT_CODE = re.compile(r"(?<!</span>)(?<!<pre>)<code>([^<\n]{2,28})</code>")
# A footnote's number stays out of the search, or "attention" becomes "attention10" there.
FOOTNOTE = re.compile('<sup (?=id="fnref)')
# Two in a row would read as one number: 3 and 4 as 34.
BETWEEN = re.compile('(?<=</a></sup>)(?=<sup id="fnref)')
# … as the search's own word does in HTML that an author wrote, and only there.
LEFT_OUT = re.compile(r'(<\w[^<>]*) data-search-exclude="data-search-exclude"')
# What the theme writes → what stands there in the book. Never words of a sentence, in which
# quotes and equal signs stand as they are: each begins with its tag.
OURS = [
    (re.compile(r'(<label\b[^<>]*) tabindex=""'), r"\1"),  # no number, and so no HTML
    # … nor that, of a box to tick: see early.js.
    (re.compile(r'(<input\b[^<>]* id="__(?:drawer|search)") autocomplete="off"'), r"\1"),
    # For palette.js, not the theme's script.
    (re.compile(r'(<form\b[^<>]*) data-md-component="palette"'), r"\1 data-palette"),
]

# --------------------------------------------------- places that the build leaves until the end

COLORED = re.compile(r'<code data-colored="(\w+)">.*?</code>(?=</pre>)', re.S)
DRAWN = re.compile(r'<svg data-drawn="([^"]*)" aria-label="([^"]*)"></svg>')
NUMBERS = re.compile(r'<span data-numbers="([^"]*)"></span>')
SIZE = re.compile(r'<svg\b[^>]*\swidth="([\d.]+)" height="([\d.]+)"')  # of a drawing of ours
