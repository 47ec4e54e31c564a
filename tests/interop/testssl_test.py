#!/usr/bin/python3
"""testssl.sh against the outside doors: no finding of medium or above.

  testssl_test.py          a short subset of its checks at one door
  testssl_test.py --long   all of them, at both; takes minutes

Findings on the certificate itself are the lab PKI's, not the edge's.
"""
import json
import shutil
import subprocess
import sys

from kit import edge
from kit.place import OUTSIDE, Place
from kit.report import Report, Skip, check

BAD = ("MEDIUM", "HIGH", "CRITICAL")
SHORT = ["--protocols", "--renegotiation", "--crime", "--heartbleed",
         "--ccs-injection"]
LONG = ["--protocols", "--std", "--fs", "--server-preference",
        "--server-defaults", "--vulnerable", "--ids-friendly"]
OF_THE_PKI = ("cert", "DNS_CAArecord", "OCSP", "scanTime", "engine_problem")


def findings(place, port, checks, seconds):
    """All that testssl.sh found, as it tells it."""
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    if not program:
        raise Skip("testssl.sh is not installed")
    told = place.path("testssl-%d.json" % port)
    command = [program, "--quiet", "--color", "0", "--warnings", "off",
               "--nodns", "none", "--openssl",
               shutil.which("openssl"), "--add-ca", place.ca("external"),
               "--jsonfile", told, *checks,
               "%s:%d" % (place.address(OUTSIDE), port)]
    with open(place.path("testssl.log"), "ab") as log:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                       stderr=log, timeout=seconds, check=False,
                       cwd=place.folder)
    with open(told, encoding="utf-8") as f:
        return json.load(f)


def no_bad_finding(place, port, checks, seconds):
    found = findings(place, port, checks, seconds)
    check(len(found) >= len(checks), "it found only %s" % found)
    bad = ["%(id)s: %(severity)s: %(finding)s" % x for x in found
           if x["severity"] in BAD and not x["id"].startswith(OF_THE_PKI)]
    check(not bad, "; ".join(bad))


def main():
    long = "--long" in sys.argv
    report = Report("testssl")
    doors = (5061, edge.USERS_PORT) if long else (5061,)
    names = ["no finding of medium or above at port %d (%s)"
             % (port, "all checks" if long else "subset") for port in doors]
    try:
        if not edge.program():
            raise RuntimeError("sip-edge is not built")
        place = Place()
        place.pki()
        program = edge.Edge(place)
    except Exception as why:
        report.all_fail(names, why)
        report.finish()
    for name, port in zip(names, doors):
        report.run(name, no_bad_finding, place, port,
                   LONG if long else SHORT, 900 if long else 60)
    report.run("the edge ends cleanly", program.stop)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
