"""Programs that a test starts: their log, their ports, their end."""
import atexit
import ctypes
import os
import re
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_living = []


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until(what, timeout, said):
    """Poll what() until it is true; raises TimeoutError(said) when late."""
    end = time.monotonic() + timeout
    while True:
        result = what()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError("%s within %g s" % (said, timeout))
        time.sleep(0.02)


class Child:
    """One program in a group of its own, its output in a file.

    It is ended by its pid and its group; nothing else is.
    """

    def __init__(self, name, args, log, env=None, cwd=None):
        self.name = name
        self.log = log
        with open(log, "ab") as out:
            self._p = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(env or {})}, cwd=cwd,
                start_new_session=True, preexec_fn=_die_with_parent)
        self.pid = self._p.pid
        _living.append(self)

    def said(self):
        """All that it has written so far."""
        with open(self.log, "r", encoding="utf-8", errors="replace") as f:
            return f.read()

    def running(self):
        return self._p.poll() is None

    def wait_said(self, pattern, timeout=30, after=0):
        """Wait for a line in its output after so many characters."""
        def look():
            found = re.search(pattern, self.said()[after:], re.M)
            if not found and not self.running():
                raise RuntimeError("%s ended: %s" % (self.name, self.tail()))
            return found
        return wait_until(look, timeout,
                          "%s did not say %r" % (self.name, pattern))

    def wait_port(self, address, port, timeout=40):
        """Wait until somebody listens there."""
        def knock():
            if not self.running():
                raise RuntimeError("%s ended: %s" % (self.name, self.tail()))
            try:
                socket.create_connection((address, port), 1).close()
                return True
            except OSError:
                return False
        wait_until(knock, timeout, "%s did not open %s:%d"
                   % (self.name, address, port))

    def tail(self, lines=3):
        """The last lines of its output, as one."""
        return " | ".join(self.said().strip().splitlines()[-lines:])

    def wait(self, timeout):
        """Wait for its end; returns the exit status."""
        try:
            return self._p.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError("%s did not end within %g s: %s" % (
                self.name, timeout, self.tail())) from None

    def stop(self, timeout=20):
        """SIGTERM, and SIGKILL when that is not heard; the exit status."""
        if self in _living:
            _living.remove(self)
        if self.running():
            self._p.terminate()
            try:
                self._p.wait(timeout)
            except subprocess.TimeoutExpired:
                self._p.kill()
                self._p.wait()
        self._end_group()
        return self._p.returncode

    def _end_group(self):
        """Kamailio, stopped while it starts, leaves processes behind."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _stop_all():
    for child in reversed(list(_living)):
        child.stop(5)


atexit.register(_stop_all)
