#!/usr/bin/python3
"""Which certificate is shown to whom, and what a partner's has to be for:
several certificates by the name asked for, one of its own towards servers,
purposes, pools, tickets, OCSP answers, the key log."""

import os
import re
import ssl
import stat
import subprocess

from edgelab import Group, main
from edgelab import companies
from edgelab.companies import Company, company
from edgelab.pki import make
from edgelab.stream import connect_tcp, connect_tls

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
SIP_USE = "1.3.6.1.5.5.7.3.20"
# NAME/CA/CN/SAN/USE, as tools/dev/pki takes them.
SHOWN = [
    "sni-net/external/sip.example.net/DNS:sip.example.net,DNS:av.example.net"
    "/serverAuth",
    "sni-web/external/web/DNS:*.web.example.com/serverAuth",
    "sni-exact/external/exact/DNS:meet.web.example.com/serverAuth",
    "as-client/external/edge.example.com/DNS:sip.example.com/clientAuth",
]
PURPOSES = [
    "co-use-server/external/s/DNS:useserver.example/serverAuth",
    "co-use-wrong/external/w/DNS:useclient.example,DNS:usesip.example"
    "/serverAuth",
    "co-use-client/external/c/DNS:useclient.example/clientAuth",
    "co-use-sip/external/x/DNS:usesip.example/" + SIP_USE,
    "co-use-both/external/b/DNS:usesip.example/serverAuth," + SIP_USE,
]


def openssl(folder, *words, **how):
    done = subprocess.run(["openssl", *words], cwd=folder, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **how)
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


def rsa_certificate(pki):
    """One for sip.example.com with an RSA key, of the issuing authority."""
    base = os.path.join(pki.dir, "sni-rsa")
    if os.path.exists(base + ".chain"):
        return
    openssl(pki.dir, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout",
            base + ".key", "-subj", "/CN=sip.example.com", "-addext",
            "subjectAltName=DNS:sip.example.com", "-out", base + ".csr")
    os.chmod(base + ".key", 0o600)
    openssl(pki.dir, "x509", "-req", "-in", base + ".csr", "-CA",
            "external-issuing.pem", "-CAkey", "external-issuing.key",
            "-days", "30", "-copy_extensions", "copy", "-out", base + ".pem")
    with open(base + ".chain", "w") as out:
        for path in (base + ".pem", pki.dir + "/external-issuing.pem"):
            with open(path) as part:
                out.write(part.read())


def ocsp_answer(pki):
    """What the issuing authority would say of edge-outside, for a day."""
    path = os.path.join(pki.dir, "edge-outside.ocsp")
    if os.path.exists(path):
        return path
    serial = openssl(pki.dir, "x509", "-in", "edge-outside.pem", "-noout",
                     "-serial").strip().partition("=")[2]
    with open(os.path.join(pki.dir, "index.txt"), "w") as f:
        f.write("V\t360101000000Z\t\t%s\tunknown\t/CN=sip.example.com\n"
                % serial)
    openssl(pki.dir, "ocsp", "-issuer", "external-issuing.pem", "-cert",
            "edge-outside.pem", "-reqout", "edge-outside.ask")
    openssl(pki.dir, "ocsp", "-index", "index.txt", "-CA",
            "external-issuing.pem", "-rsigner", "external-issuing.pem",
            "-rkey", "external-issuing.key", "-reqin", "edge-outside.ask",
            "-ndays", "1", "-respout", path)
    return path


def several(lab):
    make(lab.pki.dir, *SHOWN)
    rsa_certificate(lab.pki)
    pairs = [lab.pki.cert(n) for n in ("sni-net", "sni-web", "sni-exact",
                                       "sni-rsa")]
    return {
        "edge": {"key_log": os.path.join(lab.folder, "keys.log")},
        "outside": {"tls": {
            "also": tuple({"certificate": c, "key": k} for c, k in pairs),
            "ocsp": ocsp_answer(lab.pki)}},
    }


def partners(lab):
    change = companies.settings(lab)
    make(lab.pki.dir, *SHOWN, *PURPOSES)
    chain, key = lab.pki.cert("as-client")
    change["outside"]["tls"] = {"client_certificate": chain,
                                "client_key": key}
    change["federation"]["partners"] += (
        {"domain": "useserver.example", "purpose": "any"},
        {"domain": "useclient.example", "purpose": "client"},
        {"domain": "usesip.example", "purpose": "sip"})
    return change


def serve_dns(lab):
    companies.serve_dns(lab)
    lab.dns.edge("usesip.example", "sip.usesip.example", lab.block(97))


def pooled(lab):
    """home01's machine is a member of a pool, home02's is of none."""
    b, names = lab.block, ["pool01", "pool02", "home01", "home02", "dir01"]
    at = {"pool01": 4, "pool02": 5, "home01": 4, "home02": 5, "dir01": 3}
    return {
        "inside": {"trusted_servers": [n + ".internal.example"
                                       for n in names]},
        "hosts": tuple({"name": n + ".internal.example",
                        "address": [b(at[n])]} for n in names),
        "routing": {"directors": None, "home_servers": [
            "pool01.internal.example", "pool02.internal.example"],
            "domains": ({"domain": "example.com",
                         "home": "pool01.internal.example"},
                        {"domain": "example.org",
                         "home": "pool02.internal.example"})},
        "services": {"pools": (
            {"name": "pool01.internal.example",
             "members": ["home01.internal.example"]},
            {"name": "pool02.internal.example",
             "members": ["home03.internal.example"]})},
    }


shown = Group("shown", several)
purposes = Group("purposes", partners, setup=serve_dns)
pools = Group("pools", pooled)


def context(lab, version=None, ciphers=None):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False  # the default's names are not what is asked
    ctx.load_verify_locations(lab.pki.ca("outside"))
    if version:
        ctx.minimum_version = ctx.maximum_version = version
    if ciphers:
        ctx.set_ciphers(ciphers)
    return ctx


def shown_at(lab, to, name, version=None, ciphers=None):
    """The certificate that comes, its chain verified, in DER."""
    sock = connect_tls(to, context(lab, version, ciphers), name,
                       lab.block.client())
    try:
        return sock.getpeercert(True)
    finally:
        sock.close()


def der(lab, name):
    with open(lab.pki.cert(name)[0]) as f:
        return ssl.PEM_cert_to_DER_cert(
            re.match(r".*?-----END CERTIFICATE-----\n", f.read(), re.S)[0])


def each_shows(lab, name, cert):
    for to in (lab.outside, lab.users):
        for version in (V12, V13):
            got = shown_at(lab, to, name, version)
            assert got == der(lab, cert), (name, to, version)


@shown.test
def a_client_is_shown_what_it_asks_for(lab):
    each_shows(lab, "sip.example.net", "sni-net")
    each_shows(lab, "AV.example.net", "sni-net")
    each_shows(lab, "lyncdiscover.web.example.com", "sni-web")
    each_shows(lab, "meet.web.example.com", "sni-exact")
    each_shows(lab, "sip.example.com", "edge-outside")


@shown.test
def another_name_or_none_or_an_inside_one_gets_the_default(lab):
    for name in (None, "nobody.example", "web.example.com",
                 "a.b.web.example.com", "edge01.internal.example",
                 "home01.internal.example"):
        each_shows(lab, name, "edge-outside")


@shown.test
def of_one_name_each_kind_of_key_is_shown_to_who_wants_it(lab):
    for word, cert in (("ECDHE-RSA-AES128-GCM-SHA256", "sni-rsa"),
                       ("ECDHE-ECDSA-AES128-GCM-SHA256", "edge-outside")):
        got = shown_at(lab, lab.outside, "sip.example.com", V12, word)
        assert got == der(lab, cert), word


def session_of(lab, to, ctx):
    """A session with a ticket, and whether it was resumed."""
    sock = connect_tls(to, ctx, "sip.example.com", lab.block.client())
    sock.settimeout(20)
    sock.sendall(b"\r\n\r\n")
    assert sock.recv(16), "no pong"
    session = sock.session
    sock.close()
    return session


def resumes(lab, to, ctx, session):
    sock = ctx.wrap_socket(connect_tcp(to, lab.block.client()),
                           server_hostname="sip.example.com",
                           session=session)
    reused = sock.session_reused
    sock.close()
    return reused


@shown.test
def a_ticket_is_good_at_its_own_door_only(lab):
    for version in (V12, V13):
        for at, other in ((lab.outside, lab.users), (lab.users, lab.outside)):
            ctx = context(lab, version)
            session = session_of(lab, at, ctx)
            assert session.has_ticket, (version, at)
            assert not resumes(lab, other, ctx, session), (version, at)
            assert resumes(lab, at, ctx, session), (version, at)


@shown.test
def the_authoritys_answer_goes_along(lab):
    for to in (lab.outside, lab.users):
        for version in ("-tls1_2", "-tls1_3"):
            said = openssl(lab.folder, "s_client", "-connect", "%s:%d" % to,
                           "-status", version, "-servername",
                           "sip.example.com", stdin=subprocess.DEVNULL)
            assert "Cert Status: good" in said, said[:400]
    # Another certificate has none of it.
    said = openssl(lab.folder, "s_client", "-connect", "%s:%d" % lab.outside,
                   "-status", "-servername", "sip.example.net",
                   stdin=subprocess.DEVNULL)
    assert "no response sent" in said, said[:400]


@shown.test
def the_key_log_is_ours_alone_and_said_aloud(lab):
    path = os.path.join(lab.folder, "keys.log")
    shown_at(lab, lab.outside, "sip.example.com", V13)
    with open(path) as f:
        lines = f.read().splitlines()
    assert len(lines) >= 4 and all(
        re.fullmatch(r"[A-Z0-9_]+ [0-9A-Fa-f]{64} [0-9A-Fa-f]+", x)
        for x in lines), lines[:3]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert re.search(r"key.log", lab.edge.log()), "no warning at start"


# what a partner's certificate has to be for

def asks(lab, name, domain):
    party = company(lab, name, domain=domain)
    return party, party.make("MESSAGE", "sip:bob@example.com")


def gets_in(lab, name, domain):
    party, raw = asks(lab, name, domain)
    party.send(raw)
    m = lab.home1.expect_request("MESSAGE")
    lab.home1.reply(m, 200)
    party.expect(200, "MESSAGE")


def stays_out(lab, name, domain):
    party, raw = asks(lab, name, domain)
    lab.refused(party, raw, 403, "partner-purpose")


@purposes.test
def any_takes_a_certificate_for_servers_only(lab):
    gets_in(lab, "use-server", "useserver.example")


@purposes.test
def client_takes_one_for_clients(lab):
    gets_in(lab, "use-client", "useclient.example")


@purposes.test
def client_refuses_one_for_servers_only(lab):
    stays_out(lab, "use-wrong", "useclient.example")
    stays_out(lab, "use-wrong", "usesip.example")


@purposes.test
def sip_takes_one_for_sip(lab):
    gets_in(lab, "use-sip", "usesip.example")
    gets_in(lab, "use-both", "usesip.example")


def calls_out(lab, cert):
    """A MESSAGE from inside to usesip.example, whose edge shows `cert`."""
    there = Company(lab, "usesip", cert, 97)
    there.context.load_verify_locations(lab.pki.ca("outside"))
    there.context.verify_mode = ssl.CERT_OPTIONAL
    stream = lab.to_inside(cert=lab.pki.cert("home01"))
    stream.send(message_out(stream.local))
    return there, stream


def message_out(local):
    return ("MESSAGE sip:zoe@usesip.example SIP/2.0\r\n"
            "Via: SIP/2.0/TLS %s:%d;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"
            "From: <sip:bob@example.com>;tag=1\r\nTo: <sip:zoe@usesip.example>"
            "\r\nCall-ID: out%d\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"
            % (*local, local[1], local[1])).encode()


@purposes.test
def sip_holds_for_an_edge_that_we_connect_to(lab):
    mark = lab.edge.mark()
    there, stream = calls_out(lab, "use-wrong")
    resp = stream.receive(lambda m: m.status >= 400, what="a refusal")
    assert resp.status >= 480, resp.start
    lab.edge.wait_log(r"rule=certificate-not-for-sip", mark)
    assert not there.got("MESSAGE")


@purposes.test
def to_partners_the_client_certificate_is_shown(lab):
    there, stream = calls_out(lab, "use-both")
    m = there.expect_request("MESSAGE")
    assert m.stream.sock.getpeercert(True) == der(lab, "as-client")
    there.reply(m, 200)
    stream.receive(lambda r: r.status == 200, what="200")
    each = shown_at(lab, lab.outside, "sip.example.com")
    assert each == der(lab, "edge-outside")


# pools

@pools.test
def a_member_stands_for_its_pool(lab):
    user = lab.user()
    user.register()
    assert lab.home1.got("REGISTER"), "it did not go to the pool's member"


@pools.test
def who_is_no_member_does_not(lab):
    mark, user = lab.edge.mark(), lab.user(domain="example.org")
    user.register(status=500)
    lab.edge.wait_log(r"rule=certificate-must-prove-name .*"
                      r"wanted=pool02\.internal\.example", mark)
    assert not lab.home2.got("REGISTER")


if __name__ == "__main__":
    main("tls policy", shown, purposes, pools)
