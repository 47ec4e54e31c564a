#!/usr/bin/python3
"""edgectl cert lint: settings, files, and what servers send; every finding
that needs more than a certificate, and the whole list each time."""

import json
import os
import shutil
import socket
import subprocess
import time

from edgelab import Edge, bench, ctl, merge
from edgelab.authority import Authority, Shown
from edgelab.dns import Dns
from edgelab.pki import openssl

FINE, FINDINGS, NO_LOOK = 0, 1, 2
SYSTEM = "/etc/ssl/certs/ca-certificates.crt"
OUTSIDE = ["sip.example.com", "sip.example.org"]
INSIDE = ["edge01.internal.example"]
BOTH = "serverAuth,clientAuth"


def edgectl(*arguments, env=None):
    return ctl.edgectl("cert", "lint", *arguments,
                       env=dict(os.environ, **env or {}))


def found(out):
    """["E:rule where", ...] in the order of --json."""
    return ["%s:%s %s" % (f["severity"][0].upper(), f["rule"], f["where"])
            for f in json.loads(out)["findings"]]


class Bench(bench.Bench):
    """Settings as they should be."""

    topic = "cert_lint"

    def __init__(self):
        super().__init__()
        self.public = Authority(self.folder, "public", self.block(20))
        self.company = Authority(self.folder, "company", self.block(21))
        self.dns = Dns(self.block(22))
        for name in OUTSIDE:
            self.dns.add(name, "A", self.block(1))
        self.dns.add(INSIDE[0], "A", self.block(2))
        self.wide = self.joined("wide.pem", self.public.root, SYSTEM)
        self.out = self.public.cert("out", OUTSIDE)
        self.inn = self.company.cert("inn", INSIDE, BOTH)
        self.base = merge(self.base, {
            "edge": {"control": self.folder + "/control"},
            "outside": {"dns": [self.dns.at], "tls": {
                "certificate": self.out + ".chain", "key": self.out + ".key",
                "trust": self.wide}, "revocation": self.lists(self.public)},
            "inside": {"dns": [self.dns.at], "tls": {
                "certificate": self.inn + ".chain", "key": self.inn + ".key",
                "trust": self.company.root},
                "revocation": self.lists(self.company)},
        })
        os.makedirs(self.folder + "/state", exist_ok=True)

    @staticmethod
    def lists(authority):
        """Its lists as files, kept apart from what its web server has."""
        names = []
        for by in ("root", "issuing"):
            authority.revoke(by, to=by + ".file")
            names.append(os.path.join(authority.folder, by + ".file"))
        return {"crl": names, "distribution_points": False}

    def joined(self, name, *parts):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            for part in parts:
                with open(part) as f:
                    out.write(f.read() + "\n")
        return path

    def changed(self, over=None):
        """The settings with a change, as a file."""
        return self.write(merge(self.base, over or {}))

    def expect(self, over, *findings, flags=(), env=None):
        """The settings with a change have exactly these findings."""
        code, out, err = edgectl(self.changed(over), "--json", *flags,
                                 env=env)
        assert out, "exit %d: %s" % (code, err)
        assert found(out) == list(findings), "%s %s" % (found(out), out)
        bad = any(f[0] in "WE" for f in findings)
        assert code == (FINDINGS if bad else FINE), code
        return json.loads(out)

    def target(self, what, *findings, args=(), env=None):
        """A file or HOST:PORT has exactly these findings; `where` is left
        out when it is the target."""
        code, out, err = edgectl(what, "--json", *args, env=env)
        assert out and code != NO_LOOK, "exit %d: %s" % (code, err)
        said = [x.removesuffix(" " + what) for x in found(out)]
        assert said == list(findings), "%s %s" % (said, out)
        return json.loads(out)


def settings_as_they_should_be_have_none(t):
    t.expect({})
    code, out, _ = edgectl(t.changed())
    assert code == FINE and "no findings" in out, out
    assert "outside.tls.certificate %s.chain: valid" % t.out in out, out
    assert "order the next by" in out, out


def files_that_cannot_be_read(t):
    gone = t.folder + "/gone"
    # Nobody knows who signed the list of an intermediate that is not there.
    t.expect({"outside": {"tls": {"certificate": gone}}},
             "W:crl-missing outside.revocation",
             "E:file-not-read outside.tls.certificate", flags=["--offline"])
    t.expect({"inside": {"tls": {"key": gone}}},
             "W:key-not-read inside.tls.certificate", flags=["--offline"])
    t.expect({"outside": {"tls": {"trust": gone}}},
             "W:trust-not-read outside.tls.trust",
             "W:crl-missing outside.revocation", flags=["--offline"])


def a_key_that_others_reach_or_of_another_pair(t):
    loose = t.folder + "/loose.key"
    shutil.copy(t.out + ".key", loose)
    os.chmod(loose, 0o644)
    t.expect({"outside": {"tls": {"key": loose}}},
             "E:key-file-open outside.tls.certificate", flags=["--offline"])
    t.expect({"outside": {"tls": {"key": t.inn + ".key"}}},
             "E:key-mismatch outside.tls.certificate", flags=["--offline"])


def each_leg_has_its_own_key(t):
    ca = t.company.folder
    shutil.copy(t.out + ".key", ca + "/same.key")
    shutil.copy(ca + "/inn.ext", ca + "/same.ext")
    openssl("req", "-new", "-key", "same.key", "-subj", "/CN=" + INSIDE[0],
            "-out", "same.csr", cwd=ca)
    openssl("ca", "-batch", "-notext", "-config", t.company.config("issuing"),
            "-in", "same.csr", "-out", "same.pem", "-extfile", "same.ext",
            "-days", "90", cwd=ca)
    t.joined("same.chain", ca + "/same.pem", ca + "/issuing.pem")
    t.expect({"inside": {"tls": {"certificate": t.folder + "/same.chain",
                                 "key": ca + "/same.key"}}},
             "W:key-on-both-legs inside.tls.key", flags=["--offline"])


def who_is_trusted(t):
    t.expect({"outside": {"tls": {"trust": t.public.root}}},
             "N:trust-outside-narrow outside.tls.trust", flags=["--offline"])
    wide = t.joined("wide-inside.pem", t.company.root, SYSTEM)
    t.expect({"inside": {"tls": {"trust": wide}}},
             "W:trust-inside-wide inside.tls.trust", flags=["--offline"])
    both = t.joined("both.pem", t.company.root, t.wide)
    t.expect({"outside": {"tls": {"trust": both}}},
             "W:inside-chain-public inside.tls.certificate",
             flags=["--offline"])


def a_key_log_is_told(t):
    t.expect({"edge": {"key_log": t.folder + "/keys.log"}},
             "W:key-log edge.key_log", flags=["--offline"])


def names_lead_to_the_leg(t):
    t.dns.add("sip.example.com", "A", t.block(9))
    said = t.expect({}, "W:dns-elsewhere outside.fqdn")["findings"][0]["is"]
    assert t.block(9) in said and t.block(1) in said, said
    for name in OUTSIDE:
        del t.dns.zone[name, "A"]
    t.expect({}, "E:dns-no-address outside.fqdn",
             "W:dns-no-address outside.fqdn")
    t.expect({}, flags=["--offline"])
    for name in OUTSIDE:
        t.dns.add(name, "A", t.block(1))


def a_name_that_only_sni_chooses(t):
    com = t.public.cert("com", OUTSIDE[:1])
    org = t.public.cert("org", OUTSIDE[1:])
    t.expect({"outside": {"tls": {
        "certificate": com + ".chain", "key": com + ".key",
        "also": ({"certificate": org + ".chain", "key": org + ".key"},)}}},
        "N:name-by-sni outside.tls.certificate", flags=["--offline"])
    t.expect({"outside": {"tls": {"certificate": com + ".chain",
                                  "key": com + ".key"}}},
             "E:name-missing outside.tls.certificate", flags=["--offline"])


def a_client_certificate_is_judged_as_one(t):
    own = t.company.cert("client", OUTSIDE, "clientAuth")
    tls = {"client_certificate": own + ".chain", "client_key": own + ".key"}
    t.expect({"outside": {"tls": tls}}, flags=["--offline"])
    tls["client_key"] = t.inn + ".key"
    t.expect({"outside": {"tls": tls}},
             "E:key-mismatch outside.tls.client_certificate",
             flags=["--offline"])


def federation_without_client_auth_is_a_note(t):
    t.expect({"federation": {"enabled": True}},
             "N:usage-no-client outside.tls.certificate", flags=["--offline"])


def revocation_off_or_without_a_source(t):
    t.expect({"outside": {"revocation": {"mode": "off"}}},
             "N:revocation-off outside.revocation", flags=["--offline"])
    t.expect({"outside": {"revocation": {"crl": None}}},
             "W:revocation-unchecked outside.revocation", flags=["--offline"])


def a_list_that_is_missing_old_or_names_us(t):
    crl = t.public.folder + "/file.crl"

    def over(mode):
        return {"outside": {"revocation": {
            "mode": mode, "crl": [crl], "distribution_points": False}}}
    t.public.revoke("issuing", to="file.crl")
    t.expect(over("soft"), flags=["--offline"])
    t.public.revoke("issuing", days=-1, to="file.crl")
    t.expect(over("soft"), "W:crl-expired outside.revocation",
             flags=["--offline"])
    t.expect(over("hard"), "E:crl-expired outside.revocation",
             flags=["--offline"])
    os.unlink(crl)
    t.expect(over("soft"), "W:crl-missing outside.revocation",
             flags=["--offline"])
    gone = t.public.cert("gone", OUTSIDE)
    t.public.revoke("issuing", "gone", to="file.crl")
    t.expect(merge(over("soft"), {"outside": {"tls": {
        "certificate": gone + ".chain", "key": gone + ".key"}}}),
        "E:revoked outside.tls.certificate", flags=["--offline"])


def lists_of_the_settings_are_fetched(t):
    points = {"revocation": {"crl": None, "distribution_points": True}}
    over = {"outside": points, "inside": points}
    t.public.web.asked.clear()
    t.expect(over)
    assert sorted(t.public.web.asked) == ["/issuing.crl", "/root.crl"], \
        "each once: %s" % t.public.web.asked
    t.public.revoke("issuing", days=-1)
    t.expect(over, "W:crl-expired outside.revocation")
    os.unlink(t.public.folder + "/issuing.crl")
    t.expect(over, "W:crl-missing outside.revocation")
    bad = t.public.cert("withdrawn", OUTSIDE)
    t.public.revoke("issuing", "withdrawn")
    t.expect(merge(over, {"outside": {"tls": {
        "certificate": bad + ".chain", "key": bad + ".key"}}}),
        "E:revoked outside.tls.certificate")
    dead = "authorityInfoAccess=OCSP;URI:http://%s:1/ocsp\n" % t.block(33)
    mute = t.public.cert("silent", OUTSIDE, extra=dead)
    t.expect(merge(over, {"outside": {"tls": {
        "certificate": mute + ".chain", "key": mute + ".key"}}}),
        "W:ocsp-no-answer outside.revocation")


def a_file_is_judged_by_its_profile(t):
    by = ["--config", t.changed(), "--profile"]
    t.target(t.out + ".chain", args=[*by, "external-edge"])
    t.target(t.out + ".chain", args=["--trust", t.public.root])
    t.target(t.out + ".pem", "E:chain-incomplete",
             args=[*by, "external-edge"])
    t.target(t.inn + ".chain", args=[*by, "internal-edge"])
    home = t.company.cert("home", ["home01.internal.example"], BOTH)
    said = t.target(home + ".chain", "E:key-mismatch",
                    args=[*by, "registrar", "--key", t.inn + ".key"])
    assert said["exit"] == FINDINGS and said["certificates"][0][
        "days_left"] in (89, 90), said


def a_request_is_judged_too(t):
    path = t.folder + "/asked.csr"
    openssl("req", "-new", "-key", t.out + ".key", "-subj",
            "/CN=sip.example.com", "-addext", "subjectAltName=DNS:"
            + ",DNS:".join(OUTSIDE), "-out", path, cwd=t.folder)
    by = ["--config", t.changed(), "--profile"]
    t.target(path, args=[*by, "external-edge"])
    t.target(path, "E:cn-is-not-the-fqdn", "E:name-missing",
             "N:name-superfluous", "N:name-superfluous",
             args=[*by, "internal-edge"])


def members_share_a_key_when_they_must(t):
    one = t.company.cert("one", ["pool.internal.example"], BOTH)
    two = t.company.cert("two", ["pool.internal.example"], BOTH)
    args = ["--profile", "pool", "--trust", t.company.root, "--json"]
    code, out, _ = edgectl(one + ".chain", one + ".pem", "--same-key", *args)
    assert found(out) == ["E:chain-incomplete %s.pem" % one], out
    code, out, _ = edgectl(one + ".chain", two + ".chain", *args)
    assert code == FINE and not found(out), out
    code, out, _ = edgectl(one + ".chain", two + ".chain", "--same-key", *args)
    assert code == FINDINGS and \
        found(out) == ["E:key-differs %s.chain" % two], out
    # Of a pool the plan says so.
    pool = {"services": {"pools": ({"name": "pool.internal.example",
                                    "members": ["home01.internal.example",
                                                "home02.internal.example"]},)}}
    args = ["--profile", "pool", "--config", t.changed(pool), "--json"]
    code, out, _ = edgectl(one + ".chain", two + ".chain", *args)
    assert "E:key-differs %s.chain" % two in found(out), out


def a_running_edge_shows_what_it_has(t):
    path = t.changed()
    edge = Edge(merge(t.base, {}), t.folder)
    at, inn = t.block(1) + ":5061", t.block(2) + ":5061"
    edge.start([(t.block(1), 5061), (t.block(2), 5061)])
    try:
        by, shut = ["--config", path, "--profile"], "N:crl-not-tried"
        t.target(at, shut, args=[*by, "external-edge"])
        t.target(at, shut, args=["--trust", t.public.root, "--name",
                                 OUTSIDE[1]])
        # It asks for a certificate, which this one has not.
        t.target(inn, args=[*by, "internal-edge"])
        t.target(inn, "E:chain-ends-elsewhere",
                 "N:crl-not-tried",
                 args=["--leg", "inside", "--trust", t.public.root])
        new = t.public.cert("new", OUTSIDE)
        for end in (".chain", ".key"):
            shutil.copy(t.out + end, t.folder + "/kept" + end)
            shutil.copy(new + end, t.out + end)
        t.target(at, "W:not-reloaded", shut, args=[*by, "external-edge"])
        edge.reload()
        edge.wait_log("reloaded|settings-loaded|reload")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if not found(edgectl(at, "--json", *by, "external-edge",
                                 "--offline")[1]):
                break
        t.target(at, shut, args=[*by, "external-edge"])
    finally:
        edge.terminate()
        edge.wait()
        for end in (".chain", ".key"):
            if os.path.exists(t.folder + "/kept" + end):
                shutil.copy(t.folder + "/kept" + end, t.out + end)
    assert not edge.sick(), edge.sick()


def a_server_that_sends_half_a_chain(t):
    server = Shown(t.block(30), t.out + ".pem", t.out + ".key")
    t.target(server.at, "E:chain-incomplete",
             args=["--trust", t.public.root, "--offline"])


def lists_and_responders_of_a_server_are_asked(t):
    ocsp = "authorityInfoAccess=OCSP;URI:%s/ocsp\n" % t.public.at
    asked = t.public.cert("asked", OUTSIDE, extra=ocsp)
    server = Shown(t.block(31), asked + ".chain", asked + ".key")
    args = ["--trust", t.public.root, "--config", t.changed(), "--leg",
            "inside"]
    proxy, asked = "http://%s:1" % t.block(33), t.public.web.asked
    asked.clear()
    # What the environment says of proxies does not count.
    t.target(server.at, args=args, env={
        "http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": ""})
    assert asked == ["/issuing.crl", "/ocsp"], asked
    t.public.revoke("issuing", "asked")
    t.target(server.at, "E:revoked", "E:revoked", args=args)
    t.public.revoke("issuing", days=-1)
    t.target(server.at, "E:crl-expired", "E:revoked", "E:revoked", args=args)
    os.unlink(t.public.folder + "/issuing.crl")
    t.target(server.at, "W:crl-missing", "E:revoked", args=args)
    t.target(server.at, args=[*args, "--offline"])
    t.public.revoke("issuing")


def nobody_is_asked_for_strangers_on_private_addresses(t):
    ocsp = "authorityInfoAccess=OCSP;URI:%s/ocsp\n" % t.public.at
    named = t.public.cert("closed", OUTSIDE, extra=ocsp)
    server = Shown(t.block(38), named + ".chain", named + ".key")
    t.public.web.asked.clear()
    for args in ([], ["--config", t.changed()], ["--leg", "inside"]):
        said = t.target(server.at, "N:crl-not-tried", "N:crl-not-tried",
                        args=["--trust", t.public.root, *args])
        assert "inside" in said["findings"][0]["is"], said
    # An authority that is not trusted sends nobody anywhere.
    args = ["--trust", t.company.root, "--config", t.changed(), "--leg"]
    said = t.target(server.at, "E:chain-ends-elsewhere", "N:crl-not-tried",
                    args=[*args, "inside"])
    assert "chain is not good" in said["findings"][1]["is"], said
    assert t.public.web.asked == [], t.public.web.asked


def a_private_address_that_the_settings_allow_is_asked(t):
    name, at = "crl.partner.example", t.public.at
    t.public.at = at.replace(t.block(20), name)
    try:
        named = t.public.cert("named-by-name", OUTSIDE)
    finally:
        t.public.at = at
    server = Shown(t.block(39), named + ".chain", named + ".key")
    known = {"hosts": ({"name": name, "address": [t.block(20)]},)}
    t.public.web.asked.clear()
    args = ["--trust", t.public.root, "--config"]
    t.target(server.at, "N:crl-not-tried", args=[*args, t.changed(known)])
    known["federation"] = {"private_ok": ["127.0.0.0/8"]}
    t.target(server.at, args=[*args, t.changed(known)])
    assert t.public.web.asked == ["/issuing.crl"], t.public.web.asked


def a_root_that_signs_by_itself_is_not_sent(t):
    ca = t.public
    ca.sign("direct", "/CN=" + OUTSIDE[0], "subjectAltName=DNS:%s,DNS:%s\n"
            "extendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n"
            "crlDistributionPoints=URI:%s/root.crl\n" % (*OUTSIDE, ca.at),
            "root")
    path = ca.folder + "/direct"
    server = Shown(t.block(37), path + ".pem", path + ".key")
    args = ["--trust", ca.root, "--config", t.changed(), "--leg", "inside"]
    t.target(server.at, "N:lifetime-too-long", args=args)
    ca.revoke("root", "direct")
    t.target(server.at, "N:lifetime-too-long", "E:revoked", args=args)
    ca.revoke("issuing", to="root.crl")
    said = t.target(server.at, "N:lifetime-too-long", "W:crl-missing",
                    args=args)
    assert "not signed by" in said["findings"][1]["is"], said
    ca.revoke("root")


def points_and_responders_that_do_not_answer(t):
    dead = "authorityInfoAccess=OCSP;URI:http://%s:1/ocsp\n" % t.block(33)
    mute = t.public.cert("mute", OUTSIDE, extra=dead)
    server = Shown(t.block(34), mute + ".chain", mute + ".key")
    t.target(server.at, "W:ocsp-no-answer", args=[
        "--trust", t.public.root, "--config", t.changed(), "--leg", "inside"])
    at, t.public.at = t.public.at, "ldap://%s" % t.block(33)
    try:
        ldap = t.public.cert("ldap", OUTSIDE)
    finally:
        t.public.at = at
    server = Shown(t.block(35), ldap + ".chain", ldap + ".key")
    t.target(server.at, "N:crl-not-tried", args=["--trust", t.public.root])


def staples_are_read(t):
    must = t.public.cert("must", OUTSIDE, extra="tlsfeature=status_request\n")
    answer = t.folder + "/staple.der"
    host, port = t.block(36), 5061

    def sent(flags, *findings):
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", "%s:%d" % (host, port), "-key",
             must + ".key", "-cert", must + ".pem", "-cert_chain",
             t.public.folder + "/issuing.pem", "-quiet", *flags],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with socket.socket() as s:
                    if s.connect_ex((host, port)) == 0:
                        break
                time.sleep(0.05)
            t.target("%s:%d" % (host, port), *findings,
                     args=["--trust", t.public.root, "--offline"])
        finally:
            server.kill()
            server.wait()
    sent([], "W:must-staple")
    with open(answer, "wb") as f:
        f.write(t.public.answer(name="must"))
    sent(["-status_file", answer])
    with open(answer, "wb") as f:
        f.write(t.public.answer(name="out"))
    sent(["-status_file", answer], "E:staple-bad")
    t.public.revoke("issuing", "must")
    with open(answer, "wb") as f:
        f.write(t.public.answer(name="must"))
    sent(["-status_file", answer], "E:revoked")


def a_staple_needs_a_responder_or_a_file(t):
    demand = "tlsfeature=status_request\n"
    alone = t.public.cert("alone", OUTSIDE, extra=demand)
    named = t.public.cert("named", OUTSIDE, extra=demand + "authorityInfo"
                          "Access=OCSP;URI:%s/ocsp\n" % t.public.at)

    def over(path, ocsp):
        return {"outside": {"tls": {"certificate": path + ".chain", "key":
                                    path + ".key", "ocsp": ocsp}}}
    found = "W:must-staple outside.tls.certificate"
    t.expect(over(alone, "auto"), found, flags=["--offline"])
    t.expect(over(named, "auto"), flags=["--offline"])
    t.expect(over(named, "off"), found, flags=["--offline"])
    t.expect(over(alone, t.folder + "/answer"), flags=["--offline"])


def names_of_a_certificate_are_escaped(t):
    bad = t.company.cert("bad", ["home02.internal.example", "a\x1b[2Jb"], BOTH)
    args = ["--profile", "pool", "--trust", t.company.root]
    said = t.target(bad + ".chain", "E:name-unusable", args=args)
    assert said["findings"][0]["is"] == "DNS:a\\x1b[2Jb", said
    out = edgectl(bad + ".chain", *args)[1]
    assert "\x1b" not in out and "a\\x1b[2Jb" in out, out


def names_of_files_are_escaped(t):
    path = os.path.join(t.folder, os.fsdecode(b"\xff.pem"))
    shutil.copy(t.out + ".chain", path)
    code, out, _ = edgectl(path, "--profile", "internal-edge", "--config",
                           t.changed(), "--json")
    said = json.loads(out)
    where = t.folder + "/\\xff.pem"
    assert code == FINDINGS and said["findings"], said
    assert {f["where"] for f in said["findings"]} == {where}, said
    assert said["certificates"][0]["where"] == where, said


def one_certificate_for_edge_and_reverse_proxy(t):
    over = {"services": {"av": "av.example.com",
                         "director_web": "webdir.example.com",
                         "web_names": ["meet.example.com"]}}
    names = [*OUTSIDE, "av.example.com", "*.example.com"]
    one = t.public.cert("hybrid", names)
    tls = {"outside": {"tls": {"certificate": one + ".chain",
                               "key": one + ".key"}}}
    t.expect(merge(over, tls), "N:san-wildcard outside.tls.certificate",
             flags=["--offline", "--profile", "hybrid"])
    t.expect(merge(over, tls), "E:san-wildcard outside.tls.certificate",
             flags=["--offline", "--profile", "external-edge"])


def what_cannot_be_looked_at_is_2(t):
    garbage = t.folder + "/garbage"
    with open(garbage, "w") as f:
        f.write("-----BEGIN CERTIFICATE-----\nno\n")
    path = t.changed()
    for args in ([], ["/nowhere"], [garbage], [t.block(33) + ":1"],
                 ["no-such-host.invalid:5061"], ["--nonsense"],
                 [path, "--config", path], [path, path],
                 [path, "--profile", "director"],
                 [path, "--profile", "nonsense"],
                 [t.out + ".chain", "--profile", "nonsense"],
                 [t.out + ".chain", "--profile", "pool", "--config", path,
                  "--pool", "nobody.internal.example"],
                 [t.out + ".chain", "--leg", "sideways"]):
        code, out, err = edgectl(*args)
        assert code == NO_LOOK and err, "%s: exit %d: %s" % (args, code, out)


TESTS = [
    ("settings as they should be have no finding",
     settings_as_they_should_be_have_none),
    ("files that cannot be read", files_that_cannot_be_read),
    ("a key that others reach, or of another pair",
     a_key_that_others_reach_or_of_another_pair),
    ("each leg has its own key", each_leg_has_its_own_key),
    ("who is trusted, outside and inside", who_is_trusted),
    ("a key log is told", a_key_log_is_told),
    ("names lead to the leg", names_lead_to_the_leg),
    ("a name that only SNI chooses", a_name_that_only_sni_chooses),
    ("a client certificate is judged as one",
     a_client_certificate_is_judged_as_one),
    ("federation without clientAuth is a note",
     federation_without_client_auth_is_a_note),
    ("revocation off, or without a source",
     revocation_off_or_without_a_source),
    ("a list that is missing, old, or names us",
     a_list_that_is_missing_old_or_names_us),
    ("lists of the settings are fetched", lists_of_the_settings_are_fetched),
    ("a file is judged by its profile", a_file_is_judged_by_its_profile),
    ("a request is judged too", a_request_is_judged_too),
    ("members share a key when they must",
     members_share_a_key_when_they_must),
    ("a running edge shows what it has", a_running_edge_shows_what_it_has),
    ("a server that sends half a chain", a_server_that_sends_half_a_chain),
    ("lists and responders of a server are asked",
     lists_and_responders_of_a_server_are_asked),
    ("a root that signs by itself is not sent",
     a_root_that_signs_by_itself_is_not_sent),
    ("points and responders that do not answer",
     points_and_responders_that_do_not_answer),
    ("staples are read", staples_are_read),
    ("nobody is asked for strangers on private addresses",
     nobody_is_asked_for_strangers_on_private_addresses),
    ("a private address that the settings allow is asked",
     a_private_address_that_the_settings_allow_is_asked),
    ("a staple needs a responder or a file",
     a_staple_needs_a_responder_or_a_file),
    ("names of a certificate are escaped",
     names_of_a_certificate_are_escaped),
    ("names of files are escaped", names_of_files_are_escaped),
    ("one certificate for edge and reverse proxy",
     one_certificate_for_edge_and_reverse_proxy),
    ("what cannot be looked at is 2", what_cannot_be_looked_at_is_2),
]


def main():
    if not os.path.exists(SYSTEM):
        print("skip cert_lint: there is no %s" % SYSTEM)
        return 0
    return bench.run(Bench, TESTS)


if __name__ == "__main__":
    raise SystemExit(main())
