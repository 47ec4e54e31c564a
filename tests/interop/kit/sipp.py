"""sipp as a device that speaks plain TCP, one scenario a run."""
import os
import re

from .child import Child, wait_until
from .place import OUTSIDE, ROOT
from .report import need

SCENARIOS = os.path.join(ROOT, "tests/interop/sipp")


class Sipp(Child):
    """One run of one scenario of tests/interop/sipp, one call."""

    def __init__(self, place, device, n, scenario, service="", *more,
                 live=False):
        """device at address n runs a scenario; service is who it calls.

        live: it answers on the connection that it opened itself.
        """
        need("sipp")
        tag = "%s-%s" % (device, scenario)
        self.trace = place.path("sipp-%s.trace" % tag)
        address = place.address(n)
        args = ["sipp", "-nostdin", "-sf", self._file(scenario),
                "-i", address, "-bind_local", "-t", "t1", "-m", "1",
                "-key", "device", device, "-timeout", "20", "-timeout_error",
                "-trace_msg", "-message_file", self.trace,
                "-trace_err", "-error_file", place.path("sipp-%s.err" % tag),
                *more]
        if live:
            args += ["-oocsf", self._file(live)]
        if service or live:
            args += ["-s", service or "edge", "%s:5060" % place.address(OUTSIDE)]
        else:
            args += ["-p", "5060"]
        super().__init__("sipp " + tag, args, place.path("sipp-%s.log" % tag),
                         env={"TERM": "dumb"}, cwd=place.folder)
        self._errors = place.path("sipp-%s.err" % tag)
        if not service and not live:
            self.wait_port(address, 5060)

    @staticmethod
    def _file(scenario):
        return os.path.join(SCENARIOS, scenario + ".xml")

    def tail(self, lines=3):
        """sipp's own words on what went wrong."""
        if os.path.exists(self._errors):
            with open(self._errors, encoding="utf-8", errors="replace") as f:
                return " ".join(f.read().split())[:300]
        return super().tail(lines)

    def wait_trace(self, words, timeout=30):
        """Wait until a message with these words was sent or received."""
        wait_until(lambda: self.traced(re.escape(words)), timeout,
                   "%s saw no %r" % (self.name, words))

    def traced(self, pattern):
        """Is there a line that fits among the messages?"""
        if not os.path.exists(self.trace):
            return None
        with open(self.trace, encoding="utf-8", errors="replace") as f:
            return re.search(pattern, f.read(), re.M)

    def succeeded(self, timeout=40):
        """Wait for its end; AssertionError when the call went wrong."""
        status = self.wait(timeout)
        if status != 0:
            raise AssertionError("%s ended with status %d: %s"
                                 % (self.name, status, self.tail()))
