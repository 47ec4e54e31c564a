"""A lab: director, two homes and one edge on loopback; and the test runner."""

import os
import re
import shutil
import sys
import tempfile
import time
import traceback

from . import edge as edges
from .peers import Device, Party
from .pki import pki
from .place import Block, until
from .servers import Director, FakeServer, Home
from .sip import fresh
from .stream import (WAIT_S, Stream, client_context, connect_tcp,
                     connect_tls)

OUTSIDE_FQDN = "sip.example.com"
INSIDE_FQDN = "edge01.internal.example"
_block = []


class Skip(Exception):
    """This test cannot run here; the text says why."""


def block():
    if not _block:
        _block.append(Block())
    return _block[0]


def base_config(b, certs, state):
    """As config/lab.cfg, at this block's addresses, in less of a hurry to
    put servers aside."""
    def leg(host, name, side):
        chain, key = certs.cert(name)
        return {"address": [b(host)],
                "fqdn": OUTSIDE_FQDN if side == "outside" else INSIDE_FQDN,
                "tls": {"port": 5061, "certificate": chain, "key": key,
                        "trust": certs.ca(side)}}
    servers = {"dir01": 3, "home01": 4, "home02": 5}
    return {
        "edge": {"state_dir": state, "workers": 2, "log_level": "info",
                 "sip_domains": ["example.com", "example.org"]},
        "outside": dict(leg(1, "edge-outside", "outside"), users_port=4443),
        "inside": dict(leg(2, "edge-inside", "inside"), trusted_servers=[
            n + ".internal.example" for n in servers]),
        "hosts": tuple({"name": n + ".internal.example", "address": [b(h)]}
                       for n, h in servers.items()),
        "routing": {"directors": ["dir01.internal.example"],
                    "home_servers": ["home01.internal.example",
                                     "home02.internal.example"]},
        "devices": {"enabled": True, "leg": "outside", "tcp_port": 5060,
                    "device": (
                        {"name": "room1", "address": [b(50)],
                         "identities": ["sip:room1@example.com"],
                         "calls_per_s": 1000,
                         "contact": "sip:room1@%s:5060;transport=tcp" % b(50)},
                        {"name": "room2", "address": [b(51)],
                         "identities": ["sip:room2@example.com"],
                         "calls_per_s": 1000,
                         "contact": "sip:room2@%s:5060;transport=tcp"
                                    % b(51)})},
        "limits": {"target_aside_s": 0, "connect_ms": 5000, "drain_s": 3},
    }


class Lab:
    """Everything of one edge; `change` is laid over base_config()."""

    inside_fqdn = INSIDE_FQDN

    def __init__(self, change=None, prefix=(), edge_up=True, setup=None):
        self.block, self.pki = block(), pki()
        self.folder = tempfile.mkdtemp(prefix="edgelab-")
        self.config = base_config(self.block, self.pki,
                                  os.path.join(self.folder, "state"))
        if change:
            self.config = edges.merge(self.config, change(self)
                                      if callable(change) else change)
        self.open, self.edge = [], None
        self._aliases()
        self.director = Director(self)
        self.home1 = Home(self, "home01", 4)
        self.home2 = Home(self, "home02", 5)
        self.servers = [self.director, self.home1, self.home2]
        if setup:
            setup(self)
        try:
            for s in self.servers:
                s.start()
            self.edge = edges.Edge(self.config, self.folder, prefix)
            if edge_up:
                self.edge.start(self.ports())
        except BaseException:
            self.close()
            raise

    def _aliases(self):
        c = self.config
        self.outside = (c["outside"]["address"][0], c["outside"]["tls"]["port"])
        self.inside = (c["inside"]["address"][0], c["inside"]["tls"]["port"])
        self.users = (self.outside[0], c["outside"].get("users_port"))
        leg = c[(c.get("devices") or {}).get("leg", "outside")]
        self.device_door = (leg["address"][0], 5060)

    def ports(self):
        return [(a, self.config[leg]["tls"]["port"])
                for leg in ("outside", "inside")
                for a in self.config[leg]["address"]]

    def restart(self):
        """As after a power cut: killed, started, same state folder."""
        self.edge.kill()
        for s in self.servers:
            s.hang_up()
        self.edge.start(self.ports())

    # who comes from outside

    def keep(self, thing):
        self.open.append(thing)
        return thing

    def tls(self, source=None, to=None, cert=None, name=OUTSIDE_FQDN,
            trust=None, rcvbuf=None, **how):
        """A TLS connection to the outside leg, as a Stream."""
        ctx = client_context(trust or self.pki.ca("outside"), cert, **how)
        to = to or self.outside
        sock = connect_tls(to, ctx, name, self.source(source, to),
                           rcvbuf=rcvbuf)
        return self.keep(Stream(sock, "tls"))

    def tcp(self, to, source=None):
        sock = connect_tcp(to, self.source(source, to))
        return self.keep(Stream(sock, "tcp"))

    def source(self, source, to):
        if source or ":" in to[0]:
            return source
        return self.block.client()

    def to_inside(self, cert=None, source=None, **how):
        """A TLS connection to the inside leg."""
        return self.tls(source or self.block(60), self.inside, cert,
                        INSIDE_FQDN, self.pki.ca("inside"), **how)

    def name(self):
        return fresh("u")

    def user(self, name=None, domain="example.com", **how):
        """A remote user, connected, not registered."""
        aor = "sip:%s@%s" % (name or self.name(), domain)
        return Party(self.tls(**how), aor)

    def registered(self, name=None, register=None, **how):
        """A remote user, registered."""
        user = self.user(name, **how)
        user.register(**(register or {}))
        return user

    def device(self, host=50, name="room1"):
        """A device's connection to the device door, taken in: until the edge
        answers, its worker may not have seen the connection yet."""
        stream = self.tcp(self.device_door, self.block(host))
        stream.send(b"\r\n\r\n")
        stream.expect_pong()
        stream.pongs = 0
        return Device(stream, "sip:%s@example.com" % name,
                      "sip:%s@%s:5060;transport=tcp"
                      % (name, self.block(host)))

    def device_listener(self, host=50):
        """The device's own TCP port, for calls to it."""
        return self.keep(FakeServer("device", self.block(host), 5060).start())

    # what must not happen

    def inside_counts(self):
        return [s.counts() for s in self.servers]

    def no_connection_inside(self, before, settle=0.2):
        """Nothing came to any server inside since `before`."""
        time.sleep(settle)
        assert self.inside_counts() == before, \
            "went inside: %r" % [s.messages[-1:] for s in self.servers]

    def refused(self, party, raw, status=403, rule=None):
        """A request is refused, logged, and nothing of it goes inward."""
        before, mark = self.inside_counts(), self.edge.mark()
        party.send(raw)
        resp = party.expect(status)
        self.no_connection_inside(before, 0.05)
        line = self.refusal_line(mark, resp.status)
        assert not (rule and line) or re.search(r"rule=(%s)\b" % rule, line), \
            line
        return resp

    def refusal_line(self, mark, status):
        """The log line of a refusal; "" when there were so many within a
        second that the log only counts them."""
        many = self.edge.log().count(" refuse ") >= 50
        try:
            return self.edge.wait_log(r" refuse .*rule=\S+.* status=%d"
                                      % status, mark, 1.5 if many else WAIT_S)
        except AssertionError:
            if not many:
                raise
            return ""

    # between tests and at the end

    def tidy(self):
        """Ready for the next test: clients gone, servers as new."""
        for thing in self.open:
            thing.stop() if isinstance(thing, FakeServer) else thing.close()
        self.open = []
        for s in self.servers:
            s.hang_up()
            if not s.listener:
                s.start()
            s.reset()
            s.reset_script()

    def close(self):
        """Stop all; raises when the edge did not end well."""
        try:
            self.tidy_open()
            if self.edge and self.edge.proc:
                self.edge.stop()
        finally:
            if self.edge and self.edge.proc:
                self.edge.kill()
            for s in self.servers:
                s.hang_up()
                s.stop()
            if os.environ.get("EDGELAB_KEEP"):
                print("# kept " + self.folder)
            else:
                shutil.rmtree(self.folder, True)

    def tidy_open(self):
        for thing in self.open:
            thing.stop() if isinstance(thing, FakeServer) else thing.close()
        self.open = []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.close()
        except AssertionError:
            if kind is None:
                raise


class Group:
    """Tests that share one lab."""

    def __init__(self, name, change=None, fresh_lab=False, **how):
        self.name, self.change, self.how = name, change, how
        self.fresh_lab, self.tests = fresh_lab, []

    def test(self, fn):
        self.tests.append(fn)
        return fn

    def make(self):
        return Lab(self.change, **self.how)


class Runner:
    """Runs groups and prints one line a test."""

    def __init__(self, topic, only):
        self.topic, self.only, self.bad, self.lab = topic, only, 0, None

    def say(self, kind, name, why=None):
        line = "%s %s: %s" % (kind, self.topic, name)
        print(line + (": " + " ".join(str(why).split()) if why else ""),
              flush=True)
        if kind == "not ok":
            self.bad += 1

    def selected(self, group):
        return [t for t in group.tests
                if not self.only or any(o in t.__name__.replace("_", " ")
                                        for o in self.only)]

    def run(self, group):
        tests = self.selected(group)
        if not tests:
            return
        for t in tests:
            self.one(group, t)
        self.finish(group)

    def one(self, group, t):
        name = t.__name__.replace("_", " ")
        began = time.monotonic()
        try:
            self.lab = self.lab or group.make()
            t(self.lab)
            dead = not self.lab.edge.alive()
            assert not dead, "sip-edge died: %s" % self.death()
            self.say("ok", name)
        except Skip as e:
            self.say("skip", name, e)
        except Exception as e:  # a test may fail in any way
            self.failed(name, e)
        if os.environ.get("EDGELAB_TIMES"):
            print("# %.2f s %s" % (time.monotonic() - began, name))
        self.after(group)

    def death(self):
        return self.lab.edge.sick() or self.lab.edge.tail(2)

    def failed(self, name, e):
        where = [f for f in traceback.extract_tb(e.__traceback__)
                 if f.filename.endswith("_test.py")]
        at = " (line %d)" % where[-1].lineno if where else ""
        why = str(e) or type(e).__name__
        if not isinstance(e, AssertionError):
            why = type(e).__name__ + " " + why
        if self.lab and not self.lab.edge.alive() and "died" not in why:
            why += "; sip-edge died: " + self.death()
        self.say("not ok", name, why[:600] + at)
        if self.lab and os.environ.get("EDGELAB_LOG"):
            for line in self.lab.edge.log().splitlines()[-40:]:
                print("    " + line)

    def after(self, group):
        """Tidy; a lab that is spoilt, or wanted once, is thrown away."""
        if not self.lab:
            return
        try:
            if group.fresh_lab:
                self.finish(group)
            elif not self.lab.edge.alive():
                self.drop()
            else:
                self.lab.tidy()
        except Exception as e:
            self.say("not ok", group.name + ", tidied", e)
            self.drop()

    def drop(self):
        lab, self.lab = self.lab, None
        try:
            lab.close()
        except Exception:
            pass

    def finish(self, group):
        lab, self.lab = self.lab, None
        if not lab:
            return
        try:
            lab.close()
            if not group.fresh_lab:
                self.say("ok", group.name + " edge ends cleanly")
        except Exception as e:
            self.say("not ok", group.name + " edge ends cleanly", e)


def main(topic, *groups):
    """Run a file's groups; the process's exit code."""
    if not edges.program():
        print("skip %s: no sip-edge is built (BUILD_DIR/edge/sip-edge)"
              % topic)
        sys.exit(0)
    runner = Runner(topic, sys.argv[1:])
    for g in groups:
        runner.run(g)
    sys.exit(1 if runner.bad else 0)


__all__ = ["Group", "Lab", "Skip", "base_config", "block", "main", "until"]
