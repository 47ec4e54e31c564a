#!/usr/bin/python3
"""testssl.sh against the outside doors: no finding of medium or above.

  testssl_test.py          a short subset of its checks
  testssl_test.py --long   all of them; takes minutes

At both doors by address, and by each name that the edge has a certificate of:
ECDSA, RSA, a wildcard. Findings on the certificate itself are the lab PKI's, not the edge's.
"""
import json
import shutil
import subprocess
import sys

from kit import edge
from kit.place import OUTSIDE, Place
from kit.report import Report, Skip, check
from kit.several import NAMES, several

BAD = ("MEDIUM", "HIGH", "CRITICAL")
SHORT = ["--protocols", "--renegotiation", "--crime", "--heartbleed",
         "--ccs-injection"]
LONG = ["--protocols", "--std", "--fs", "--server-preference",
        "--server-defaults", "--vulnerable", "--ids-friendly"]
OF_THE_PKI = ("cert", "DNS_CAArecord", "OCSP", "scanTime", "engine_problem")


def findings(place, port, sni, checks, seconds):
    """All that testssl.sh found, as it tells it."""
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    if not program:
        raise Skip("testssl.sh is not installed")
    address = place.address(OUTSIDE)
    told = place.path("testssl-%d-%s.json" % (port, sni))
    where = ["--ip", address, "%s:%d" % (sni, port)] if sni else \
        ["%s:%d" % (address, port)]
    command = [program, "--quiet", "--color", "0", "--warnings", "off",
               "--nodns", "none", "--openssl",
               shutil.which("openssl"), "--add-ca", place.ca("external"),
               "--jsonfile", told, *checks, *where]
    with open(place.path("testssl.log"), "ab") as log:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                       stderr=log, timeout=seconds, check=False,
                       cwd=place.folder)
    with open(told, encoding="utf-8") as f:
        return json.load(f)


def no_bad_finding(place, port, sni, checks, seconds):
    found = findings(place, port, sni, checks, seconds)
    check(len(found) >= len(checks), "it found only %s" % found)
    bad = ["%(id)s: %(severity)s: %(finding)s" % x for x in found
           if x["severity"] in BAD and not x["id"].startswith(OF_THE_PKI)]
    check(not bad, "; ".join(bad))


def targets(long):
    """(port, name asked for); the short run takes one that has RSA too."""
    if not long:
        return [(5061, None), (5061, "sip.example.com")]
    return [(port, sni) for port in (5061, edge.USERS_PORT) for sni in NAMES
            if sni in (None, "sip.example.com") or port == 5061]


def title(port, sni, long):
    return "no finding of medium or above at port %d%s (%s)" % (
        port, " as " + sni if sni else "", "all checks" if long else "subset")


def main():
    long = "--long" in sys.argv
    report = Report("testssl")
    names = [title(*t, long) for t in targets(long)]
    try:
        if not edge.program():
            raise RuntimeError("sip-edge is not built")
        place = Place()
        program = edge.Edge(place, tls=several(place))
    except Exception as why:
        report.all_fail(names, why)
        report.finish()
    for name, (port, sni) in zip(names, targets(long)):
        report.run(name, no_bad_finding, place, port, sni,
                   LONG if long else SHORT, 900 if long else 60)
    report.run("the edge ends cleanly", program.stop)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
