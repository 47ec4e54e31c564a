"""Results as tests/run counts them: one line a test."""
import shutil
import signal
import sys
import traceback


class Skip(Exception):
    """The test cannot run here; says why."""


def need(*programs):
    """Skip when a program is not installed."""
    for program in programs:
        if not shutil.which(program):
            raise Skip("%s is not installed" % program)


def check(true, said):
    """The assertion of these tests; said tells what was wrong."""
    if not true:
        raise AssertionError(said)


class Report:
    """Runs tests one after another and prints what became of each."""

    def __init__(self, area):
        self.area = area
        self.failed = 0
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def _line(self, head, name, why=""):
        print("%s interop/%s: %s%s" % (head, self.area, name, why),
              flush=True)

    def _one_line(self, error):
        text = " ".join(str(error).split()) or type(error).__name__
        return text[:400]

    def run(self, name, test, *args):
        """Run one test; true when it passed."""
        try:
            test(*args)
        except Skip as why:
            self._line("skip", name, ": " + self._one_line(why))
            return False
        except Exception as error:  # one test's end is not the others'
            self.failed += 1
            traceback.print_exc(limit=-3)
            self._line("not ok", name, ": " + self._one_line(error))
            return False
        self._line("ok", name)
        return True

    def all_fail(self, names, why):
        """What tests became when what they stand on did not: why says it."""
        skipped = isinstance(why, Skip)
        for name in names:
            self.failed += not skipped
            self._line("skip" if skipped else "not ok", name,
                       ": " + self._one_line(why))

    def finish(self):
        """Leave with the status that the results ask for."""
        sys.exit(1 if self.failed else 0)
