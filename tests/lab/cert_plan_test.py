#!/usr/bin/python3
"""edgectl cert plan: the golden case of config/director.cfg, cell by cell, as
text and as JSON; and edgectl cert trust against unbound, a real DNS server."""

import json
import os
import re
import shutil
import subprocess
import tempfile

from edgelab import (TOP, base_config, block, libconfig, merge, pki,
                     program)

FINE, FINDINGS, NO_LOOK = 0, 1, 2
WIDTH = 100
GOLDEN = os.path.join(TOP, "config", "director.cfg")

# Who needs a name, and what breaks without it.
ACCESS = ("every client and partner outside: it is the name that they connect "
          "to", "nobody outside can sign in, and no partner can call")
FURTHER = ("clients of this domain, and partners that call it: they want a "
           "server of its own name",
           "users of this domain are warned or refused, and its partners "
           "cannot tie the edge to it")
AV = ("clients outside and partners, for audio, video and desktop sharing",
      "calls with the outside connect without sound and picture")
WEBCON = ("clients outside in conferences with slides and whiteboards",
          "they see no slides, polls or whiteboards")
INSIDE = ("directors and home servers: they compare it with their list of "
          "trusted servers", "they refuse the edge: nothing passes at all")
DIRECTOR_WEB = ("web clients outside, before it is known where a user lives",
                "web sign-in and discovery fail for everybody outside")
POOL_WEB = ("web clients outside whose users live in this pool",
            "address book, meetings and mobile clients of this pool fail from "
            "outside")
WEB = ("browsers and mobile clients outside",
       "they warn, or mobile clients find no server")

# The three tables: the edge's two certificates, the reverse proxy's, and the
# one that stands for both of outside.
EDGE = {
    "external-edge": ("sip.example.com", [
        ("1", "sip.example.com", "required", *ACCESS),
        ("2", "sip.example.org", "required", *FURTHER),
        ("3", "sip.example.net", "required", *FURTHER),
        ("4", "av.example.com", "required", *AV),
        ("5", "webcon.example.com", "required", *WEBCON)]),
    "internal-edge": ("edge01.internal.example", [
        ("1", "edge01.internal.example", "required", *INSIDE)]),
}
REVERSE_PROXY = {
    "reverse-proxy": ("webdir.example.com", [
        ("1", "webdir.example.com", "required", *DIRECTOR_WEB),
        ("2", "web01.example.com", "required", *POOL_WEB),
        ("3", "web02.example.com", "required", *POOL_WEB),
        ("4", "meet.example.com", "web", *WEB),
        ("5", "dialin.example.com", "web", *WEB),
        ("6", "lyncdiscover.example.com", "web", *WEB)]),
}
HYBRID = {
    "hybrid": ("sip.example.com", [
        ("1", "sip.example.com", "required", *ACCESS),
        ("2", "sip.example.org", "required", *FURTHER),
        ("3", "sip.example.net", "required", *FURTHER),
        ("4", "av.example.com", "required", *AV),
        ("5", "webcon.example.com", "required", *WEBCON),
        ("6", "webdir.example.com", "web", *DIRECTOR_WEB),
        ("7", "web01.example.com", "web", *POOL_WEB),
        ("8", "web02.example.com", "web", *POOL_WEB),
        ("9", "meet.example.com", "web", *WEB),
        ("10", "dialin.example.com", "web", *WEB),
        ("11", "lyncdiscover.example.com", "web", *WEB)]),
}
FOLDED = {
    "reverse-proxy": ["webdir.example.com", "web01.example.com",
                      "web02.example.com", "*.example.com"],
    "hybrid": ["sip.example.com", "sip.example.org", "sip.example.net",
               "av.example.com", "webcon.example.com", "*.example.com"],
}


def edgectl(*arguments, binary=False):
    """(exit code, standard output, standard error)."""
    path = os.path.join(os.path.dirname(os.path.dirname(program())), "tools",
                        "edgectl")
    done = subprocess.run([path, "cert", *arguments], timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True)
    err = done.stderr.decode()
    assert "Sanitizer" not in err, err
    return done.returncode, done.stdout if binary else done.stdout.decode(), \
        err


def cells(lines):
    """Rows of a table; a cell goes on below itself, column by column."""
    starts = [m.start() for m in re.finditer(
        r"#|subject|kind|who|what", lines[0])]
    starts[0] -= 1
    rows = []
    for line in lines[1:]:
        parts = [line[a:b].strip() for a, b in
                 zip(starts, starts[1:] + [WIDTH])]
        if parts[0]:
            rows.append(parts)
        else:
            rows[-1] = [(old + " " + new).strip()
                        for old, new in zip(rows[-1], parts)]
    return [tuple(r) for r in rows]


def tables(text):
    """{(profile, common name): (labels, rows)} of what was printed."""
    found = {}
    for block_ in text.split("\n\n"):
        lines = block_.rstrip("\n").split("\n")
        if not re.fullmatch(r"[a-z-]+", lines[0]):
            continue
        head = next(i for i, x in enumerate(lines) if x.startswith("   # "))
        end = next((i for i, x in enumerate(lines)
                    if x.startswith("  folded")), len(lines))
        labels = dict(re.split(r"\s{2,}", x.strip(), maxsplit=1)
                      for x in lines[1:head] if re.match(r"  \S", x))
        found[lines[0], labels["common name"]] = (labels,
                                                  cells(lines[head:end]))
    return found


def same(got, expected, what):
    assert len(got) == len(expected), "%s: %d rows: %r" % (what, len(got), got)
    for row, (a, b) in enumerate(zip(got, expected)):
        for column, (x, y) in enumerate(zip(a, b)):
            assert x == y, "%s row %d column %d: %r, not %r" \
                % (what, row + 1, column + 1, x, y)


def golden_tables_cell_by_cell(t):
    code, out, err = edgectl("plan", GOLDEN)
    assert code == FINE, err
    got = tables(out)
    for golden in (EDGE, REVERSE_PROXY, HYBRID):
        for profile, (cn, rows) in golden.items():
            assert (profile, cn) in got, sorted(got)
            same(got[profile, cn][1], rows, profile)
    assert set(got) == {
        ("external-edge", "sip.example.com"),
        ("internal-edge", "edge01.internal.example"),
        ("director", "dir01.internal.example"),
        ("pool", "pool01.internal.example"),
        ("pool", "std01.internal.example"),
        ("pool-vip", "pool01.internal.example"),
        ("reverse-proxy", "webdir.example.com"),
        ("hybrid", "sip.example.com")}, sorted(got)
    for line in out.split("\n"):
        assert len(line) <= WIDTH, line


def golden_tables_are_the_same_in_json(t):
    code, out, err = edgectl("plan", GOLDEN, "--json")
    said = json.loads(out)
    assert code == FINE == said["exit"], err
    by = {(p["profile"], p["common_name"]): p for p in said["plans"]}
    for golden in (EDGE, REVERSE_PROXY, HYBRID):
        for profile, (cn, rows) in golden.items():
            plan = by[profile, cn]
            same([(str(n["position"]), n["name"], n["kind"], n["who"],
                   n["breaks"]) for n in plan["names"]], rows, profile)
            assert plan.get("folded") == FOLDED.get(profile), plan
    cost = by["hybrid", "sip.example.com"]["cost"]
    assert (cost["names"], cost["folded_names"], cost["wildcards"]) == \
        (11, 6, 1) and len(cost["notes"]) == 4, cost
    assert all(p["names"][0]["name"] == p["common_name"]
               for p in said["plans"]), out


def golden_authority_usage_and_key(t):
    plans = json.loads(edgectl("plan", GOLDEN, "--json")[1])["plans"]
    got = {(p["profile"], p["common_name"].split(".")[0]): (
        p["authority"], p["key_usage"], p["shared_key"], p["cn_only_ok"])
        for p in plans}
    server, both = ["serverAuth"], ["serverAuth", "clientAuth"]
    expected = {
        ("external-edge", "sip"): ("public", server, False, False),
        ("internal-edge", "edge01"): ("internal", both, False, True),
        ("director", "dir01"): ("internal", both, False, False),
        ("pool", "pool01"): ("internal", both, True, False),
        ("pool", "std01"): ("internal", both, False, False),
        ("pool-vip", "pool01"): ("internal", server, False, True),
        ("reverse-proxy", "webdir"): ("public", server, False, False),
        ("hybrid", "sip"): ("public", server, False, False),
    }
    assert got == expected, got


def one_profile_alone_or_what_it_lacks(t):
    code, out, _ = edgectl("plan", GOLDEN, "--profile", "registrar", "--json")
    assert code == FINE and [p["common_name"] for p in
                             json.loads(out)["plans"]] == [
        "pool01.internal.example", "std01.internal.example"], out
    for profile, setting in (("hybrid", "services.web_names"),
                             ("pool-vip", "services.pools"),
                             ("reverse-proxy", "services.director_web")):
        code, out, err = edgectl("plan", t.config, "--profile", profile)
        assert code == FINDINGS and setting in err and not out, err + out
    code, out, _ = edgectl("plan", t.config, "--profile", "hybrid", "--json")
    assert code == FINDINGS and json.loads(out) == {"plans": [], "exit": 1}


def wrong_command_lines_are_2(t):
    for args in ([], [GOLDEN, GOLDEN], ["/nowhere"], [GOLDEN, "--profile"],
                 [GOLDEN, "--profile", "edge"], [GOLDEN, "--no-such"]):
        code, out, err = edgectl("plan", *args)
        assert code == NO_LOOK and err and not out, (args, err, out)
    assert "external-edge internal-edge director pool" in \
        edgectl("plan", GOLDEN, "--profile", "edge")[2]


class Bench:
    """A folder with settings, certificates and a DNS server."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="edgelab-certplan-")
        self.block, self.bad = block(), 0
        self.base = base_config(self.block, pki(), self.folder + "/state")
        self.config = self.write(self.base)

    def write(self, config, name="edge.cfg"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(libconfig(config))
        return path

    def say(self, name, why=None):
        self.bad += why is not None
        print("not ok cert_plan: %s: %s" % (name, " ".join(why.split()))
              if why else "ok cert_plan: " + name, flush=True)

    def try_one(self, name, fn):
        try:
            fn(self)
            self.say(name)
        except Exception as e:
            self.say(name, str(e) or type(e).__name__)


TESTS = [
    ("the golden tables, cell by cell", golden_tables_cell_by_cell),
    ("the golden tables are the same in JSON",
     golden_tables_are_the_same_in_json),
    ("authority, key usage and key of each", golden_authority_usage_and_key),
    ("one profile alone, or what the settings lack",
     one_profile_alone_or_what_it_lacks),
    ("wrong command lines end with 2", wrong_command_lines_are_2),
]


def main():
    if not program():
        print("skip cert_plan: sip-edge is not built")
        return 0
    bench = Bench()
    try:
        for name, fn in TESTS:
            bench.try_one(name, fn)
    finally:
        shutil.rmtree(bench.folder, True)
    return 1 if bench.bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
