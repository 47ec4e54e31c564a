"""lab-ua as a user of ours: verbs on its command line, steps in its log."""
import os
import re

from .child import Child, wait_until
from .edge import program
from .report import check

TOOLS = "tools"


def tool(name):
    """A program of tools/lab, of the build that is tested."""
    top = os.path.dirname(os.path.dirname(program()))
    return os.path.join(top, TOOLS, name)


class Phone(Child):
    """One lab-ua; it does its verbs in turn, the last is to stay."""

    def __init__(self, place, name, aor, options, *verbs):
        self.aor = aor
        self.dump = place.path(name + ".dump")
        self._seen = {}
        super().__init__(name, [
            tool("lab-ua"), "--name", name, "--dump", self.dump,
            "--aor", aor,
            "--answer-after", "50", *options, *verbs, "stay"],
            place.path(name + ".log"))

    def step(self, verb, timeout=40):
        """The next `verb` is done, and well."""
        nth = self._seen.get(verb, 0)

        def look():
            found = re.findall(r" %s (done|FAILED)$" % verb, self.said(),
                               re.M)
            check(len(found) > nth or self.running(), "%s ended: %s"
                  % (self.name, self.tail(6)))
            return found[nth] if len(found) > nth else None
        result = wait_until(look, timeout, "%s: no %s, number %d; %s" % (
            self.name, verb, nth + 1, self.tail(4)))
        self._seen[verb] = nth + 1
        check(result == "done", "%s: %s failed: %s"
              % (self.name, verb, self.tail(6)))
        return self

    def received(self):
        """Each message that it got, whole, from its dump."""
        with open(self.dump, encoding="latin-1", newline="") as f:
            parts = re.split(r"(?m)^---- (\S+ \w+ \w+ \S+)\r\n", f.read())
        return [text for head, text in zip(parts[1::2], parts[2::2])
                if head.split()[1] == "got"]
