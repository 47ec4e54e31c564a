"""lab-ua as a phone: verbs on its command line, steps in its log."""

import os
import re

from .child import Child


class Phone:
    """One lab-ua, in a namespace."""

    def __init__(self, world, name, space, options, *verbs):
        self.name = name
        self.dump = os.path.join(world.folder, name + ".dump")
        self.child = Child(
            name, world.folder, world.spaces.prefix_of(space)
            + [world.tool("lab-ua"), "--name", name, "--dump", self.dump,
               *options, *verbs])
        world.keep(self.child)
        self.seen = {}

    def step(self, verb, timeout=40):
        """The next `verb` is done, and well."""
        want = self.seen.get(verb, 0) + 1

        def look():
            found = re.findall(r" %s (done|FAILED)$" % verb,
                               self.child.log(), re.M)
            return found[want - 1] if len(found) >= want else None
        result = self.child.wait_for("%s, number %d" % (verb, want), look,
                                     timeout)
        self.seen[verb] = want
        assert result == "done", "%s: %s failed: %s" % (
            self.name, verb, self.child.tail(6))

    def ended(self, timeout=40):
        """All its verbs are done."""
        self.child.wait_for("ends", lambda: not self.child.alive(), timeout)
        assert self.child.proc.returncode == 0, \
            "%s: %s" % (self.name, self.child.tail(6))

    def received(self):
        """Each message that it got, whole, from its dump."""
        return received(self.dump)

    def stop(self):
        self.child.stop()


def received(path):
    """The messages that a lab program got, from its dump."""
    with open(path, encoding="latin-1", newline="") as f:
        parts = re.split(r"(?m)^---- (\S+ \w+ \w+ \S+)\r\n", f.read())
    return [text for head, text in zip(parts[1::2], parts[2::2])
            if head.split()[1] == "got"]
