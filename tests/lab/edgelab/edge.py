"""The program under test: its configuration, its process, its log."""

import os
import re
import signal
import subprocess
import time

from .pki import TOP
from .place import listens, until

BAD = re.compile(r"ERROR: (Address|Leak)Sanitizer|runtime error:|"
                 r"Assertion .* failed|SUMMARY: \w+Sanitizer")


def program():
    """The built sip-edge, or None."""
    build = os.environ.get("BUILD_DIR")
    for d in [build] if build else ["build-asan", "build"]:
        path = os.path.join(TOP, d, "edge", "sip-edge")
        if os.access(path, os.X_OK):
            return path
    return None


def _value(v, indent):
    pad = "\t" * indent
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return str(v)
    if isinstance(v, str):
        return '"%s"' % v.replace("\\", "\\\\").replace('"', '\\"')
    if isinstance(v, dict):
        return "\n%s{\n%s%s}" % (pad, _pairs(v, indent + 1), pad)
    if isinstance(v, tuple):  # a list of groups
        return "(%s)" % ",".join(_value(x, indent) for x in v)
    return "[ %s ]" % ", ".join(_value(x, indent) for x in v)


def _pairs(d, indent):
    return "".join("%s%s = %s;\n" % ("\t" * indent, k, _value(v, indent))
                   for k, v in d.items() if v is not None)


def libconfig(d):
    """libconfig text: dict = group, list = array, tuple = list of groups;
    None leaves the key out."""
    return _pairs(d, 0)


def merge(base, over):
    """A copy of base with over laid on top, group by group."""
    out = dict(base)
    for k, v in over.items():
        if isinstance(v, dict) and isinstance(out.get(k), dict):
            v = merge(out[k], v)
        out[k] = v
    return out


class Edge:
    """One sip-edge in the foreground, its log in a file."""

    def __init__(self, config, folder, prefix=()):
        self.config = os.path.join(folder, "edge.cfg")
        self.log_path = os.path.join(folder, "edge.log")
        self.prefix, self.proc = list(prefix), None
        self.write(config)

    def write(self, config):
        self.settings = config
        with open(self.config, "w") as f:
            f.write(config if isinstance(config, str) else libconfig(config))

    def start(self, ports):
        """Start it and wait until it listens on each (address, port)."""
        log = open(self.log_path, "ab")
        self.proc = subprocess.Popen(self.prefix + [program(), self.config],
                                     stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=log)
        log.close()

        def up():
            assert self.proc.poll() is None, \
                "sip-edge ended with %d: %s" % (self.proc.returncode,
                                                self.tail(3))
            return all(listens(*p) for p in ports)
        until("sip-edge listens on %s" % (ports,), up, 30)

    @property
    def pid(self):
        return self.proc.pid

    def alive(self):
        return self.proc is not None and self.proc.poll() is None

    def log(self, since=0):
        try:
            with open(self.log_path, "rb") as f:
                f.seek(since)
                return f.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def mark(self):
        """Where the log stands now, for wait_log(since=...)."""
        try:
            return os.path.getsize(self.log_path)
        except FileNotFoundError:
            return 0

    def wait_log(self, pattern, since=0, timeout=20):
        """The first log line that matches."""
        def look():
            return re.search(r"(?m)^.*(?:%s).*$" % pattern, self.log(since))
        try:
            return until("a log line with /%s/" % pattern, look,
                         timeout).group(0)
        except AssertionError as e:
            raise AssertionError("%s; the log ends in: %s"
                                 % (e, self.tail(3))) from None

    def tail(self, lines=12):
        return " | ".join(self.log().splitlines()[-lines:])

    def sick(self):
        """The first line of a sanitizer's complaint, or None."""
        m = BAD.search(self.log())
        return self.log()[m.start():].splitlines()[0] if m else None

    def reload(self):
        os.kill(self.pid, signal.SIGHUP)

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, timeout=30):
        """Its exit code."""
        try:
            return self.proc.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError("sip-edge still runs %g s after it was told"
                                 " to end" % timeout) from None

    def kill(self):
        """As a power cut would."""
        if self.alive():
            self.proc.kill()
            self.proc.wait()

    def stop(self, timeout=40):
        """SIGTERM; a clean exit and no complaint of a sanitizer."""
        if not self.alive():
            raise AssertionError("sip-edge had ended with %s: %s" % (
                self.proc.returncode, self.sick() or self.tail(2)))
        began = time.monotonic()
        self.terminate()
        try:
            code = self.wait(timeout)
        except AssertionError:
            self.kill()
            raise
        assert not self.sick(), self.sick()
        assert code == 0, "exit code %d: %s" % (code, self.tail(2))
        return time.monotonic() - began


def check_config(path, timeout=60):
    """sip-edge -t FILE: (exit code, what it said)."""
    done = subprocess.run([program(), "-t", path], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout)
    return done.returncode, done.stdout.decode("utf-8", "replace")
