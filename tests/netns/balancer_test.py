#!/usr/bin/python3
"""HAProxy before the edge: who is behind it is known by its PROXY header."""

import os
import re
import shutil
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from netlab import Skip, WorldGroup, main  # noqa: E402
from netlab.child import Child  # noqa: E402

LINE, BINARY, MUTE = "198.51.100.71", "198.51.100.72", "198.51.100.73"
WORDS = {LINE: "send-proxy check-send-proxy",
         BINARY: "send-proxy-v2 check-send-proxy", MUTE: ""}
behind = WorldGroup("HAProxy", {"a": {
    "outside": {"proxy_from": [a + "/32" for a in WORDS]}}})

SETTINGS = """global
    maxconn 100
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen edge
    bind %(address)s:5061
    server edge %(edge)s:5061 source %(address)s %(words)s
"""


def balancer(w, address, more=""):
    """Listens, speaks to the edge from the same address."""
    if not shutil.which("haproxy", path="/usr/sbin:/usr/bin"):
        raise Skip("haproxy is not installed")
    path = os.path.join(w.folder, "haproxy-%s.cfg" % address)
    with open(path, "w") as f:
        f.write(SETTINGS % {"address": address, "edge": w.a.outside,
                            "words": WORDS[address] + more})
    proxy = w.keep(Child("haproxy-" + address, w.folder,
                         w.spaces.prefix_of("net")
                         + ["haproxy", "-db", "-f", path]))
    proxy.wait_for("listens", lambda: hears(w, address))
    return address


def hears(w, address):
    return address + ":5061" in w.spaces.run("net", "ss", "-Htln")


@behind.test
def users_behind_both_forms_register_and_call_each_other(w):
    mark = w.a.edge.mark()
    erin = w.a.outer_phone("erin", "198.51.100.41", "register", "answer",
                           "stay", by=balancer(w, LINE))
    erin.step("register")
    alice = w.a.outer_phone("alice", "198.51.100.40", "register", "call",
                            "sip:erin@a.example", "hold", "ms=300",
                            by=balancer(w, BINARY))
    alice.step("call")
    erin.step("answer")
    for address in ("198.51.100.41", "198.51.100.40"):
        w.a.edge.wait_log(r" open peer=%s:\d+ " % re.escape(address), mark)
    assert "rule=proxy-header" not in w.a.edge.log(mark)


@behind.test
def its_health_checks_are_no_failures(w):
    mark = w.a.edge.mark()
    for address in (LINE, BINARY):
        balancer(w, address, " check inter 100ms")
    time.sleep(1)
    assert "rule=" not in w.a.edge.log(mark), w.a.edge.tail(3)


@behind.test
def without_a_header_it_is_shut_out_and_the_log_says_so(w):
    mark = w.a.edge.mark()
    w.a.outer_phone("alice", "198.51.100.40", "register",
                    by=balancer(w, MUTE))
    w.a.edge.wait_log(r" peer=%s:\d+ .*rule=proxy-header "
                      % re.escape(MUTE), mark)


if __name__ == "__main__":
    main("balancer", behind)
