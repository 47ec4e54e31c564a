#!/usr/bin/python3
"""Reload without loss: certificates, keys, trust and lists change under
traffic; a bad one keeps the old; old connections are listed."""

import hashlib
import os
import shutil
import time

from edgelab import Group, main, merge, until
from edgelab.crls import Lists, fingerprint, inside, outside
from edgelab.ctl import ask, edgectl, good_reload
from edgelab.pki import openssl
from workers_test import Traffic, own_copy

SHORT = int(os.environ.get("RELOADS", "150"))
# AddressSanitizer keeps freed memory for a while; here that would look like a
# leak.
os.environ["ASAN_OPTIONS"] = ":".join(
    [x for x in (os.environ.get("ASAN_OPTIONS"),) if x] +
    ["quarantine_size_mb=0", "thread_local_quarantine_size_kb=0"])


def change(lab):
    lab.lists = Lists(lab.pki)
    config = merge(own_copy(lab), {"edge": {
        "workers": 2, "control": lab.folder + "/control",
        "log_level": "notice"}})
    config = merge(config, {"inside": inside(lab.lists)})
    return merge(config, {"outside": outside(lab.lists)})


group = Group("reload", change)
soak = Group("many reloads", change, fresh_lab=True)


def install(lab, name):
    for src, dst in zip(lab.pki.cert(name), lab.cert):
        shutil.copy(src, dst + ".new")
        os.rename(dst + ".new", dst)


def restore(lab):
    install(lab, "edge-outside")
    good_reload(lab)


def shown(lab):
    """The certificate that a new handshake gets."""
    stream = lab.tls()
    der = stream.sock.getpeercert(True)
    stream.close()
    return hashlib.sha256(der).hexdigest()


@group.test
def everything_changes_under_traffic_and_nothing_is_lost(lab):
    traffic = [Traffic(lab) for _ in range(3)]
    idle = lab.registered()
    for n in range(6):
        install(lab, ("edge-new", "edge-outside")[n % 2])
        lab.lists.issue("internal-ca", [lab.pki.cert("unlisted")[0]])
        lab.lists.issue("external-issuing")
        good_reload(lab)
        assert shown(lab) == fingerprint(lab.cert[0])
        seen = [t.done for t in traffic]
        until("traffic goes on", lambda: all(
            t.done > s + 3 or t.bad for t, s in zip(traffic, seen)))
    for t in traffic:
        assert t.end() > 10
    idle.register()
    lab.home1.call(idle.aor, "MESSAGE")
    idle.reply(idle.expect_request("MESSAGE"), 200)
    lab.home1.expect(200)
    assert "why=distrust" not in lab.edge.log()
    restore(lab)


@group.test
def a_call_in_set_up_outlives_a_reload(lab):
    alice = lab.registered()
    invite = alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    lab.home1.reply(at_home, 180)
    alice.expect(180)
    install(lab, "edge-new")
    good_reload(lab)
    lab.home1.reply(at_home, 200, body=b"v=0\r\n")
    out = alice.dialog(invite, alice.expect(200, "INVITE"))
    out.ack()
    lab.home1.expect_request("ACK")
    out.send("BYE")
    lab.home1.reply(lab.home1.expect_request("BYE"), 200)
    alice.expect(200, "BYE")
    restore(lab)


def make_bad(lab, what):
    """(file that is spoilt, its good bytes, a word that the reason has)."""
    cert, key = lab.cert
    crl = lab.lists.path("internal-ca")
    path, text, *words = {
        "certificate": (cert, b"no PEM\n", "certificates-must-load",
                        "not a usable certificate"),
        "key": (key, open(lab.pki.cert("partner")[1], "rb").read(),
                "certificates-must-load", "not this certificate's key"),
        "key gone": (key, None, "settings-must-be-valid", "No such file"),
        "list": (crl, b"no list\n", "lists-must-load", crl),
        "settings": (lab.edge.config, b"edge: { wrokers = 1; };",
                     "settings-must-be-valid", "wrokers"),
        "restart": (lab.edge.config, open(lab.edge.config, "rb").read()
                    .replace(b"workers = 2", b"workers = 3"),
                    "needs-a-restart", "edge.workers"),
    }[what]
    with open(path, "rb") as f:
        good = f.read()
    if text is None:
        os.unlink(path)
    else:
        with open(path, "wb") as f:
            f.write(text)
    return path, good, words


@group.test
def each_bad_file_keeps_the_old_and_says_which(lab):
    old, now = lab.registered(), shown(lab)
    install(lab, "edge-outside")
    for what in ("certificate", "key", "key gone", "list", "settings",
                 "restart"):
        path, good, words = make_bad(lab, what)
        mark = lab.edge.mark()
        code, said = edgectl("reload", "--socket", lab.folder + "/control")[:2]
        err = edgectl("reload", "--socket", lab.folder + "/control")[2]
        with open(path, "wb") as f:
            f.write(good)
        os.chmod(path, 0o600)
        assert code == 1, (what, said)
        assert path in err and all(w in err for w in words), (what, err)
        lab.edge.wait_log("reload-refused kept=old rule=" + words[0], mark)
        assert shown(lab) == now, what
        old.register()
    good_reload(lab)


def ours(lab):
    """fingerprint -> (old, connections), outside."""
    said = ask(lab, "connections")[1]
    return {c["sha256"]: (c["old"], c["connections"])
            for c in said["certificates"] if c["leg"] == "outside"}


@group.test
def old_connections_are_listed_with_their_certificate(lab):
    before = fingerprint(lab.cert[0])
    users = [lab.registered() for _ in range(3)]
    home = lab.home1.client
    assert ask(lab, "connections", "--old")[0] == 0
    install(lab, "edge-new")
    good_reload(lab)
    late = lab.registered()
    until("counted", lambda: ours(lab) == {
        before: (True, 3), fingerprint(lab.cert[0]): (False, 1)})
    code, said = ask(lab, "connections", "--old")
    assert code == 1 and said["old"] == 3, said
    assert len(said["connections"]) == 3, said
    for c in said["connections"]:
        assert c["ours"] == before and c["class"] == "user", c
        assert c["old"] and c["leg"] == "outside" and c["door"] == "tls", c
        assert c["ours_ends"].endswith("Z") and c["since"] < c["ours_ends"]
    every = ask(lab, "connections")[1]
    servers = [c for c in every["connections"] if c["class"] == "server"]
    assert any(c["names"] == "home01.internal.example" and
               c["sha256"] == fingerprint(lab.pki.cert("home01")[0])
               for c in servers), servers
    text = edgectl("connections", lab.edge.config)[1]
    assert "OLD" in text and before in text, text
    for u in users:
        u.close()
    until("the old ones are gone",
          lambda: ask(lab, "connections", "--old")[0] == 0)
    assert home.is_open() and late.stream.is_open()
    restore(lab)


@group.test
def trust_that_is_taken_away_is_lost_at_once(lab):
    path = lab.folder + "/trust.pem"
    shutil.copy(lab.pki.ca("inside"), path)
    config = merge(lab.config, {"inside": {
        "tls": {"trust": path}, "revocation": {"mode": "off", "crl": None}}})
    lab.edge.write(config)
    good_reload(lab)
    home = lab.home1.client
    alice = lab.registered()
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            lab.folder + "/x.key", "-subj", "/CN=another", "-out", path)
    mark = lab.edge.mark()
    good_reload(lab)
    lab.edge.wait_log("disbelieved .*names=home01.internal.example", mark)
    assert home.expect_closed() >= 0
    assert alice.stream.is_open()
    lab.edge.write(lab.config)
    good_reload(lab)
    lab.home1.hang_up()
    alice.register()


@group.test
def a_server_taken_off_the_list_is_left(lab):
    home = lab.home2.client
    stays = lab.home1.client
    listed = [n for n in lab.config["inside"]["trusted_servers"]
              if "home02" not in n]
    lab.edge.write(merge(lab.config, {"inside": {"trusted_servers": listed}}))
    mark = lab.edge.mark()
    good_reload(lab)
    lab.edge.wait_log("retire .*was=server certificate=%s"
                      % fingerprint(lab.pki.cert("home02")[0]), mark)
    assert home.expect_closed() >= 0
    assert stays.is_open()
    lab.edge.write(lab.config)
    good_reload(lab)
    lab.home2.hang_up()


@group.test
def a_key_log_warns_at_each_start_and_reload(lab):
    path = lab.folder + "/keys.log"
    lab.edge.write(merge(lab.config, {"edge": {"key_log": path}}))
    mark = lab.edge.mark()
    good_reload(lab)
    lab.edge.wait_log("edge key-log file=.*keys.log", mark)
    lab.registered().close()
    until("a secret is written", lambda: os.path.getsize(path) > 100)
    assert os.stat(path).st_mode & 0o777 == 0o600
    lab.edge.write(lab.config)
    good_reload(lab)


def rss_kib(lab):
    with open("/proc/%d/status" % lab.edge.pid) as f:
        return int(next(s for s in f if s.startswith("VmRSS")).split()[1])


@group.test
def a_certificate_of_ours_that_has_ended_is_told(lab):
    authority = os.path.join(lab.pki.dir, "external-issuing")
    request = lab.cert[0] + ".csr"
    openssl("req", "-new", "-key", lab.cert[1], "-subj", "/CN=over", "-out",
            request)
    openssl("x509", "-req", "-in", request, "-CA", authority + ".pem",
            "-CAkey", authority + ".key", "-set_serial", "78", "-days", "-1",
            "-out", lab.cert[0])
    with open(authority + ".pem") as src, open(lab.cert[0], "a") as dst:
        dst.write(src.read())
    mark = lab.edge.mark()
    good_reload(lab)
    lab.edge.wait_log("edge certificate-expired subject=/CN.*over sha256=%s "
                      % fingerprint(lab.cert[0]), mark)
    restore(lab)


def many(lab, count, users=2):
    """Reloads with other certificates and lists, under traffic: memory [KiB]
    by their number. A request that fails raises."""
    traffic = [Traffic(lab) for _ in range(users)]
    crls = []
    for n in range(2):
        path = lab.lists.issue("internal-ca", [lab.pki.cert("unlisted")[0]],
                               more=1000 + 500 * n)
        shutil.copy(path, path + ".%d" % n)
        crls.append(path + ".%d" % n)
    seen, began = {}, time.monotonic()
    for n in range(count + 1):
        if n % max(1, count // 20) == 0:
            seen[n] = rss_kib(lab)
        install(lab, ("edge-new", "edge-outside")[n % 2])
        shutil.copy(crls[n % 2], lab.lists.path("internal-ca") + ".new")
        os.rename(lab.lists.path("internal-ca") + ".new",
                  lab.lists.path("internal-ca"))
        good_reload(lab)
        if n % 20 == 0:
            lab.registered().close()
    done = [t.end() for t in traffic]
    print("# %d reloads in %.0f s, %d requests, KiB: %s" % (
        count, time.monotonic() - began, sum(done),
        " ".join("%d:%d" % s for s in seen.items())))
    assert min(done) > 0, done
    return seen


@soak.test
def many_reloads_under_traffic_cost_no_memory(lab):
    """The whole of it: tests/soak/run reload. Here growth would have to be
    some 10 KiB a reload to be seen."""
    seen = many(lab, SHORT)
    first = seen[sorted(seen)[len(seen) // 2]]
    last = seen[max(seen)]
    assert last - first < 4096, seen
    assert "why=distrust" not in lab.edge.log()
    assert ask(lab, "counters")[1]["counters"]["undecided"] == 0


if __name__ == "__main__":
    main("reload", group, soak)
