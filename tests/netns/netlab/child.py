"""A program that we started, in a namespace, its output in a file."""

import subprocess

from edgelab import until


class Child:
    """Ended by stop(), and only that process."""

    def __init__(self, name, folder, words):
        self.name, self.path = name, "%s/%s.log" % (folder, name)
        with open(self.path, "ab") as log:
            self.proc = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log)

    def alive(self):
        return self.proc.poll() is None

    def log(self):
        with open(self.path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def tail(self, lines=3):
        return " | ".join(self.log().splitlines()[-lines:])

    def wait_for(self, what, check, timeout=30):
        """Until check(); fails at once when the program has ended."""
        def look():
            found = check()
            assert found or self.alive(), "%s ended: %s" % (self.name,
                                                            self.tail())
            return found
        try:
            return until("%s: %s" % (self.name, what), look, timeout)
        except AssertionError as e:
            raise AssertionError("%s; its log ends in: %s"
                                 % (e, self.tail())) from None

    def stop(self):
        if self.alive():
            self.proc.terminate()
        try:
            self.proc.wait(5)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
