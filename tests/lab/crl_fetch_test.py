#!/usr/bin/python3
"""edgectl check crl: lists fetched by http, file and ldap from servers that are
slow, endless, wrong or gone; proxies; OCSP responders. And a daemon that keeps
what it fetched."""

import json
import os
import time

from edgelab import Edge, Skip, base_config, bench, ctl, merge, until
from edgelab.crls import Lists
from edgelab.pki import openssl
from edgelab.shelf import (SLAPD, Directory, Proxy, Shelf, drip, endless,
                           redirect, whole)

FINE, FINDINGS, NO_LOOK = 0, 1, 2
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
           "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k not in PROXIES}
    return dict(env, **more)


def edgectl(*arguments, env=None):
    return ctl.edgectl(*arguments, timeout=100, env=env or environment())


class Bench(bench.Bench):
    """Lists, and servers that have them."""

    topic = "crl_fetch"

    def __init__(self):
        super().__init__()
        os.mkdir(self.folder + "/state", 0o700)
        self.lists = Lists(self.pki)
        self.shelf = Shelf(self.block(10))
        self.proxy = Proxy(self.block(11))
        self.other_proxy = Proxy(self.block(12))

    def der(self, name="internal-ca"):
        return openssl("crl", "-in", self.lists.path(name), "-outform", "DER",
                       text=False)

    def config(self, over, name="edge.cfg"):
        """A settings file: nothing checked but what a test says."""
        plain = self.base
        for leg in ("outside", "inside"):
            plain = merge(plain, {leg: {"revocation": {"mode": "off"}}})
        return self.write(merge(plain, over), name)

    def inside(self, *crl, **more):
        return {"inside": {"revocation": dict(
            {"mode": "soft", "crl": list(crl)}, **more)}}

    def check(self, over, env=None):
        """(exit status, what is said of the sources)"""
        code, out, err = edgectl("check", "crl", self.config(over), "--json",
                                 env=env)
        assert code != NO_LOOK, err
        said = json.loads(out)
        assert said["exit"] == code
        return code, said["sources"]

    def one(self, url, **more):
        code, sources = self.check(self.inside(url, **more))
        assert len(sources) == 1, sources
        assert sources[0]["where"] == url, sources
        return code, sources[0]

    def fails(self, url, *words, **more):
        code, source = self.one(url, **more)
        assert code == FINDINGS and source["state"] == "FAIL", source
        for word in words:
            assert word in source["failed"], source
        assert source["mend"], source
        return source

    def close(self):
        for server in (self.shelf, self.proxy, self.other_proxy):
            server.close()
        super().close()


def a_good_list_is_told_with_its_dates_and_entries(t):
    revoked = t.pki.cert("home02")[0]
    t.lists.issue("internal-ca", [revoked])
    url = t.shelf.put("/good.crl", t.der())
    del t.shelf.asked[:]
    code, source = t.one(url)
    assert code == FINE and source["state"] == "ok", source
    assert source["entries"] == 1 and source["proxy"] == "", source
    assert "internal CA" in source["issuer"], source
    now = time.time()
    assert source["this_update"] < now < source["next_update"], source
    assert t.shelf.asked == [("/good.crl", t.block(2))], \
        "it leaves by the inside leg's own address: %r" % t.shelf.asked
    code, out, _ = edgectl("check", "crl", t.config(t.inside(url)))
    assert code == FINE
    for words in ("inside: soft", "ok    " + url, "named by     settings",
                  "proxy        none", "entries      1", "issued ", "next "):
        assert words in out, (words, out)


def pem_will_do_as_well(t):
    with open(t.lists.path("internal-ca"), "rb") as f:
        url = t.shelf.put("/pem.crl", f.read())
    code, source = t.one(url)
    assert code == FINE, source


def a_file_and_a_file_url_are_read(t):
    for where in (t.lists.path("internal-ca"),
                  "file://" + t.lists.path("internal-ca")):
        code, source = t.one(where)
        assert code == FINE, source
    source = t.fails("/nowhere/at-all.crl", "No such file")
    assert source["file"]


def what_is_not_there_or_no_list_is_told(t):
    t.fails(t.shelf.url("/none.crl"), "404")
    t.fails(t.shelf.put("/page", b"<html>hello</html>"),
            "not a revocation list")
    t.fails(t.shelf.put("/empty", b""), "not a revocation list")
    t.fails("http://%s:9/" % t.block(13), "onnect")


def a_list_of_another_authority_does_not_count(t):
    source = t.fails(t.shelf.put("/ext.crl", t.der("external-ca")),
                     "signed by no authority", "external CA")
    assert "tls.trust" in source["mend"]


def an_expired_list_is_told(t):
    t.lists.issue("internal-ca", ends_s=-3600)
    try:
        t.fails(t.shelf.put("/old.crl", t.der()), "expired")
    finally:
        t.lists.issue("internal-ca")


def an_endless_body_is_given_up(t):
    began = time.monotonic()
    t.fails(t.shelf.put("/endless", endless), "too long")
    assert time.monotonic() - began < 60


def a_server_that_drips_is_given_up(t):
    began = time.monotonic()
    t.fails(t.shelf.put("/drip", drip), "too slow")
    assert time.monotonic() - began < 60


def redirects_lead_to_http_only_and_are_few(t):
    good = t.shelf.put("/good.crl", t.der())
    code, source = t.one(t.shelf.put("/moved", redirect(good)))
    assert code == FINE, source
    for to in ("file://" + t.lists.path("internal-ca"),
               "ldap://%s/" % t.block(10), "ftp://%s/x" % t.block(10)):
        t.fails(t.shelf.put("/away", redirect(to)), "redirects lead to http")
    loop = t.shelf.url("/loop")
    del t.shelf.asked[:]
    t.fails(t.shelf.put("/loop", redirect(loop)), "three redirects")
    assert len(t.shelf.asked) == 4, t.shelf.asked


def the_proxy_of_the_settings_is_used(t):
    url = t.shelf.put("/good.crl", t.der())
    del t.proxy.asked[:], t.other_proxy.asked[:]
    env = environment(http_proxy=t.other_proxy.url(""))
    code, sources = t.check(t.inside(url, proxy=t.proxy.url("")), env)
    assert code == FINE, sources
    assert sources[0]["proxy"] == t.proxy.url(""), sources
    assert t.proxy.asked == [(url, t.block(2))], t.proxy.asked
    assert t.other_proxy.asked == []


def proxies_of_the_environment_are_ignored_and_said_so(t):
    url = t.shelf.put("/good.crl", t.der())
    del t.other_proxy.asked[:]
    env = environment(http_proxy=t.other_proxy.url(""),
                      all_proxy=t.other_proxy.url(""), no_proxy="x")
    code, sources = t.check(t.inside(url), env)
    assert code == FINE, sources
    assert t.other_proxy.asked == []
    code, out, _ = edgectl("check", "crl", t.config(t.inside(url)), env=env)
    assert "none; environment proxies are ignored (http_proxy, all_proxy)" \
        in out, out


def a_dead_proxy_is_told_as_one(t):
    source = t.fails(t.shelf.put("/good.crl", t.der()),
                     proxy="http://%s:9" % t.block(13))
    assert "revocation.proxy" in source["mend"], source


def names_of_the_settings_need_no_dns(t):
    t.shelf.put("/good.crl", t.der())
    url = "http://crl.internal.example:%d/good.crl" % t.shelf.port
    over = merge(t.inside(url), {"hosts": t.base["hosts"] + (
        {"name": "crl.internal.example", "address": [t.block(10)]},)})
    code, sources = t.check(over)
    assert code == FINE, sources


def a_directory_gives_a_list_by_ldap(t):
    if not os.access(SLAPD, os.X_OK):
        raise Skip("slapd is not installed")
    d = Directory(t.folder, t.block(14), "ca", t.der())
    try:
        for attribute in ("?certificateRevocationList;binary", "",
                          "?certificateRevocationList?base"
                          "?(objectClass=cRLDistributionPoint)"):
            code, source = t.one(d.url + "/cn=ca,dc=test" + attribute)
            assert code == FINE, source
        t.fails(d.url + "/cn=empty,dc=test", "no certificateRevocationList")
        t.fails(d.url + "/cn=nobody,dc=test")
    finally:
        d.close()
    t.fails(d.url + "/cn=ca,dc=test", "onnect")


def nothing_to_look_into_is_a_finding(t):
    code, out, _ = edgectl("check", "crl", t.config(
        {"inside": {"revocation": {"mode": "auto"}}}))
    assert code == FINDINGS, out
    assert "inside: unchecked (auto)" in out and "outside: off" in out, out
    assert "set inside.revocation.crl" in out, out
    code, out, _ = edgectl("check", "crl", t.config({}))
    assert code == FINE, out


def wrong_command_lines_are_2(t):
    for wrong in ((), ("crl",), ("crl", "a", "b"), ("crl", "--no", "a"),
                  ("lists", "a"), ("crl", "/nowhere.cfg")):
        code, out, err = edgectl("check", *wrong)
        assert code == NO_LOOK and err and not out, (wrong, code)


def signed(t, name, extensions):
    """A certificate of the outside with extensions of its own."""
    base = os.path.join(t.folder, name)
    with open(base + ".ext", "w") as f:
        f.write("basicConstraints=critical,CA:FALSE\n"
                "subjectAltName=DNS:sip.example.com,DNS:sip.example.org\n"
                "extendedKeyUsage=serverAuth\n" + extensions)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", base + ".key",
            "-subj", "/CN=sip.example.com", "-out", base + ".csr")
    ca = os.path.join(t.pki.dir, "external-issuing")
    openssl("x509", "-req", "-in", base + ".csr", "-CA", ca + ".pem",
            "-CAkey", ca + ".key", "-set_serial", "4660", "-days", "30",
            "-extfile", base + ".ext", "-out", base + ".pem")
    with open(base + ".chain", "w") as out:
        for part in (base + ".pem", ca + ".pem"):
            with open(part) as f:
                out.write(f.read())
    return {"outside": {"tls": {"certificate": base + ".chain",
                                "key": base + ".key"}}}


def responder(t, status):
    """Answers by the openssl command; status: V good, R revoked."""
    ca = os.path.join(t.pki.dir, "external-issuing")
    index = os.path.join(t.folder, "index")

    def answer(handler):
        with open(index, "w") as f:
            f.write("%s\t491231235959Z\t%s\t1234\tunknown\t/CN=x\n"
                    % (status, "200101000000Z" if status == "R" else ""))
        with open(index + ".req", "wb") as f:
            f.write(handler.body)
        openssl("ocsp", "-index", index, "-CA", ca + ".pem", "-rsigner",
                ca + ".pem", "-rkey", ca + ".key", "-reqin", index + ".req",
                "-respout", index + ".answer", "-ndays", "3")
        with open(index + ".answer", "rb") as f:
            whole(handler, f.read())
    return answer


def a_responder_is_asked_for_a_staple(t):
    url = t.shelf.put("/ocsp", responder(t, "V"))
    over = signed(t, "stapled", "authorityInfoAccess=OCSP;URI:%s\n" % url)
    over = merge(over, {"outside": {"tls": {"ocsp": "auto"}}})
    code, sources = t.check(over)
    assert code == FINE, sources
    assert [s["by"] for s in sources] == ["ocsp"], sources
    assert sources[0]["where"] == url, sources
    t.shelf.put("/ocsp", responder(t, "R"))
    code, sources = t.check(over)
    assert code == FINDINGS, sources
    assert "was revoked" in sources[0]["failed"], sources
    t.shelf.put("/ocsp", b"hello")
    code, sources = t.check(over)
    assert "not an OCSP answer" in sources[0]["failed"], sources


def points_of_our_own_certificate_are_asked(t):
    url = t.shelf.put("/issuing.crl", t.der("external-issuing"))
    over = signed(t, "pointed", "crlDistributionPoints=URI:%s,URI:%s\n"
                  % (t.shelf.url("/gone.crl"), url))
    over = merge(over, {"outside": {"revocation": {"mode": "auto"}}})
    code, sources = t.check(over)
    assert code == FINE, sources
    assert [(s["by"], s["state"]) for s in sources] == [
        ("certificate", "spare"), ("certificate", "ok")], sources


def start(t, over, name, **env):
    folder = os.path.join(t.folder, name)
    os.makedirs(folder, exist_ok=True)
    config = merge(base_config(t.block, t.pki, folder + "/state"),
                   {"outside": {"revocation": {"mode": "off"}}})
    edge = Edge(merge(config, over), folder,
                ["env"] + ["%s=%s" % kv for kv in env.items()])
    edge.start([(t.block(1), 5061), (t.block(2), 5061)])
    return edge


def the_edge_fetches_keeps_and_lives_on_what_it_kept(t):
    url = t.shelf.put("/good.crl", t.der())
    proxy = t.other_proxy.url("")
    del t.other_proxy.asked[:]
    over = t.inside(url, mode="hard")
    edge = start(t, over, "daemon", http_proxy=proxy)
    try:
        edge.wait_log("crl-got leg=inside source=%s .*proxy=none" % url)
        edge.wait_log("crl-good leg=inside")
        edge.wait_log("proxy-ignored environment=http_proxy")
        assert t.other_proxy.asked == [], t.other_proxy.asked
        cache = os.path.join(t.folder, "daemon", "state", "crl")
        kept = os.listdir(cache)
        assert len(kept) == 1, kept
        mode = os.stat(os.path.join(cache, kept[0])).st_mode & 0o777
        assert mode == 0o600, oct(mode)
    finally:
        edge.stop()
    t.shelf.things.pop("/good.crl")
    edge = start(t, over, "daemon")
    try:
        edge.wait_log("crl-good leg=inside(.|\n)*crl-good leg=inside")
        assert "crl-missing" not in edge.log()
    finally:
        edge.stop()


def a_source_that_hangs_holds_nothing_up(t):
    url = t.shelf.put("/drip", drip)
    began = time.monotonic()
    edge = start(t, t.inside(url), "hanging")
    assert time.monotonic() - began < 8
    until("it is asked", lambda: any(a == "/drip" for a, _ in t.shelf.asked))
    began = time.monotonic()
    edge.stop()
    assert time.monotonic() - began < 5, "the end waits for no fetch"


TESTS = [
    ("a good list is told, with its dates and entries",
     a_good_list_is_told_with_its_dates_and_entries),
    ("PEM will do as well", pem_will_do_as_well),
    ("a file and a file URL are read", a_file_and_a_file_url_are_read),
    ("what is not there, or no list, is told",
     what_is_not_there_or_no_list_is_told),
    ("a list of another authority does not count",
     a_list_of_another_authority_does_not_count),
    ("an expired list is told", an_expired_list_is_told),
    ("an endless body is given up", an_endless_body_is_given_up),
    ("a server that drips is given up", a_server_that_drips_is_given_up),
    ("redirects lead to http only, and are few",
     redirects_lead_to_http_only_and_are_few),
    ("the proxy of the settings is used", the_proxy_of_the_settings_is_used),
    ("proxies of the environment are ignored, and said so",
     proxies_of_the_environment_are_ignored_and_said_so),
    ("a dead proxy is told as one", a_dead_proxy_is_told_as_one),
    ("names of the settings need no DNS", names_of_the_settings_need_no_dns),
    ("a directory gives a list by ldap", a_directory_gives_a_list_by_ldap),
    ("nothing to look into is a finding", nothing_to_look_into_is_a_finding),
    ("wrong command lines end with 2", wrong_command_lines_are_2),
    ("a responder is asked for a staple", a_responder_is_asked_for_a_staple),
    ("points of our own certificate are asked",
     points_of_our_own_certificate_are_asked),
    ("the edge fetches, keeps, and lives on what it kept",
     the_edge_fetches_keeps_and_lives_on_what_it_kept),
    ("a source that hangs holds nothing up",
     a_source_that_hangs_holds_nothing_up),
]


if __name__ == "__main__":
    raise SystemExit(bench.run(Bench, TESTS))
