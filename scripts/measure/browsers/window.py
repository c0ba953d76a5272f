"""A WebKitGTK window that WebDriver can drive, that keeps its data and writes its console down.

usage: /usr/bin/python3 window.py FOLDER. It runs with Debian's Python, and reads lines from
FOLDER/commands: `scheme dark`, `scheme light`, `picture FILE`, `print FILE`.
"""

import os
import sys
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gdk, GLib, Gtk, WebKit2  # noqa: E402

home = Path(sys.argv[1])
(home / "pid").write_text(str(os.getpid()))
log = os.open(home / "console.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.dup2(log, 1)
os.dup2(log, 2)
Gtk.Settings.get_default().set_property("gtk-enable-animations", False)

data = WebKit2.WebsiteDataManager(
    base_data_directory=str(home / "data"), base_cache_directory=str(home / "cache")
)
context = WebKit2.WebContext(website_data_manager=data)
context.set_automation_allowed(True)
views = []


def view(*_):
    """A window with a page in it."""
    settings = WebKit2.Settings()
    settings.set_enable_write_console_messages_to_stdout(True)
    made = WebKit2.WebView(web_context=context, is_controlled_by_automation=True, settings=settings)
    window = Gtk.Window()
    window.set_default_size(1280, 900)
    window.add(made)
    window.show_all()
    window.connect("destroy", Gtk.main_quit)
    views.append(made)
    return made


def started(_, session):
    about = WebKit2.ApplicationInfo()
    about.set_name("window")
    about.set_version(*(WebKit2.get_major_version(), WebKit2.get_minor_version(),
                        WebKit2.get_micro_version()))  # fmt: skip
    session.set_application_info(about)
    session.connect("create-web-view", view)


def to_paper(path):
    """Print the page into a file, without a dialog."""
    settings = Gtk.PrintSettings()
    settings.set_printer("Print to File")
    settings.set(Gtk.PRINT_SETTINGS_OUTPUT_URI, Path(path).as_uri())
    settings.set(Gtk.PRINT_SETTINGS_OUTPUT_FILE_FORMAT, "pdf")
    operation = WebKit2.PrintOperation(web_view=views[-1], print_settings=settings)
    setup = Gtk.PageSetup()
    setup.set_paper_size(Gtk.PaperSize(Gtk.PAPER_NAME_A4))
    operation.set_page_setup(setup)
    operation.connect("failed", lambda _, error: print("PRINT FAILED", error.message, flush=True))
    operation.print_()
    to_paper.last = operation  # it must live until it is done


def picture(path):
    """What the window shows, as it stands on the screen."""
    window = views[-1].get_window()
    size = window.get_width(), window.get_height()
    Gdk.pixbuf_get_from_window(window, 0, 0, *size).savev(f"{path}.part", "png", [], [])
    os.replace(f"{path}.part", path)


def command(channel, _):
    """One line of what is asked."""
    word, _, rest = channel.readline().strip().partition(" ")
    if word == "scheme":
        dark = rest == "dark"
        Gtk.Settings.get_default().set_property("gtk-application-prefer-dark-theme", dark)
    elif word == "picture":
        picture(rest)
    elif word == "print":
        to_paper(rest)
    return True


# Opened for both ways, so that it never ends.
commands = os.fdopen(os.open(home / "commands", os.O_RDWR), "r", buffering=1)
GLib.io_add_watch(commands.fileno(), GLib.IO_IN, lambda fd, what: command(commands, what))
context.connect("automation-started", started)
Gtk.main()
