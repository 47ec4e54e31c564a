#!/usr/bin/python3
"""edgectl: explain, the control socket, and `partner test` against edges of
other domains that make every usual mistake."""

import copy
import json
import os
import socket
import ssl
import stat
import subprocess
import tempfile
import threading

from edgelab import Edge, bench, merge, pki, program, until
from edgelab.ctl import edgectl as run
from edgelab.dns import Dns
from edgelab.pki import openssl

FINE, FINDINGS, NO_LOOK = 0, 1, 2
EDGES = "_sipfederationtls._tcp.fed.example", "SRV"


def mint(folder, name, sans, extra="", days=None, use="serverAuth"):
    """NAME.pem, NAME.chain and NAME.key, signed by the lab's issuing CA."""
    issuer = os.path.join(pki().dir, "external-issuing")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            name + ".key", cwd=folder)
    openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name,
            "-out", name + ".csr", cwd=folder)
    with open(os.path.join(folder, name + ".ext"), "w") as f:
        f.write("subjectAltName=%s\nextendedKeyUsage=%s\n%s\n"
                % (",".join("DNS:" + s for s in sans), use, extra))
    with open(os.path.join(folder, "ca.cnf"), "w") as f:
        f.write("[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=.\ndatabase=index\n"
                "serial=serial\ndefault_md=sha256\npolicy=p\n[p]\n"
                "commonName=supplied\n")
    open(os.path.join(folder, "index"), "w").close()
    with open(os.path.join(folder, "serial"), "w") as f:
        f.write("%016X\n" % int.from_bytes(os.urandom(7), "big"))
    start, end = days or ("20200101000000Z", "20491231000000Z")
    openssl("ca", "-batch", "-config", "ca.cnf", "-cert", issuer + ".pem",
            "-keyfile", issuer + ".key", "-in", name + ".csr", "-out",
            name + ".pem", "-extfile", name + ".ext", "-startdate", start,
            "-enddate", end, "-notext", cwd=folder)
    with open(os.path.join(folder, name + ".chain"), "w") as out:
        for part in (os.path.join(folder, name + ".pem"), issuer + ".pem"):
            with open(part) as f:
                out.write(f.read())
    return os.path.join(folder, name)


class Peer:
    """A partner's edge: one certificate, one trust, one answer."""

    def __init__(self, host, cert, answer="200 OK", trust=None, chain=True,
                 ask=True, tls=True):
        self.answer, self.seen, self.tls = answer, [], tls
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert + (".chain" if chain else ".pem"),
                                     cert + ".key")
        if ask:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(trust or pki().ca("outside"))
        self.sock = socket.socket()
        self.sock.bind((host, 0))
        self.sock.listen(8)
        self.host, self.port = self.sock.getsockname()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(conn,),
                             daemon=True).start()

    def talk(self, conn):
        try:
            conn.settimeout(15)
            if not self.tls:
                conn.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
                return
            with self.context.wrap_socket(conn, server_side=True) as s:
                text = b""
                while b"\r\n\r\n" not in text:
                    part = s.recv(4096)
                    if not part:
                        return
                    text += part
                self.seen.append(text.decode())
                if self.answer:
                    s.sendall(self.respond(text.decode()))
                s.recv(1)
        except (OSError, ssl.SSLError):
            conn.close()

    def respond(self, text):
        keep = [x for x in text.split("\r\n")
                if x.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        return ("SIP/2.0 %s\r\n%s\r\nContent-Length: 0\r\n\r\n"
                % (self.answer, "\r\n".join(keep))).encode()


class Bench(bench.Bench):
    """Configuration, DNS, certificates."""

    topic = "edgectl"

    def __init__(self):
        super().__init__()
        self.dns = Dns(self.block(1))
        self.control = self.folder + "/control"
        # OpenSSL, which plays the partners, wants clientAuth of us.
        ours = mint(self.folder, "ours", ["sip.example.com"],
                    use="serverAuth,clientAuth")
        self.base = merge(
            self.base,
            {"edge": {"control": self.control},
             "outside": {"dns": [self.dns.at],
                         "tls": {"certificate": ours + ".chain",
                                 "key": ours + ".key"}},
             "federation": {
                 "enabled": True, "private_ok": ["127.0.0.0/8"],
                 "partners": ({"domain": "fed.example", "kind": "allowed"},
                              {"domain": "direct.example", "kind": "direct",
                               "proxy": "edge.elsewhere.example:5999"}),
                 "blocked": ["bad.example"]}})
        self.good = mint(self.folder, "good", ["sip.fed.example"])
        self.config = self.write(self.base)

    def file(self, text, name="m.sip"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(text.replace("\n", "\r\n").encode())
        return path

    def serve(self, peer, host="sip.fed.example", domain="fed.example"):
        """What DNS says of a domain: its one edge is this peer."""
        self.dns.edge(domain, host, peer.host, peer.port)
        return peer

    def partner(self, domain="fed.example", config=None, code=None):
        """Steps of a partner test: {step: (ok, text)}; the last of a name."""
        got, out, err = run("partner", "test", config or self.config, domain,
                            "--json")
        assert out, "exit %d: %s" % (got, err)
        said = json.loads(out)
        if code is not None:
            assert got == code == said["exit"], "exit %d: %s" % (got, out)
        return {s["step"]: (s["ok"], s["text"]) for s in said["steps"]}

    def fails(self, step, *words, domain="fed.example", config=None):
        """The test fails at this step, with these words."""
        steps = self.partner(domain, config, FINDINGS)
        assert step in steps and not steps[step][0], steps
        for word in words:
            assert word in steps[step][1], "no %r in %r" % (word, steps[step])
        return steps


INVITE = """INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/TLS 192.0.2.1:4242;branch=z9hG4bKa1
Max-Forwards: 70
From: <sip:alice@%s>;tag=f1
To: <sip:bob@example.com>
Call-ID: one@192.0.2.1
CSeq: 7 INVITE
Content-Length: 0

"""


def sections(out):
    """{section: [(name, text)]} of explain --json."""
    return {k: list(v.items()) if isinstance(v, dict) else
            [(x["name"], x["text"]) for x in v]
            for k, v in json.loads(out).items() if k != "exit"}


def explain_walks_a_file_and_says_what_would_happen(t):
    path = t.file(INVITE % "example.com")
    code, out, err = run("explain", t.config, path, "--from",
                         "192.0.2.1:4242", "--json")
    assert code == FINDINGS, out + err
    said = sections(out)
    assert ("class", "stranger") in said["facts"], said
    assert ("admission_stranger", "refuse 403 stranger") in said["rules"], said
    assert ("status", "403 Forbidden") in said["verdict"], said
    code, out, err = run("explain", t.config, path, "--from", "192.0.2.1",
                         "--registered", "sip:alice@example.com")
    assert code == FINE, out + err
    for line in ("class                  user", "forward home",
                 "decision               forward",
                 "director               dir01.internal.example",
                 "added                  Via: ours"):
        assert line in out, "no %r in %s" % (line, out)


def explain_judges_the_certificate_that_was_shown(t):
    path = t.file(INVITE % "fed.example")
    asked = ["explain", t.config, path, "--from", "192.0.2.1", "--json"]
    code, out, err = run(*asked, "--cert", t.good + ".chain")
    assert code == FINDINGS and ("decision", "ask") in \
        sections(out)["verdict"], out + err
    code, out, err = run(*asked, "--cert", t.good + ".chain", "--srv",
                         "sip.fed.example")
    assert code == FINE, out + err
    assert ("certificate", "DNS:sip.fed.example") in sections(out)["facts"]
    code, out, err = run(*asked, "--cert", t.good + ".chain", "--srv", "none")
    assert code == FINDINGS, out + err
    # Without its intermediate nothing ties it to an authority that we trust.
    code, out, err = run(*asked, "--cert", t.good + ".pem")
    assert code == FINDINGS and ("class", "stranger") in \
        sections(out)["facts"], out + err
    assert any(n == "certificate" and "unable to get local issuer" in x
               for n, x in sections(out)["input"]), out
    code, _, err = run(*asked, "--cert", path)
    assert code == NO_LOOK and "no certificate" in err, err


def explain_knows_legs_and_devices_by_address(t):
    path = t.file(INVITE.replace("alice", "room1") % "example.com")
    code, out, _ = run("explain", t.config, path, "--from", t.block(50))
    assert "class                  device" in out, out
    assert code == FINE, out
    code, out, _ = run("explain", t.config, path, "--from", "10.0.0.3",
                       "--leg", "inside")
    assert "assumed: no --cert was given" in out, out
    assert "class                  server" in out, out
    code, out, _ = run("explain", t.config, path, "--from", "10.0.0.3",
                       "--leg", "inside", "--cert",
                       pki().cert("unlisted")[0])
    assert "refuse 403 not-a-trusted-server" in out and code == FINDINGS, out


def what_cannot_be_looked_at_is_2(t):
    path = t.file(INVITE % "example.com")
    for args in ([], ["explain"], ["explain", t.config, path],
                 ["explain", t.config, "/nowhere", "--from", "1.2.3.4"],
                 ["explain", "/nowhere", path, "--from", "1.2.3.4"],
                 ["explain", t.config, path, "--from", "nonsense"],
                 ["explain", t.config, t.file("INVITE x"), "--from",
                  "1.2.3.4"],
                 ["counters", t.config], ["counters"], ["nonsense"],
                 ["partner", "test", t.config],
                 ["partner", "test", t.config, "no domain"]):
        code, _, err = run(*args)
        assert code == NO_LOOK, (args, code, err)
    code, out, _ = run("--help")
    assert code == FINE and "partner test" in out, out


def the_keys_of_the_edge_are_read_and_not_touched(t):
    state = tempfile.mkdtemp(dir=t.folder)
    path = t.write(merge(t.base, {"edge": {"state_dir": state}}), "k.cfg")
    _, out, _ = run("explain", path, t.file(INVITE % "example.com"),
                    "--from", "192.0.2.1")
    assert "cannot be read" in out, out
    assert os.listdir(state) == [], os.listdir(state)
    edge = started(t)
    try:
        keys = t.folder + "/state/token-keys"
        before = open(keys, "rb").read(), os.stat(keys).st_mtime_ns
        _, out, _ = run("explain", t.config, t.file(INVITE % "example.com"),
                        "--from", "192.0.2.1")
        assert "cannot be read" not in out, out
        assert before == (open(keys, "rb").read(), os.stat(keys).st_mtime_ns)
    finally:
        edge.stop()


def started(t, config=None):
    edge = Edge(config or t.base, t.folder)
    edge.start([(t.base["outside"]["address"][0], 5061)])
    return edge


def a_running_edge_answers_at_its_socket(t):
    edge = started(t)
    try:
        mode = os.stat(t.control).st_mode
        assert stat.S_ISSOCK(mode) and mode & 0o777 == 0o660, oct(mode)
        code, out, err = run("counters", t.config)
        assert code == FINE and "requests" in out, out + err
        code, out, err = run("counters", "--socket", t.control, "--json")
        assert code == FINE, err
        assert json.loads(out)["counters"]["undecided"] == 0, out
        code, out, err = run("partners", t.config)
        assert code == FINE and out.startswith("domain"), out + err
        code, out, err = run("reload", t.config)
        assert code == FINE and out == "ok\n", out + err
        edge.wait_log("reloaded")
        edge.write(merge(t.base, {"edge": {"workers": 3}}))
        code, out, err = run("reload", t.config)
        assert code == FINDINGS and "takes a restart" in err, out + err
        edge.write("nonsense")
        code, out, err = run("reload", "--socket", t.control, "--json")
        assert code == FINDINGS and not json.loads(out)["ok"], out + err
    finally:
        edge.write(t.base)
        edge.stop()
    assert not os.path.exists(t.control)


def a_socket_left_behind_is_taken_over_a_living_one_is_not(t):
    edge = started(t)
    edge.kill()
    assert os.path.exists(t.control)
    code, _, err = run("counters", t.config)
    assert code == NO_LOOK and "is the edge running" in err, err
    edge = started(t)
    try:
        code, out, err = run("counters", t.config)
        assert code == FINE, err
        second = merge(copy.deepcopy(t.base), {
            "edge": {"state_dir": t.folder + "/second"}})
        path = t.write(second, "second.cfg")
        done = subprocess.run([program(), path], timeout=60, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)
        assert done.returncode == 1, done.returncode
        assert "another edge answers there" in done.stderr, done.stderr
        assert run("counters", t.config)[0] == FINE
    finally:
        edge.stop()


def the_socket_bears_nonsense(t):
    edge = started(t)
    try:
        for text in (b"\n", b"\0\n", b"x" * 2000, b"recall \xff\xfe\n",
                     b"recall " + b"y" * 900 + b"\n"):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(20)
                s.connect(t.control)
                s.sendall(text)
                try:
                    answer = s.makefile("rb").read()
                except ConnectionResetError:
                    answer = b""
                if text.endswith(b"\n"):
                    assert "ok" in json.loads(answer), answer
        held = [socket.socket(socket.AF_UNIX) for _ in range(20)]
        for s in held:
            s.connect(t.control)
        for s in held:
            s.close()
        until("the edge hears others again",
              lambda: run("counters", t.config)[0] == FINE)
    finally:
        edge.stop()


def what_was_decided_is_recalled(t):
    edge = started(t)
    try:
        context = ssl.create_default_context(cafile=pki().ca("outside"))
        with socket.create_connection((t.base["outside"]["address"][0],
                                       5061), 5) as raw:
            with context.wrap_socket(
                    raw, server_hostname="sip.example.com") as s:
                s.sendall((INVITE % "example.com").replace("\n", "\r\n")
                          .encode())
                assert b" 403 " in s.recv(4096)
        code, out, err = run("explain", t.config, "--call-id",
                             "one@192.0.2.1")
        assert code == FINE, out + err
        for text in ("INVITE sip:bob@example.com", "sip:alice@example.com",
                     "refuse 403 by rule stranger", "answered 403"):
            assert text in out, "no %r in %s" % (text, out)
        code, out, _ = run("explain", "--socket", t.control, "--call-id",
                           "nobody", "--json")
        assert code == FINDINGS and json.loads(out)["requests"] == [], out
    finally:
        edge.stop()


def a_good_partner_passes_every_step(t):
    peer = t.serve(Peer(t.block(70), t.good))
    steps = t.partner(code=FINE)
    for step in ("settings", "our name", "srv", "address", "connect", "tls",
                 "chain", "dates", "name", "ours", "options"):
        assert steps[step][0], (step, steps)
    assert peer.seen[0].startswith("OPTIONS sip:fed.example SIP/2.0\r\n")
    assert "From: <sip:edgectl@example.com>" in peer.seen[0], peer.seen
    code, out, _ = run("partner", "test", t.config, "FED.example.")
    assert code == FINE and out.startswith("ok    settings"), out
    assert "FAIL" not in out, out


def our_own_lists_come_first(t):
    t.fails("settings", "block list", domain="bad.example")
    t.fails("settings", "discovery is off", domain="other.example")
    t.fails("settings", "a domain of ours", domain="example.com")
    off = t.write(merge(t.base, {"federation": {"enabled": False}}), "o.cfg")
    t.fails("settings", "federation.enabled is false", config=off)


def a_domain_without_srv_is_told(t):
    t.dns.zone.pop(EDGES, None)
    t.fails("srv", "no SRV record _sipfederationtls._tcp.fed.example",
            "_sips._tcp.fed.example")


def the_second_kind_of_srv_will_do(t):
    t.dns.zone.pop(EDGES, None)
    peer = Peer(t.block(70), t.good)
    t.dns.edge("fed.example", "sip.fed.example", peer.host, peer.port,
               "_sips._tcp")
    try:
        t.partner(code=FINE)
    finally:
        del t.dns.zone["_sips._tcp.fed.example", "SRV"]


def a_target_outside_of_the_domain_proves_nothing(t):
    cert = mint(t.folder, "hosted", ["edge.hoster.example"])
    t.serve(Peer(t.block(70), cert), host="edge.hoster.example")
    steps = t.fails("name", "outside of fed.example", "DNSSEC")
    assert "lies outside" in steps["srv"][1], steps


def a_private_address_is_refused_unless_listed(t):
    t.serve(Peer(t.block(70), t.good))
    strict = t.write(merge(t.base, {"federation": {"private_ok": None}}),
                     "p.cfg")
    t.fails("address", "points inside", "private_ok", config=strict)


def a_closed_port_is_told(t):
    peer = t.serve(Peer(t.block(70), t.good))
    peer.sock.close()
    with socket.socket() as s:
        s.bind((t.block(71), 0))
        t.dns.edge("fed.example", "sip.fed.example", *s.getsockname())
        t.fails("connect", "nobody listens there")


def a_missing_intermediate_is_told(t):
    cert = mint(t.folder, "aia", ["sip.fed.example"],
                "authorityInfoAccess=caIssuers;URI:http://ca.invalid/i.crt")
    t.serve(Peer(t.block(70), cert, chain=False))
    t.fails("chain", "no intermediate certificate")
    t.serve(Peer(t.block(70), t.good, chain=False))
    t.fails("chain", "unable to get local issuer", "whole chain")


def a_certificate_of_nobody_or_too_old_is_told(t):
    other = pki().cert("partner", other=True)[0][:-len(".chain")]
    t.serve(Peer(t.block(70), other))
    t.fails("chain", "our side lacks their root")
    old = mint(t.folder, "old", ["sip.fed.example"],
               days=("20200101000000Z", "20210101000000Z"))
    t.serve(Peer(t.block(70), old))
    steps = t.fails("dates", "expired")
    assert not steps["chain"][0], steps


def a_name_that_is_not_proved_is_told_with_those_that_are(t):
    cert = mint(t.folder, "misnamed", ["www.fed.example", "fed.other"])
    t.serve(Peer(t.block(70), cert))
    t.fails("name", "neither fed.example nor sip.fed.example",
            "www.fed.example, fed.other")


def a_partner_that_lacks_our_root_is_told(t):
    trust = os.path.join(pki().root, "other", "external-ca.crt")
    t.serve(Peer(t.block(70), t.good, trust=trust))
    steps = t.partner(code=FINDINGS)
    said = [x for ok, x in steps.values() if not ok]
    assert any("lacks our root" in x for x in said), steps


def a_partner_that_wants_client_auth_is_told(t):
    t.serve(Peer(t.block(70), t.good))
    chain, key = pki().cert("edge-new")
    config = t.write(merge(t.base, {"outside": {"tls": {
        "certificate": chain, "key": key}}}), "u.cfg")
    t.fails("options", "wants clientAuth", config=config)


def a_port_for_users_only_is_told(t):
    t.serve(Peer(t.block(70), t.good, ask=False))
    t.fails("ours", "did not ask for our certificate")


def what_does_not_speak_tls_is_told(t):
    t.serve(Peer(t.block(70), t.good, tls=False))
    t.fails("tls", "does not speak TLS")


def a_one_sided_allow_list_is_told(t):
    t.serve(Peer(t.block(70), t.good, answer="403 Forbidden"))
    t.fails("options", "one-sided allow list")
    t.serve(Peer(t.block(70), t.good, answer="407 Who are you"))
    t.fails("options", "take us for a user")
    t.serve(Peer(t.block(70), t.good, answer="100 Trying"))
    t.fails("options", "no answer within")


def a_direct_partner_is_gone_to_by_its_name(t):
    cert = mint(t.folder, "edge", ["edge.elsewhere.example"])
    peer = Peer(t.block(70), cert)
    config = merge(t.base, {"federation": {"partners": (
        {"domain": "direct.example", "kind": "direct",
         "proxy": "edge.elsewhere.example:%d" % peer.port},)},
        "hosts": t.base["hosts"] + (
            {"name": "edge.elsewhere.example", "address": [peer.host]},)})
    steps = t.partner("direct.example", t.write(config, "d.cfg"), FINE)
    assert "edge.elsewhere.example" in steps["proxy"][1], steps
    pinned = copy.deepcopy(config)
    pinned["federation"]["partners"][0]["pin"] = ["0" * 64]
    t.fails("chain", "not the one that is pinned", domain="direct.example",
            config=t.write(pinned, "d.cfg"))


def a_partners_purpose_is_told(t):
    config = t.write(merge(t.base, {"federation": {"partners": (
        {"domain": "fed.example", "kind": "allowed", "purpose": "sip"},)}}),
        "p.cfg")
    t.serve(Peer(t.block(70), t.good))
    t.fails("purpose", "id-kp-sipDomain", config=config)
    cert = mint(t.folder, "for-sip", ["sip.fed.example"],
                use="1.3.6.1.5.5.7.3.20")
    t.serve(Peer(t.block(70), cert))
    steps = t.partner(config=config, code=FINE)
    assert steps["purpose"][0] and steps["chain"][0], steps


TESTS = [explain_walks_a_file_and_says_what_would_happen,
         explain_judges_the_certificate_that_was_shown,
         explain_knows_legs_and_devices_by_address,
         what_cannot_be_looked_at_is_2,
         the_keys_of_the_edge_are_read_and_not_touched,
         a_running_edge_answers_at_its_socket,
         a_socket_left_behind_is_taken_over_a_living_one_is_not,
         the_socket_bears_nonsense, what_was_decided_is_recalled,
         a_good_partner_passes_every_step, our_own_lists_come_first,
         a_domain_without_srv_is_told, the_second_kind_of_srv_will_do,
         a_target_outside_of_the_domain_proves_nothing,
         a_private_address_is_refused_unless_listed, a_closed_port_is_told,
         a_missing_intermediate_is_told,
         a_certificate_of_nobody_or_too_old_is_told,
         a_name_that_is_not_proved_is_told_with_those_that_are,
         a_partner_that_lacks_our_root_is_told,
         a_partner_that_wants_client_auth_is_told, a_port_for_users_only_is_told,
         what_does_not_speak_tls_is_told, a_one_sided_allow_list_is_told,
         a_direct_partner_is_gone_to_by_its_name,
         a_partners_purpose_is_told]


if __name__ == "__main__":
    raise SystemExit(bench.run(Bench, TESTS))
