"""netlab: two companies and an internet between them, in network namespaces.

Needs root and iproute2; the peers are the programs of tools/lab and doubles
of tests/lab/edgelab. A test file makes WorldGroups and calls main().
"""

import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "..", "lab"))

import edgelab  # noqa: E402
from edgelab import Skip, until  # noqa: E402

from .company import Company  # noqa: E402
from .double import Double, Stuck, Trap, message  # noqa: E402
from .phone import Phone  # noqa: E402
from .space import why_not  # noqa: E402
from .world import World, WorldGroup  # noqa: E402


def main(topic, *groups):
    """Run a file's groups; the process's exit code. Ended early, it takes
    its namespaces with it."""
    reason = why_not()
    if reason:
        print("skip %s: %s" % (topic, reason))
        sys.exit(0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    edgelab.main(topic, *groups)


__all__ = ["Company", "Double", "Phone", "Skip", "Stuck", "Trap", "World",
           "WorldGroup", "main", "message", "until", "why_not"]
