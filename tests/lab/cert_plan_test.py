#!/usr/bin/python3
"""edgectl cert plan: the golden case of config/director.cfg, cell by cell, as
text and as JSON; and edgectl cert trust against unbound, a real DNS server."""

import functools
import json
import os
import re
import shutil
import socket
import subprocess

from edgelab import TOP, Skip, bench, ctl, merge, pki, until
from edgelab.pki import make

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


edgectl = functools.partial(ctl.edgectl, "cert")


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


STUBS = os.path.join(TOP, "tests", "lab", "golden")


def stub(kind, profile, config=GOLDEN):
    code, out, err = edgectl("plan", config, "--profile", profile, "--stub",
                             kind)
    assert code == FINE and not err, "%d: %s" % (code, err)
    return out


def a_stub_for_the_reverse_proxy(t):
    for kind, profile, other in (("nginx", "reverse-proxy", "hybrid"),
                                 ("haproxy", "hybrid", "reverse-proxy")):
        with open(os.path.join(STUBS, "%s.%s" % (profile, kind))) as f:
            golden = f.read()
        assert stub(kind, profile) == golden, stub(kind, profile)
        # The other profile: the same names behind the other certificate.
        assert stub(kind, other) == golden.replace(
            "tls/" + profile, "tls/" + other), stub(kind, other)
        _, out, _ = edgectl("plan", GOLDEN, "--profile", profile, "--stub",
                            kind, "--json")
        assert json.loads(out) == {"profile": profile, "stub": kind,
                                   "text": golden, "exit": FINE}, out


def a_stub_without_a_director_goes_to_the_first_pool(t):
    config = t.write(merge(t.base, {"services": {
        "web_names": ["meet.example.com"],
        "pools": ({"name": "pool07.internal.example",
                   "web": "web07.example.com"},)},
        "routing": {"directors": []}}), "pool.cfg")
    inside = re.findall(r"\bserver_name (\S+);|proxy_pass (\S+);",
                        stub("nginx", "reverse-proxy", config))
    at = "https://pool07.internal.example:4443"
    assert inside == [("web07.example.com", ""), ("", at),
                      ("meet.example.com", ""), ("", at)], inside


def no_stub_is_told(t):
    code, out, err = edgectl("plan", t.config, "--profile", "hybrid",
                             "--stub", "nginx")
    assert code == FINDINGS and "services.web_names" in err and not out, err
    for args in (["--stub", "nginx"], ["--profile", "director", "--stub",
                                       "nginx"],
                 ["--profile", "hybrid", "--stub", "apache"]):
        code, out, err = edgectl("plan", GOLDEN, *args)
        assert code == NO_LOOK and "--stub" in err and not out, (args, err)


def fill_in(t, kind, port):
    """What the comments of a stub ask for; inside is nowhere."""
    chain, key = pki().cert("plan-ours")
    with open(chain) as c, open(key) as k, \
            open(os.path.join(t.folder, "both.pem"), "w") as f:
        f.write(c.read() + k.read())
    text = re.sub(r"proxy_pass https://[^:]+", "proxy_pass https://127.0.0.1",
                  stub(kind, "reverse-proxy"))
    for old, new in ((r"/etc/\w+/tls/internal-ca.crt", chain),
                     (r"/etc/\w+/tls/[a-z-]+\.chain", chain),
                     (r"/etc/\w+/tls/[a-z-]+\.key", key),
                     (r"/etc/\w+/tls/[a-z-]+\.pem", t.folder + "/both.pem"),
                     (r"(?m)^(\tlisten |\tbind ):?443",
                      r"\g<1>127.0.0.1:%d" % port)):
        text = re.sub(old, new, text)
    return text


NGINX_CONF = """pid %(folder)s/nginx.pid;
error_log stderr;
events { }
http {
access_log off;
client_body_temp_path %(folder)s/body;
proxy_temp_path %(folder)s/proxy;
fastcgi_temp_path %(folder)s/fastcgi;
uwsgi_temp_path %(folder)s/uwsgi;
scgi_temp_path %(folder)s/scgi;
%(stub)s}
"""


def a_proxy_takes_the_stub(t, kind, *options):
    path = shutil.which(kind, path=os.environ["PATH"] + ":/usr/sbin")
    if not path:
        raise Skip(kind + " is not installed")
    text = fill_in(t, kind, 8443)
    if kind == "nginx":
        text = NGINX_CONF % {"folder": t.folder, "stub": text}
    config = os.path.join(t.folder, kind + ".conf")
    with open(config, "w") as f:
        f.write(text)
    done = subprocess.run([path, *options, config], timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0 and "[emerg]" not in said, said


def nginx_takes_its_stub(t):
    a_proxy_takes_the_stub(t, "nginx", "-t", "-c")


def haproxy_takes_its_stub(t):
    a_proxy_takes_the_stub(t, "haproxy", "-c", "-f")


UNBOUND = shutil.which("unbound", path="/usr/sbin:/usr/bin")
UNBOUND_CONF = """server:
  interface: %s@5353
  chroot: ""
  username: ""
  pidfile: ""
  directory: "%s"
  use-syslog: no
  do-daemonize: no
  access-control: 127.0.0.0/8 allow
  num-threads: 1
  do-ip6: no
  module-config: "iterator"
%s
%s
remote-control:
  control-enable: no
"""


class Zone:
    """unbound, which serves these records of our domains and no other."""

    def __init__(self, t, *records):
        if not UNBOUND:
            raise Skip("unbound is not installed")
        self.at = t.block(60)
        path = os.path.join(t.folder, "unbound.conf")
        with open(path, "w") as f:
            f.write(UNBOUND_CONF % (
                self.at, t.folder,
                "\n".join("  local-zone: \"%s\" static" % d for d in
                          ("example.com.", "example.org.", "hoster.test.")),
                "\n".join("  local-data: '%s'" % r for r in records)))
        self.process = subprocess.Popen([UNBOUND, "-d", "-c", path],
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def __enter__(self):
        until("unbound is up", self.up)
        return self

    def up(self):
        try:
            socket.create_connection((self.at, 5353), 1).close()
            return True
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


ADDRESSES = ["sip.example.com A 192.0.2.10", "sip.example.org A 192.0.2.10"]
GOOD = ADDRESSES + ["_sip._tls.example.com SRV 0 0 443 sip.example.com",
                    "_sip._tls.example.org SRV 0 0 443 SIP.Example.org"]
LYNC = "Software\\Policies\\Microsoft\\Office\\%s\\Lync"


def trusting(t, records, *options, config=None, code=None):
    """(said, steps) of cert trust --json; said is all of it, steps are
    [(section, ok, step, text)]."""
    with Zone(t, *records):
        got, out, err = edgectl("trust", config or t.config, "--json",
                                *options)
    assert out, err
    said = json.loads(out)
    assert code is None or got == code == said["exit"], "%d: %s" % (got, out)
    return said, [(section, s["ok"], s["step"], s["text"])
                  for section, steps in said.items() if section != "exit"
                  for s in steps if "ok" in s]


def failed(steps):
    return [(section, step, text) for section, ok, step, text in steps
            if not ok]


def names_that_fit_need_no_trust(t):
    said, steps = trusting(t, GOOD, code=FINE)
    assert not failed(steps), steps
    assert ("example.org", True, "name", "_sip._tls.example.org: "
            "sip.example.org lies in example.org, and our certificate names "
            "it") in steps, steps
    assert [x["name"] for x in said["pre_trust"]] == ["nothing"], said
    with Zone(t, *GOOD):
        code, out, err = edgectl("trust", t.config, "--reg")
    assert code == FINE and not out and "nothing to pre-trust" in err, err


OUTSIDE = ADDRESSES + [
    "_sip._tls.example.com SRV 0 0 443 sip.example.com",
    "_sip._tls.example.org SRV 0 0 443 sip.example.com",
    "_sips._tcp.example.org SRV 5 0 5061 sip.example.com"]


def a_target_outside_of_the_domain_is_to_be_pre_trusted(t):
    said, steps = trusting(t, OUTSIDE, code=FINDINGS)
    bad = failed(steps)
    assert [(s, n) for s, n, _ in bad] == [("example.org", "name")] * 2, bad
    assert bad[0][2].startswith(
        "_sip._tls.example.org: sip.example.com lies outside of example.org, "
        "so strict clients warn"), bad
    rows = [(x["name"], x["text"]) for x in said["pre_trust"]]
    assert rows[0] == ("sip.example.com", "for users of example.org"), rows
    assert rows[1] == ("TrustModelData", "sip.example.com"), rows
    assert "lync.com" in dict(rows)["replaces"], rows


TWO = ["a.hoster.test A 192.0.2.10", "b.hoster.test A 192.0.2.10",
       "_sip._tls.example.com SRV 10 0 443 b.hoster.test",
       "_sip._tls.example.com SRV 0 0 443 a.hoster.test",
       "_sip._tls.example.org SRV 0 0 443 a.hoster.test"]


def the_value_in_every_form(t):
    value = "a.hoster.test, b.hoster.test"
    said, _ = trusting(t, TWO, code=FINDINGS)
    rows = [(x["name"], x["text"]) for x in said["pre_trust"]][:3]
    assert rows == [("a.hoster.test", "for users of example.com, "
                                      "example.org"),
                    ("b.hoster.test", "for users of example.com"),
                    ("TrustModelData", value)], rows
    for version in ("15.0", "16.0"):
        policy = {x["name"]: x["text"] for x in said["policy_" + version]}
        assert policy == {"class": "User (HKEY_CURRENT_USER)",
                          "key": LYNC % version, "value": "TrustModelData",
                          "type": "REG_SZ", "data": value}, policy
    with Zone(t, *TWO):
        code, out, _ = edgectl("trust", t.config, "--reg", text=False)
        _, text, _ = edgectl("trust", t.config)
        _, policy, _ = edgectl("trust", t.config, "--policy")
    assert code == FINDINGS and out.startswith(b"\xff\xfe"), out[:40]
    lines = out[2:].decode("utf-16-le").split("\r\n")
    assert lines == [
        "Windows Registry Editor Version 5.00", "",
        "[HKEY_CURRENT_USER\\%s]" % (LYNC % "15.0"),
        '"TrustModelData"="%s"' % value, "",
        "[HKEY_CURRENT_USER\\%s]" % (LYNC % "16.0"),
        '"TrustModelData"="%s"' % value, "", ""], lines
    assert "TrustModelData         " + value in text, text
    assert "REG_SZ" not in text and policy.count("REG_SZ") == 2, policy
    assert "data                   " + value in policy, policy


def a_name_that_the_certificate_lacks_is_told(t):
    said, steps = trusting(t, GOOD[:3] + [
        "_sip._tls.example.org SRV 0 0 443 access.example.org",
        "access.example.org A 192.0.2.10"], code=FINDINGS)
    assert failed(steps) == [(
        "example.org", "certificate", "_sip._tls.example.org: our certificate "
        "does not name access.example.org, so every client refuses it")], steps
    assert said["pre_trust"][0]["name"] == "nothing", said


def a_second_certificate_may_name_it(t):
    chain, key = pki().cert("plan-access")
    also = t.write(merge(t.base, {"outside": {"tls": {"also": (
        {"certificate": chain, "key": key},)}}}), "also.cfg")
    _, steps = trusting(t, GOOD[:3] + [
        "_sip._tls.example.org SRV 0 0 443 access.example.org",
        "access.example.org A 192.0.2.10"], config=also, code=FINE)
    assert not failed(steps), steps


def without_srv_the_usual_names_are_tried(t):
    _, steps = trusting(t, GOOD[:3] + [
        "sipexternal.example.org A 192.0.2.10"], code=FINDINGS)
    assert ("example.org", True, "name", "no SRV record: sip.example.org lies "
            "in example.org, and our certificate names it") in steps, steps
    assert [x[:2] for x in failed(steps)] == [
        ("example.org", "certificate")], steps
    _, steps = trusting(t, [GOOD[0], GOOD[2],
                            "_sip._tls.example.org SRV 0 0 0 ."],
                        code=FINDINGS)
    assert failed(steps) == [(
        "example.org", "srv", "clients of example.org find no server: write "
        "_sip._tls.example.org SRV 0 0 4443 sip.example.org")], steps


def a_server_without_an_address_is_told(t):
    _, steps = trusting(t, GOOD[1:], code=FINDINGS)
    assert [x[:2] for x in failed(steps)] == [
        ("example.com", "address")], steps


def partners_are_judged_when_there_are_any(t):
    config = t.write(merge(t.base, {"federation": {"enabled": True}}),
                     "fed.cfg")
    _, steps = trusting(t, GOOD + [
        "_sipfederationtls._tcp.example.com SRV 0 0 5061 sip.example.com"],
        config=config, code=FINDINGS)
    assert [x[:2] for x in failed(steps)] == [
        ("example.org", "partners")], steps
    assert "there is no _sipfederationtls._tcp.example.org" in \
        failed(steps)[0][2], steps
    # Of another domain, and our certificate does not name example.org itself.
    _, steps = trusting(t, GOOD + [
        "_sipfederationtls._tcp.example.com SRV 0 0 5061 sip.example.com",
        "_sipfederationtls._tcp.example.org SRV 0 0 5061 sip.example.com"],
        config=config, code=FINDINGS)
    assert [x[:2] for x in failed(steps)] == [
        ("example.org", "partners")], steps
    assert "partners cannot tie it" in failed(steps)[0][2], steps


def names_that_no_host_has_are_not_passed_on(t):
    said, steps = trusting(t, GOOD[:3] + [
        '_sip._tls.example.org SRV 0 0 443 a\\034\\010b.hoster.test'],
        code=NO_LOOK)
    assert said["pre_trust"][0]["name"] == "nothing", said
    assert [x[:2] for x in failed(steps)] == [("example.org", "srv")], steps


def without_dns_the_settings_are_judged(t):
    code, out, err = edgectl("trust", t.config, "--offline", "--json")
    assert code == FINE, out + err
    assert "by the settings: sip.example.org lies in example.org" in out, out
    chain, key = pki().cert("plan-access")
    lacking = t.write(merge(t.base, {
        "outside": {"fqdn": "access.example.org",
                    "tls": {"certificate": chain, "key": key}}}), "l.cfg")
    code, out, _ = edgectl("trust", lacking, "--offline", "--json")
    rows = [(x["name"], x["text"]) for x in json.loads(out)["pre_trust"]]
    assert code == FINDINGS and rows[0] == (
        "access.example.org", "for users of example.com"), out


def what_cannot_be_looked_at_is_2(t):
    code, out, _ = edgectl("trust", t.config, "--json")  # nobody serves DNS
    assert code == NO_LOOK and "srv" in out, out
    gone = t.write(merge(t.base, {"outside": {"tls": {
        "certificate": "/nowhere/a.pem"}}}), "gone.cfg")
    code, out, _ = edgectl("trust", gone, "--offline")
    assert code == NO_LOOK and "/nowhere/a.pem: no certificate" in out, out
    for args in ([], ["/nowhere"], [t.config, t.config], [t.config, "--x"],
                 [t.config, "--reg", "--json"]):
        code, out, err = edgectl("trust", *args)
        assert code == NO_LOOK and err and not out, (args, err, out)


SPECS = ["plan-ours/external/sip.example.com/DNS:sip.example.com,"
         "DNS:sip.example.org/serverAuth",
         "plan-access/external/access.example.org/DNS:access.example.org"
         "/serverAuth"]


class Bench(bench.Bench):
    """Settings with a certificate of their names and a DNS server."""

    topic = "cert_plan"

    def __init__(self):
        super().__init__()
        make(self.pki.dir, *SPECS)
        ours, key = self.pki.cert("plan-ours")
        self.base = merge(self.base, {"outside": {
            "dns": [self.block(60) + "@5353"],
            "tls": {"certificate": ours, "key": key}}})
        self.config = self.write(self.base)


TESTS = [
    ("the golden tables, cell by cell", golden_tables_cell_by_cell),
    ("the golden tables are the same in JSON",
     golden_tables_are_the_same_in_json),
    ("authority, key usage and key of each", golden_authority_usage_and_key),
    ("one profile alone, or what the settings lack",
     one_profile_alone_or_what_it_lacks),
    ("wrong command lines end with 2", wrong_command_lines_are_2),
    ("a stub for the reverse proxy", a_stub_for_the_reverse_proxy),
    ("a stub without a director goes to the first pool",
     a_stub_without_a_director_goes_to_the_first_pool),
    ("no stub is told", no_stub_is_told),
    ("nginx takes its stub", nginx_takes_its_stub),
    ("haproxy takes its stub", haproxy_takes_its_stub),
    ("names that fit need no trust", names_that_fit_need_no_trust),
    ("a target outside of the domain is to be pre-trusted",
     a_target_outside_of_the_domain_is_to_be_pre_trusted),
    ("the value as text, policy and .reg file", the_value_in_every_form),
    ("a name that the certificate lacks is told",
     a_name_that_the_certificate_lacks_is_told),
    ("a second certificate may name it", a_second_certificate_may_name_it),
    ("without SRV the usual names are tried",
     without_srv_the_usual_names_are_tried),
    ("a server without an address is told",
     a_server_without_an_address_is_told),
    ("partners are judged when there are any",
     partners_are_judged_when_there_are_any),
    ("names that no host has are not passed on",
     names_that_no_host_has_are_not_passed_on),
    ("without DNS the settings are judged",
     without_dns_the_settings_are_judged),
    ("what cannot be looked at is 2", what_cannot_be_looked_at_is_2),
]


if __name__ == "__main__":
    raise SystemExit(bench.run(Bench, TESTS))
