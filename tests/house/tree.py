"""What the house checks share: the rooms, the files, the C text."""
import os
import re
import sys

FLOORS = ["base", "settings", "cert", "revocation", "token", "net", "sip",
          "policy", "proxy", "ops", "main"]
AREAS = {room: "common" for room in FLOORS[:5]}
AREAS.update({room: "edge" for room in FLOORS[5:10]})


def root():
    """The project to look at: the first argument, or the one we lie in."""
    if len(sys.argv) > 1:
        return os.path.abspath(sys.argv[1])
    return os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def files(top, folders, endings=(".c", ".h")):
    """Paths below top/folder with one of the endings, sorted."""
    found = []
    for folder in folders:
        for where, dirs, names in os.walk(os.path.join(top, folder)):
            dirs[:] = [d for d in dirs if d != "__pycache__"]
            found += [os.path.relpath(os.path.join(where, n), top)
                      for n in names if n.endswith(endings)]
    return sorted(found)


def read(top, path):
    with open(os.path.join(top, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def room_of(path):
    """edge/net/conn.c, include/net/conn.h -> net; edge/main.c -> main."""
    if path == "edge/main.c":
        return "main"
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else None


TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                    r"|'(?:\\.|[^'\\\n])*'", re.S)


def _blank(match):
    text = match.group(0)
    if text[0] == "/":
        return re.sub(r"[^\n]", " ", text)
    return text[0] + " " * (len(text) - 2) + text[-1]


def code(text):
    """The text with comments and the insides of strings blanked out."""
    return TOKENS.sub(_blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def verdict(name, faults):
    """Print the faults and the one line that is counted; exit status."""
    for fault in faults:
        print("    " + fault)
    if faults:
        print("not ok house/%s: %d found, first: %s"
              % (name, len(faults), faults[0]))
        return 1
    print("ok house/%s" % name)
    return 0
