#!/usr/bin/python3
"""sip-edge -t FILE: what it says of broken files, and of the examples."""

import copy
import glob
import os
import re
import shutil
import subprocess

from edgelab import (TOP, bench, check_config, libconfig, merge, pki,
                     program)

OK = 0


class Bench(bench.Bench):
    """What sip-edge -t says of settings."""

    topic = "settings"

    def check(self, config):
        """(exit code, output, path) of sip-edge -t on a configuration."""
        path = self.write(config, "t.cfg")
        code, said = check_config(path)
        return code, said, path

    def complains(self, change, *words):
        """A broken file: refused, FILE:LINE: names the line and says what."""
        config = change if isinstance(change, str) else \
            merge(copy.deepcopy(self.base), change)
        code, said, path = self.check(config)
        assert code != OK, "accepted: %r; said %s" % (change, said)
        m = re.search(re.escape(path) + r":(\d+): (.+)", said)
        assert m, "no FILE:LINE: in %r" % said
        for word in words:
            assert re.search(word, said), "no /%s/ in %r" % (word, said)
        return int(m.group(1)), said


def the_lab_configuration_is_fine(t):
    code, said, _ = t.check(t.base)
    assert code == OK, said


def an_unknown_key_is_an_error_and_the_nearest_is_named(t):
    line, said = t.complains({"edge": {"wrokers": 2}}, "wrokers", "workers")
    text = libconfig(merge(t.base, {"edge": {"wrokers": 2}})).splitlines()
    assert "wrokers" in text[line - 1], "line %d: %s" % (line, said)


def an_unknown_group_is_an_error(t):
    t.complains({"outsied": {"a": 1}}, "outsied")


def a_number_must_be_one_and_in_its_range(t):
    t.complains({"limits": {"handshake_s": "ten"}}, "handshake_s")
    t.complains({"limits": {"handshake_s": 0}}, "handshake_s")
    t.complains({"limits": {"handshake_s": 1000000}}, "handshake_s")
    t.complains({"limits": {"headers": 257}}, "headers")


def a_missing_required_key_is_named(t):
    t.complains({"outside": {"fqdn": None}}, "fqdn")
    t.complains({"edge": {"sip_domains": None}}, "sip_domains")
    t.complains({"inside": None}, "inside")


def a_missing_file_is_named(t):
    t.complains({"outside": {"tls": {"certificate": "/nowhere/x.pem"}}},
                "/nowhere/x.pem")


def a_key_that_others_can_read_is_refused(t):
    _, key = pki().cert("edge-outside")
    loose = os.path.join(t.folder, "loose.key")
    shutil.copy(key, loose)
    os.chmod(loose, 0o644)
    t.complains({"outside": {"tls": {"key": loose}}}, "loose.key", "0600")


def certificates_and_keys_come_in_pairs(t):
    chain, key = pki().cert("dir01")
    own = pki().cert("edge-outside")[0]
    t.complains({"outside": {"tls": {"client_certificate": chain}}},
                "client_key")
    t.complains({"inside": {"tls": {"client_key": key}}},
                "client_certificate")
    t.complains({"outside": {"tls": {"also": ({"certificate": own,
                                               "key": key},)}}},
                "already in line")
    t.complains({"inside": {"tls": {"also": ({"certificate": chain,
                                              "key": key},)}}},
                r"inside\.tls\.also: there is no such setting")
    t.complains({"outside": {"tls": {"ocsp": "always"}}}, "ocsp")


def lists_of_revoked_certificates_are_somewhere(t):
    def says(lists, *words):
        t.complains({"inside": {"revocation": lists}}, *words)

    says({"mode": "strict"}, "auto", "hard")
    says({"crl": ["ca.crl"]}, "begins with a slash")
    says({"crl": ["https://ca.example/ca.crl"]}, "would need a list itself")
    says({"proxy": "10.0.0.8:3128"}, "http://host:port")
    says({"mode": "hard", "crl": ["/nowhere/ca.crl"]}, "/nowhere/ca.crl")
    says({"mode": "hard", "distribution_points": False}, "neither crl nor")
    says({"grace_h": 9000}, "8760")


def services_lie_in_our_domains_and_servers_in_one_pool(t):
    ours = t.base["edge"]["sip_domains"][0]
    t.complains({"services": {"av": "av.elsewhere.example"}}, "av." + ours)
    t.complains({"services": {"pools": (
        {"name": "p1.example", "members": ["a.example"]},
        {"name": "p2.example", "members": ["a.example"]})}},
                r"a\.example\" is already in line")
    t.complains({"edge": {"key_log": "keys.log"}}, "slash")


def legs_may_not_share_an_address_or_take_all(t):
    t.complains({"inside": {"address": t.base["outside"]["address"]}},
                "address")
    t.complains({"inside": {"address": ["0.0.0.0"]}}, "0.0.0.0")
    t.complains({"outside": {"address": ["::"]}}, "::")


def names_must_be_names(t):
    t.complains({"outside": {"fqdn": "not a name"}}, "fqdn")
    t.complains({"edge": {"sip_domains": ["exa_mple..com"]}}, "sip_domains")
    t.complains({"inside": {"trusted_servers": ["*.internal.example"]}},
                "trusted_servers")


def there_must_be_somewhere_to_send_requests(t):
    t.complains({"routing": {"directors": None, "home_servers": None}},
                "home_servers|routing")
    t.complains({"routing": {"home_servers": None}}, "home_servers")


def devices_need_a_leg_a_port_and_an_entry(t):
    t.complains({"devices": {"leg": None}}, "leg")
    t.complains({"devices": {"tcp_port": None}}, "tcp_port")
    t.complains({"devices": {"device": None}}, "device")
    t.complains({"devices": {"leg": "middle"}}, "leg")


def devices_may_not_overlap(t):
    room1, room2 = t.base["devices"]["device"]
    t.complains({"devices": {"device": (room1, dict(room1, name="x"))}},
                "room1|overlap|address")
    t.complains({"devices": {"device": (room1, dict(room2, name="room1"))}},
                "room1")


def a_device_must_use_addresses_of_ours(t):
    room1, _ = t.base["devices"]["device"]
    t.complains({"devices": {"device": (dict(
        room1, identities=["sip:room1@elsewhere.example"]),)}},
                "elsewhere.example")
    t.complains({"devices": {"device": (dict(
        room1, contact="sip:room1@1.2.3.4;transport=udp"),)}}, "contact")


def two_listeners_may_not_meet(t):
    t.complains({"outside": {"users_port": 5061}}, "users_port|5061")
    t.complains({"devices": {"tcp_port": 5061}}, "5061")
    t.complains({"outside": {"tls": {"port": 70000}}}, "port")


def a_syntax_error_names_its_line(t):
    text = libconfig(t.base)
    line, _ = t.complains(text + "\nnonsense = = 1;\n", "edge|t.cfg")
    assert line == len(text.splitlines()) + 2, line


def a_file_that_is_not_there_is_an_error(t):
    code, said = check_config(t.folder + "/missing.cfg")
    assert code != OK and "missing.cfg" in said, said


def start_fails(*arguments):
    """sip-edge ends with an error and not by a signal; what it said."""
    done = subprocess.run([program(), *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60,
                          stdin=subprocess.DEVNULL)
    assert done.returncode not in (0, -6, -11), (arguments, done.returncode)
    return done.stdout.decode()


def nothing_is_started_with_a_broken_file(t):
    said = start_fails(t.write(merge(t.base, {"edge": {"nope": 1}}),
                               "broken.cfg"))
    assert "broken.cfg:" in said, said


def a_wrong_command_line_is_told(t):
    for args in ([], ["-t"], ["--nonsense"], ["a", "b"]):
        assert start_fails(*args), "silent on %r" % args


def a_key_of_another_certificate_is_refused_at_the_start(t):
    said = start_fails(t.write(merge(t.base, {"outside": {"tls": {
        "key": pki().cert("dir01")[1]}}}), "mixed.cfg"))
    assert "dir01.key" in said or "edge-outside" in said, said


def an_address_that_is_not_here_is_told_at_the_start(t):
    said = start_fails(t.write(merge(t.base, {"outside": {
        "address": ["192.0.2.77"]}}), "away.cfg"))
    assert "192.0.2.77" in said, said


def placeholders_filled(t, text):
    """An example's text with files that exist here."""
    text = text.replace("@LAB@", t.folder + "/lab")
    for path in sorted(set(re.findall(r'"(/[^"]*\.(?:pem|key|crt|chain))"',
                                      text))):
        side = "inside" if "inside" in path or "internal" in path else \
            "outside"
        # One that is shown beside the leg's own is another certificate.
        common = os.path.basename(path).startswith("common.")
        chain, key = pki().cert("dir01" if common else "edge-" + side)
        real = key if path.endswith(".key") else chain
        if re.search(r"ca\.|trust|ca-", os.path.basename(path)) or \
                "certs.crt" in path or "certificates.crt" in path:
            real = pki().ca(side)
        text = text.replace('"%s"' % path, '"%s"' % real)
    return re.sub(r'(state_dir\s*=\s*)"[^"]*"', r'\1"%s"' % (t.folder + "/s"),
                  text)


def each_example_parses(t):
    examples = sorted(glob.glob(os.path.join(TOP, "config", "*.cfg")))
    assert len(examples) >= 3, examples
    for path in examples:
        with open(path) as f:
            text = placeholders_filled(t, f.read())
        code, said, _ = t.check(text)
        assert code == OK, "%s: %s" % (os.path.basename(path), said)


TESTS = [the_lab_configuration_is_fine,
         an_unknown_key_is_an_error_and_the_nearest_is_named,
         an_unknown_group_is_an_error, a_number_must_be_one_and_in_its_range,
         a_missing_required_key_is_named, a_missing_file_is_named,
         a_key_that_others_can_read_is_refused,
         certificates_and_keys_come_in_pairs,
         lists_of_revoked_certificates_are_somewhere,
         services_lie_in_our_domains_and_servers_in_one_pool,
         legs_may_not_share_an_address_or_take_all, names_must_be_names,
         there_must_be_somewhere_to_send_requests,
         devices_need_a_leg_a_port_and_an_entry, devices_may_not_overlap,
         a_device_must_use_addresses_of_ours, two_listeners_may_not_meet,
         a_syntax_error_names_its_line, a_file_that_is_not_there_is_an_error,
         nothing_is_started_with_a_broken_file, a_wrong_command_line_is_told,
         a_key_of_another_certificate_is_refused_at_the_start,
         an_address_that_is_not_here_is_told_at_the_start,
         each_example_parses]


if __name__ == "__main__":
    raise SystemExit(bench.run(Bench, TESTS))
