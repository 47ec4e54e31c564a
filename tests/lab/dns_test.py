#!/usr/bin/python3
"""The resolver against a real DNS server: unbound on a loopback address.

resolve_probe.c is built against the libraries of BUILD_DIR and asks; unbound
serves two zones, one a leg, from its configuration file.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD_DIR", os.path.join(TOP, "build-asan"))
BASE = "127.0.30."
SHORT_TTL_S = 6

OUTSIDE = """
example.com. A 192.0.2.10
_sips._tcp.example.com. SRV 20 0 5062 late.example.com.
_sips._tcp.example.com. SRV 10 75 5061 most.example.com.
_sips._tcp.example.com. SRV 10 25 5061 less.example.com.
late.example.com. A 192.0.2.13
most.example.com. A 192.0.2.11
less.example.com. A 192.0.2.12
less.example.com. AAAA 2001:db8::12
plain.example.com. A 192.0.2.20
plain.example.com. A 192.0.2.21
plain.example.com. AAAA 2001:db8::20
onlysix.example.com. AAAA 2001:db8::6
_sip._tcp.tcp.example.com. SRV 0 0 5080 plain.example.com.
_sips._tcp.gone.example.com. SRV 0 0 0 .
gone.example.com. A 192.0.2.30
_sips._tcp.known.example.com. SRV 0 0 5071 home.example.com.
alias.example.com. CNAME plain.example.com.
dead.example.com. CNAME nowhere.example.com.
_sips._tcp.half.example.com. SRV 1 0 5061 lost.example.net.
_sips._tcp.half.example.com. SRV 2 0 5061 most.example.com.
_sipfederationtls._tcp.p.example.com. SRV 10 0 5061 edge1.p.example.com.
_sipfederationtls._tcp.p.example.com. SRV 20 0 5062 edge2.p.example.com.
_sips._tcp.p.example.com. SRV 0 0 5061 users.p.example.com.
_sipfederationtls._tcp.shut.example.com. SRV 0 0 0 .
_sips._tcp.shut.example.com. SRV 0 0 5061 users.p.example.com.
""" + "".join("""
_sips._tcp.big.example.com. SRV %d 0 %d big%d.example.com.
big%d.example.com. A 198.51.100.%d
""" % (i, 6000 + i, i, i, i) for i in range(1, 31)) + "".join(
    "n%d.many.example.com. A 203.0.113.%d\n" % (i, i % 250 + 1)
    for i in range(400))

INSIDE = """
example.com. A 10.0.0.10
plain.example.com. A 10.0.0.20
plain.example.com. AAAA fd00::20
plain.example.com. AAAA fd00::21
"""

# Zones of their own, each an island with a trust anchor.
SIGNED = """
$TTL 6
@ SOA ns host 1 3600 600 86400 6
@ NS ns
ns A 192.0.2.53
_sipfederationtls._tcp SRV 0 0 5061 edge.hoster.example.com.
_sips._tcp.users SRV 0 0 5071 sip
_sipfederationtls._tcp.old SRV 0 0 5061 edge
sip A 192.0.2.60
edge A 192.0.2.61
"""
ISLANDS = ("signed.example", "forged.example", "expired.example",
           "stripped.example")


def free_address():
    """An address and a port nobody listens at, for UDP and TCP alike."""
    host = BASE + str(10 + os.getpid() % 200)
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket() as tcp:
            udp.bind((host, 0))
            try:
                tcp.bind((host, udp.getsockname()[1]))
            except OSError:
                continue
            return udp.getsockname()
    raise OSError("no free port at " + host)


class Server:
    """One unbound with its zone."""

    def __init__(self, folder, name, zone):
        self.folder, self.name, self.zone = folder, name, zone
        self.host, self.port = free_address()
        self.process, self.islands = None, []
        self.at = "%s@%d" % (self.host, self.port)

    def config(self):
        lines = ["server:", "  interface: " + self.at, "  chroot: \"\"",
                 "  username: \"\"", "  pidfile: \"\"", "  directory: \"%s\""
                 % self.folder, "  use-syslog: no", "  do-daemonize: no",
                 "  access-control: 127.0.0.0/8 allow", "  num-threads: 1",
                 "  module-config: \"iterator\"", "  do-ip6: no",
                 "  local-zone: \"example.com.\" static",
                 "  local-zone: \"example.net.\" always_refuse",
                 "  local-zone: \"test.\" static"]
        for row in self.zone.split("\n"):
            if row.strip():
                name, data = row.split(" ", 1)
                lines.append("  local-data: '%s %d IN %s'"
                             % (name, SHORT_TTL_S, data))
        for zone in self.islands:
            lines += ["auth-zone:", "  name: \"%s.\"" % zone,
                      "  zonefile: \"%s\"" % zone, "  for-downstream: no",
                      "  for-upstream: yes", "  fallback-enabled: no"]
        lines += ["remote-control:", "  control-enable: no", ""]
        return "\n".join(lines)

    def start(self):
        path = os.path.join(self.folder, self.name + ".conf")
        with open(path, "w") as f:
            f.write(self.config())
        self.process = subprocess.Popen(
            [shutil.which("unbound", path="/usr/sbin:/usr/bin"), "-d", "-c",
             path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.wait_until_up()

    def wait_until_up(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise OSError("unbound did not start: "
                      + self.process.stderr.read().decode()[-300:])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()


def make_island(folder, zone):
    """Write a signed zone, or one that pretends; its trust anchor."""
    def tool(*words):
        done = subprocess.run(words, cwd=folder, capture_output=True,
                              text=True)
        if done.returncode:
            raise OSError("%s: %s" % (words[0], done.stderr[-300:]))
        return done.stdout.strip()

    path = os.path.join(folder, zone)
    with open(path, "w") as f:
        f.write("$ORIGIN %s.\n%s" % (zone, SIGNED))
    key = tool("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone + ".")
    dates = ["-i", "20200101", "-e", "20200201"] \
        if zone == "expired.example" else []
    tool("ldns-signzone", *dates, "-f", zone + ".signed", zone, key)
    if zone != "stripped.example":
        with open(path + ".signed") as f:
            text = f.read()
        if zone == "forged.example":
            text = text.replace("edge.hoster.example.com.",
                                "edge.robber.example.com.")
        with open(path, "w") as f:
            f.write(text)
    with open(os.path.join(folder, key + ".ds")) as f:
        return f.read()


def cached(name):
    """A variable of BUILD_DIR's CMake cache."""
    with open(os.path.join(BUILD, "CMakeCache.txt")) as f:
        found = re.search(r"^%s:\w+=(.*)$" % name, f.read(), re.M)
    return found.group(1) if found else ""


def build_probe(folder):
    probe = os.path.join(folder, "resolve_probe")
    sanitize = cached("SANITIZE") in ("ON", "TRUE", "1", "YES")
    command = [cached("CMAKE_C_COMPILER") or "cc", "-std=gnu11",
               "-D_GNU_SOURCE", "-O1", "-g", "-I" + TOP + "/include"]
    if sanitize:
        command.append("-fsanitize=address,undefined")
    command += ["-o", probe, os.path.join(HERE, "resolve_probe.c"),
                BUILD + "/edge/libnet.a", BUILD + "/common/libsettings.a",
                BUILD + "/common/libbase.a", "-lconfig", "-lunbound", "-luv", "-lssl", "-lcrypto", "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError("resolve_probe: " + done.stderr[-400:])
    return probe


class Bench:
    """Two servers and a probe that asks them."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="edgelab-dns-")
        self.servers, self.probe, self.bad = [], None, 0

    def open(self):
        program = build_probe(self.folder)
        self.outside = Server(self.folder, "outside", OUTSIDE)
        self.servers.append(self.outside)
        self.anchor = os.path.join(self.folder, "anchors")
        with open(self.anchor, "w") as f:
            f.write("".join(make_island(self.folder, z) for z in ISLANDS))
        self.outside.islands = ISLANDS
        self.outside.start()
        self.inside = Server(self.folder, "inside", INSIDE)
        self.servers.append(self.inside)
        self.inside.start()
        self.probe = subprocess.Popen(
            [program, self.outside.at, self.inside.at,
             "home.example.com=127.0.0.9"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=open(os.path.join(self.folder, "log"), "w"))

    def close(self):
        """The probe must end by itself, clean, and say nothing but events."""
        if self.probe:
            self.probe.stdin.close()
            code = self.probe.wait(60)
            with open(os.path.join(self.folder, "log")) as f:
                said = [x for x in f if not re.match(r"\S+Z dns ", x)]
            assert code == 0 and not said, \
                "ended with %d: %s" % (code, "".join(said)[:300])

    def clean(self):
        if self.probe and self.probe.poll() is None:
            self.probe.kill()
            self.probe.wait()
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder, True)

    def ask(self, *words):
        self.probe.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.probe.stdin.flush()
        return self.probe.stdout.readline().strip()

    def look(self, name, port=0, leg="outside", transport="tls"):
        return self.ask("look", leg, transport, name, port)

    def expect(self, want, *arguments, **options):
        got = self.look(*arguments, **options)
        assert got == want, "%s: %r, not %r" % (arguments[0], got, want)

    def edges(self, want, domain):
        got = self.ask("edges", domain)
        assert got == want, "%s: %r, not %r" % (domain, got, want)


def the_federation_service_comes_first(t):
    t.edges("open edge1.p.example.com:5061 edge2.p.example.com:5062",
            "p.example.com")


def sips_stands_in_for_the_federation_service(t):
    t.edges("open home.example.com:5071", "known.example.com")


def a_domain_without_federation_has_nobody(t):
    t.edges("nobody", "plain.example.com")
    t.edges("nobody", "nobody.example.com")
    t.edges("nobody", "192.0.2.1")
    t.edges("nobody", "shut.example.com")
    t.edges("EIO", "example.net")


def without_trust_anchor_nothing_is_secure(t):
    t.edges("open edge.hoster.example.com:5061", "signed.example")
    t.edges("open edge.robber.example.com:5061", "forged.example")


def a_signed_service_is_secure(t):
    got = t.ask("reload", t.outside.at, t.inside.at, t.anchor)
    assert got == "ok", got
    t.edges("secure edge.hoster.example.com:5061", "signed.example")
    t.edges("secure sip.signed.example:5071", "users.signed.example")
    t.edges("nobody", "sip.signed.example")
    t.expect("192.0.2.60:5061", "sip.signed.example", 5061)
    t.edges("open edge1.p.example.com:5061 edge2.p.example.com:5062",
            "p.example.com")


def a_forged_service_is_a_failure(t):
    t.edges("EIO", "forged.example")
    t.expect("192.0.2.60:5061", "sip.forged.example", 5061)
    for zone in ("expired.example", "stripped.example"):
        t.edges("EIO", zone)
        t.expect("EIO", "sip." + zone, 5061)


def a_trust_anchor_that_cannot_be_read_is_said_at_once(t):
    got = t.ask("reload", t.outside.at, t.inside.at, t.folder + "/none")
    assert re.match("failed: dns: .*/none: No such file", got), got
    bad = os.path.join(t.folder, "bad")
    with open(bad, "w") as f:
        f.write("this is no record\n")
    got = t.ask("reload", t.outside.at, t.inside.at, bad)
    assert re.match("failed: dns: .*/bad: ", got), got
    t.edges("secure edge.hoster.example.com:5061", "signed.example")
    assert t.ask("reload", t.outside.at, t.inside.at) == "ok"


def services_come_by_priority_and_weight(t):
    firsts = []
    for _ in range(400):
        words = t.look("example.com").split()
        assert words[2] == "192.0.2.13:5062" and len(words) == 3, words
        firsts.append(words[0])
    most = firsts.count("192.0.2.11:5061")
    less = firsts.count("192.0.2.12:5061")
    assert most + less == 400 and 220 < most < 370, (most, less)


def tcp_asks_for_its_own_service(t):
    got = t.look("tcp.example.com", transport="tcp").split()
    assert sorted(got) == ["192.0.2.20:5080", "192.0.2.21:5080"], got
    t.expect("ENOENT", "tcp.example.com")


def a_host_without_service_has_the_default_port(t):
    got = t.look("plain.example.com").split()
    assert sorted(got) == ["192.0.2.20:5061", "192.0.2.21:5061"], got
    got = t.look("plain.example.com", transport="tcp").split()
    assert sorted(got) == ["192.0.2.20:5060", "192.0.2.21:5060"], got


def a_port_leaves_services_alone(t):
    t.expect("192.0.2.10:5099", "example.com", 5099)


def each_leg_has_its_own_dns_and_families(t):
    t.expect("10.0.0.10:5061", "example.com", leg="inside")
    got = t.look("plain.example.com", 5070, leg="inside").split()
    assert sorted([got[0], got[2]]) == ["[fd00::20]:5070",
                                        "[fd00::21]:5070"], got
    assert got[1] == "10.0.0.20:5070", got
    t.expect("ENOENT", "onlysix.example.com", 5061)


def a_dot_says_that_the_service_is_not_there(t):
    t.expect("ENOENT", "gone.example.com")


def a_target_may_be_in_the_settings_hosts(t):
    t.expect("127.0.0.9:5071", "known.example.com")
    t.expect("127.0.0.9:5061", "HOME.example.com.")


def an_alias_is_followed(t):
    got = t.look("alias.example.com", 5061).split()
    assert sorted(got) == ["192.0.2.20:5061", "192.0.2.21:5061"], got
    t.expect("ENOENT", "dead.example.com", 5061)


def what_is_not_there_is_said_at_once(t):
    began = time.monotonic()
    t.expect("ENOENT", "nobody.example.com")
    t.expect("ENOENT", "nobody.test", 5061)
    assert time.monotonic() - began < 4, "took too long"


def a_server_that_refuses_is_a_failure(t):
    t.expect("EIO", "any.example.net", 5061)
    t.expect("192.0.2.11:5061", "half.example.com")


def a_long_list_is_cut_at_sixteen(t):
    got = t.look("big.example.com").split()
    want = ["198.51.100.%d:%d" % (i, 6000 + i) for i in range(1, 17)]
    assert got == want, got


def many_names_at_once_are_all_found(t):
    got = t.ask("many", "outside", 400, "many.example.com")
    assert got == "400", got
    got = t.ask("leave", "outside", 400, "left.example.com")
    assert got == "0", got
    t.expect("192.0.2.10:5099", "example.com", 5099)


def a_known_name_costs_next_to_nothing(t):
    for name in ("example.com", "home.example.com", "192.0.2.1"):
        word, ns = t.ask("cost", "outside", 20000, name).split()
        limit = 20000 if cached("SANITIZE") == "ON" else 2000
        assert word == "ok" and float(ns) < limit, (name, word, ns)


def records_change_after_their_time_to_live(t):
    t.expect("192.0.2.13:5061", "late.example.com", 5061)
    t.outside.stop()
    t.outside.zone = OUTSIDE.replace("192.0.2.13", "192.0.2.99")
    t.outside.start()
    t.expect("192.0.2.13:5061", "late.example.com", 5061)
    # Kept here, and below in libunbound, each for the whole time.
    time.sleep(2 * SHORT_TTL_S + 1)
    t.expect("192.0.2.99:5061", "late.example.com", 5061)


def a_dead_server_is_a_failure_and_then_found_again(t):
    t.outside.stop()
    began = time.monotonic()
    got = t.look("new1.many.example.com", 5061)
    took = time.monotonic() - began
    t.expect("10.0.0.10:5061", "example.com", leg="inside")
    t.outside.start()
    assert got in ("EIO", "ETIMEDOUT") and took < 15, (got, took)
    end = time.monotonic() + 40
    while t.look("n399.many.example.com", 5061) != "203.0.113.150:5061":
        assert time.monotonic() < end, "not found again in 40 s"
        time.sleep(1)


def a_mute_server_is_a_time_out(t):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind((t.outside.host, 0))
        at = "%s@%d" % mute.getsockname()
        assert t.ask("reload", at, t.inside.at) == "ok"
        began = time.monotonic()
        t.expect("ETIMEDOUT", "n7.many.example.com", 5061)
        took = time.monotonic() - began
        assert 4 < took < 15, took


def a_second_server_stands_in_for_a_dead_one(t):
    dead = "%s@%d" % free_address()
    got = t.ask("reload", dead + "," + t.outside.at, t.inside.at)
    assert got == "ok", got
    t.expect("192.0.2.10:5099", "example.com", 5099)
    t.expect("10.0.0.10:5061", "example.com", leg="inside")


def a_reload_takes_other_servers(t):
    assert t.ask("reload", t.inside.at, t.outside.at) == "ok"
    t.expect("10.0.0.10:5099", "example.com", 5099)
    got = t.ask("reload", "not-an-address", t.inside.at)
    assert got == "failed: dns: not-an-address: syntax error", got
    t.expect("10.0.0.10:5099", "example.com", 5099)
    assert t.ask("reload", t.outside.at, t.inside.at) == "ok"
    t.expect("192.0.2.10:5099", "example.com", 5099)


TESTS = [
    the_federation_service_comes_first,
    sips_stands_in_for_the_federation_service,
    a_domain_without_federation_has_nobody,
    without_trust_anchor_nothing_is_secure,
    a_signed_service_is_secure,
    a_forged_service_is_a_failure,
    a_trust_anchor_that_cannot_be_read_is_said_at_once,
    services_come_by_priority_and_weight,
    tcp_asks_for_its_own_service,
    a_host_without_service_has_the_default_port,
    a_port_leaves_services_alone,
    each_leg_has_its_own_dns_and_families,
    a_dot_says_that_the_service_is_not_there,
    a_target_may_be_in_the_settings_hosts,
    an_alias_is_followed,
    what_is_not_there_is_said_at_once,
    a_server_that_refuses_is_a_failure,
    a_long_list_is_cut_at_sixteen,
    many_names_at_once_are_all_found,
    a_known_name_costs_next_to_nothing,
    records_change_after_their_time_to_live,
    a_dead_server_is_a_failure_and_then_found_again,
    a_mute_server_is_a_time_out,
    a_second_server_stands_in_for_a_dead_one,
    a_reload_takes_other_servers,
    Bench.close,
]


def missing():
    if not shutil.which("unbound", path="/usr/sbin:/usr/bin"):
        return "unbound is not installed"
    if not shutil.which("ldns-signzone"):
        return "ldns-signzone (ldnsutils) is not installed"
    if not os.path.exists(BUILD + "/edge/libnet.a"):
        return "there is no %s/edge/libnet.a" % BUILD
    return None


def run(t):
    t.open()
    for test in TESTS:
        name = "dns: " + (test.__name__.replace("_", " ")
                          if test is not Bench.close
                          else "the resolver ends clean")
        try:
            test(t)
            print("ok " + name, flush=True)
        except Exception as e:  # each test says its own line
            t.bad += 1
            why = " ".join(("%s" % (e or type(e).__name__)).split())
            print("not ok %s: %s" % (name, why), flush=True)


def main():
    why = missing()
    if why:
        print("skip dns: " + why)
        return 0
    t = Bench()
    try:
        run(t)
    except OSError as e:
        t.bad += 1
        print("not ok dns: %s" % " ".join(str(e).split()))
    finally:
        t.clean()
    return 1 if t.bad else 0


sys.exit(main())
