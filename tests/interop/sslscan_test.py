#!/usr/bin/python3
"""sslscan against the outside doors, by address and by each name that the edge
has a certificate of: nothing that is worth more than a note.

sslscan gives no marks. What is a finding here: a version below TLS 1.2; a suite
without forward secrecy or AEAD, or that it calls less than acceptable;
compression, renegotiation that is insecure or begun by the client, Heartbleed;
a group below 128 bits; a certificate that has expired, signed itself, or has a
weak key or signature.
"""
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

from kit import edge
from kit.place import OUTSIDE, Place
from kit.report import Report, check, need
from kit.several import NAMES, several

GOOD_SUITE = re.compile(r"TLS_(AES|CHACHA20)_|"
                        r"ECDHE-(ECDSA|RSA)-(AES\d+-GCM|CHACHA20)-")
LOW = {"EC": 128, "RSA": 2048}  # sslscan tells the strength of a curve


def scan(place, port, sni):
    """What sslscan has to say, as a tree."""
    need("sslscan")
    command = ["sslscan", "--no-colour", "--show-certificate", "--xml=-"]
    if sni:
        command.append("--sni-name=" + sni)
    done = subprocess.run(
        [*command, "%s:%d" % (place.address(OUTSIDE), port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60, check=False)
    text = done.stdout.decode("utf-8", "replace")
    tree = xml.fromstring(text[text.index("<?xml"):]).find("ssltest")
    check(tree is not None, "it found nothing: " + text[-300:])
    return tree


def of_protocols(tree):
    on = {p.get("type") + p.get("version") for p in tree.iter("protocol")
          if p.get("enabled") == "1"}
    if on != {"tls1.2", "tls1.3"}:
        yield "versions %s" % sorted(on)
    for r in tree.iter("renegotiation"):
        if r.get("supported") == "1":
            yield "renegotiation"
    for c in tree.iter("compression"):
        if c.get("supported") == "1":
            yield "compression"
    for h in tree.iter("heartbleed"):
        if h.get("vulnerable") == "1":
            yield "Heartbleed in " + h.get("sslversion")


def of_suites(tree):
    suites = list(tree.iter("cipher"))
    if len({s.get("sslversion") for s in suites}) != 2:
        yield "only %d suites" % len(suites)
    for s in suites:
        if not GOOD_SUITE.match(s.get("cipher")) or \
                s.get("strength") not in ("strong", "acceptable"):
            yield "suite %s (%s)" % (s.get("cipher"), s.get("strength"))
    for g in tree.iter("group"):
        if int(g.get("bits")) < 128:
            yield "group " + g.get("name")


def of_certificate(tree):
    shown = [c for c in tree.iter("certificate")
             if c.get("type") == "short"]
    if not shown:
        yield "no certificate"
    for c in shown:
        key = c.find("pk")
        if key.get("error") == "true" or \
                int(key.get("bits")) < LOW.get(key.get("type"), 1 << 20):
            yield "a key of %s bits" % key.get("bits")
        if not re.search(r"sha(256|384|512)", c.findtext(
                "signature-algorithm", ""), re.I):
            yield "signed by " + c.findtext("signature-algorithm", "?")
        for word in ("self-signed", "expired"):
            if c.findtext(word) != "false":
                yield word


def no_finding(place, port, sni):
    tree = scan(place, port, sni)
    found = [*of_protocols(tree), *of_suites(tree), *of_certificate(tree)]
    check(not found, "; ".join(found))


def names_its_own(place, port, sni):
    """What is shown has the name, for the default is shown otherwise."""
    tree = scan(place, port, sni)
    names = [n for c in tree.iter("certificate")
             for n in re.findall(r"DNS:([^,\s]+)", c.findtext("altnames", ""))]
    check({sni, "*." + sni.partition(".")[2]} & set(names),
          "asked for %s, shown %s" % (sni, names))


def both_kinds_of_key(place):
    """By its own name there are an ECDSA and an RSA certificate."""
    tree = scan(place, 5061, "sip.example.com")
    kinds = {s.get("cipher").split("-")[1] for s in tree.iter("cipher")
             if s.get("cipher").startswith("ECDHE-")}
    check(kinds == {"ECDSA", "RSA"}, "suites of %s" % sorted(kinds))


def title(port, sni):
    return "no finding at port %d%s" % (port, " as " + sni if sni else "")


def main():
    report = Report("sslscan")
    targets = [(port, sni) for port in (5061, edge.USERS_PORT)
               for sni in NAMES]
    names = [title(*t) for t in targets]
    try:
        if not edge.program():
            raise RuntimeError("sip-edge is not built")
        place = Place()
        program = edge.Edge(place, tls=several(place))
    except Exception as why:
        report.all_fail(names, why)
        report.finish()
    for name, target in zip(names, targets):
        report.run(name, no_finding, place, *target)
    for sni in NAMES[1:]:
        report.run("a scanner that asks for %s is shown it" % sni,
                   names_its_own, place, 5061, sni)
    report.run("a key of each kind is shown to who wants it",
               both_kinds_of_key, place)
    report.run("the edge ends cleanly", program.stop)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
