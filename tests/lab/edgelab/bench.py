"""Tests that need no lab: a folder with settings, and the lines they print."""

import os
import shutil
import tempfile

from . import ctl
from .edge import libconfig, program
from .lab import Skip, base_config, block
from .pki import pki


class Bench:
    """Addresses, a folder, settings as a lab has them; and a line a test."""

    topic = "bench"

    def __init__(self):
        self.folder = tempfile.mkdtemp(
            prefix="edgelab-%s-" % self.topic.replace(" ", "-"))
        self.block, self.pki, self.bad = block(), pki(), 0
        self.base = base_config(self.block, self.pki, self.folder + "/state")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, config, name="edge.cfg"):
        """A settings file, from text or groups; its path."""
        with open(self.path(name), "w") as f:
            f.write(config if isinstance(config, str) else libconfig(config))
        return self.path(name)

    def clean(self):
        """Before each test."""

    def close(self):
        shutil.rmtree(self.folder, True)

    def say(self, kind, name, why=""):
        print("%s %s: %s%s" % (kind, self.topic, name, why and ": " +
                               " ".join(str(why).split())), flush=True)
        self.bad += kind == "not ok"

    def try_one(self, name, fn):
        self.clean()
        try:
            fn(self)
            self.say("ok", name)
        except Skip as e:
            self.say("skip", name, e)
        except Exception as e:  # a test may fail in any way
            self.say("not ok", name, str(e) or type(e).__name__)


def run(make, tests):
    """All tests, functions or (name, function), on one bench; the process's
    exit code."""
    if not program() or not ctl.path():
        print("skip %s: sip-edge or edgectl is not built" % make.topic)
        return 0
    bench = make()
    try:
        for t in tests:
            bench.try_one(*t if isinstance(t, tuple) else
                          (t.__name__.replace("_", " "), t))
    finally:
        bench.close()
    return 1 if bench.bad else 0


__all__ = ["Bench", "run"]
