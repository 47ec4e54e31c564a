#!/usr/bin/python3
"""edgectl cert csr, import, export: from nothing to a pair that an edge would
start with, what authorities send and what is not taken, and no moment at which
an import that is killed leaves a pair that does not fit."""

import copy
import ctypes
import fcntl
import json
import os
import platform
import pty
import re
import select
import shutil
import signal
import ssl
import stat
import subprocess

from edgelab import bench, check_config, ctl, libconfig, merge, program
from edgelab.pki import openssl

FINE, FINDINGS, NO_LOOK = 0, 1, 2
NAMES = ["sip.example.com", "sip.example.org"]


def read(path):
    with open(path) as f:
        return f.read()


def certificates(path):
    """The certificates of a PEM file, in DER."""
    return [ssl.PEM_cert_to_DER_cert(x) for x in re.findall(
        "-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n",
        read(path), re.S)]


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def fits(chain, key):
    """Would a server start with these two?"""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    except (ssl.SSLError, OSError):
        return False
    return True


class Bench(bench.Bench):
    """A folder with settings that name files which are not there yet."""

    topic = "cert csr"

    def __init__(self):
        super().__init__()
        self.etc, self.new = self.path("etc"), self.path("new")
        self.issuing = os.path.join(self.pki.dir, "external-issuing")
        os.mkdir(self.etc)
        os.mkdir(self.folder + "/state", 0o700)
        self.base = merge(self.base, {
            "outside": {"tls": {"certificate": self.etc + "/outside.chain",
                                "key": self.etc + "/outside.key"}},
            "services": {"web_names": ["meet.example.com",
                                       "dialin.example.com"],
                         "director_web": "webdir.example.com",
                         "pools": (
                             {"name": "pool01.internal.example",
                              "members": ["fe01.internal.example",
                                          "fe02.internal.example"]},)}})
        self.config = self.write(self.base)
        os.chmod(self.config, 0o600)
        self.chain = self.etc + "/outside.chain"
        self.key = self.etc + "/outside.key"

    def clean(self):
        """Before each test nothing is installed and nothing is asked for."""
        for path in (self.etc, self.new):
            shutil.rmtree(path, True)
        os.mkdir(self.etc)

    def run(self, *arguments, code=FINE, profile="external-edge", **options):
        """edgectl cert; (standard output, standard error)."""
        got, out, err = ctl.edgectl(
            "cert", arguments[0], self.config, "--profile", profile,
            *arguments[1:], start_new_session=True, **options)
        assert got == code, (got, out, err)
        return out, err

    def order(self, name="external-edge", *arguments, **options):
        """Ask for a certificate; the stem of key and request."""
        self.run("csr", "--out", self.new, *arguments, **options)
        return os.path.join(self.new, name)

    def issue(self, stem, days=90, out=None, ca=None, extra=""):
        """What the authority makes of a request; the leaf's file."""
        out = out or stem + ".leaf"
        with open(stem + ".ext", "w") as f:
            f.write("basicConstraints=critical,CA:FALSE\n"
                    "authorityKeyIdentifier=keyid\ncrlDistributionPoints="
                    "URI:http://crl.example.com/ca.crl\n" + extra)
        ca = ca or self.issuing
        openssl("x509", "-req", "-in", stem + ".csr", "-CA", ca + ".pem",
                "-CAkey", ca + ".key", "-copy_extensions", "copy", "-extfile",
                stem + ".ext", "-days", str(days), "-out", out, "-sha256",
                "-set_serial", "0x4" + os.urandom(9).hex())
        return out

    def send(self, leaf, *more, out=None):
        """A file as authorities send it: leaf, then more."""
        out = out or leaf + ".sent"
        with open(out, "w") as f:
            f.write("".join(read(x) for x in (leaf, *more)))
        return out

    def issued(self, **options):
        """Ordered, issued and sent with its intermediate."""
        return self.send(self.issue(self.order(), **options),
                         self.issuing + ".pem")

    def installed(self):
        """A pair is in its place; its DER."""
        self.run("import", self.issued())
        os.rename(self.new, self.new + ".%s" % os.urandom(4).hex())
        return certificates(self.chain)[0]

    def passphrase(self, text="correct horse battery", name="secret"):
        path = self.write(text + "\n", name)
        os.chmod(path, 0o600)
        return path


def a_request_is_what_the_plan_says(t):
    out, _ = t.run("csr", "--out", t.new)
    stem = t.new + "/external-edge"
    for name in NAMES + ["common name", "what breaks", stem + ".csr"]:
        assert name in out, out
    text = openssl("req", "-in", stem + ".csr", "-noout", "-text", "-verify")
    assert "Subject: CN = sip.example.com\n" in text, text
    assert "DNS:sip.example.com, DNS:sip.example.org\n" in text, text
    assert "TLS Web Server Authentication\n" in text, text
    assert "prime256v1" in text, text
    assert mode(stem + ".key") == 0o600 and mode(t.new) == 0o700
    assert sorted(os.listdir(t.new)) == ["external-edge.csr",
                                         "external-edge.key"]


def a_request_is_told_as_json(t):
    out, _ = t.run("csr", "--out", t.new, "--json")
    told = json.loads(out)
    assert told["exit"] == 0 and told["findings"] == [], told
    assert told["request"] == t.new + "/external-edge.csr", told
    assert [x["name"] for x in told["plan"]["names"]] == NAMES, told


def a_key_is_never_overwritten(t):
    stem = t.order()
    before = read(stem + ".key")
    _, err = t.run("csr", "--out", t.new, code=NO_LOOK)
    assert "not overwritten" in err and "--key" in err, err
    assert read(stem + ".key") == before
    request = read(stem + ".csr")
    t.run("csr", "--out", t.new, "--key", stem + ".key")
    assert read(stem + ".key") == before
    assert read(stem + ".csr") != request  # signed anew
    os.remove(stem + ".key")
    os.symlink(t.folder + "/elsewhere", stem + ".key")
    t.run("csr", "--out", t.new, code=NO_LOOK)
    assert not os.path.exists(t.folder + "/elsewhere")


def keys_are_of_the_size_that_is_asked_for(t):
    stem = t.order("internal-edge", "--rsa", "3072", profile="internal-edge")
    text = openssl("req", "-in", stem + ".csr", "-noout", "-text", "-verify")
    assert "(3072 bit)" in text and "Key Encipherment" in text, text
    assert "TLS Web Client Authentication" in text, text
    for bits in ("1024", "2047", "4097", "x", "-1"):
        _, err = t.run("csr", "--out", t.new, "--rsa", bits, code=NO_LOOK)
        assert "2048 to 4096" in err, err


def what_is_asked_for_is_judged(t):
    os.mkdir(t.new)
    weak, loose = t.new + "/weak.key", t.new + "/loose.key"
    openssl("genrsa", "-out", weak, "1024")
    os.chmod(weak, 0o600)
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", loose)
    os.chmod(loose, 0o644)
    for key in (weak, loose):
        out, _ = t.run("csr", "--out", t.new, "--key", key, code=FINDINGS)
        assert "error" in out and "send the request" not in out, out
        assert sorted(os.listdir(t.new)) == ["loose.key", "weak.key"]


def web_names_may_be_one_wildcard(t):
    stem = t.order("reverse-proxy", "--wildcard-web", profile="reverse-proxy")
    text = openssl("req", "-in", stem + ".csr", "-noout", "-text")
    assert "DNS:webdir.example.com, DNS:*.example.com\n" in text, text
    t.run("csr", "--out", t.new, "--wildcard-web")
    text = openssl("req", "-in", t.new + "/external-edge.csr", "-noout",
                   "-text")
    assert "*" not in text, text


def a_pool_is_found_by_its_name_its_members_or_its_number(t):
    _, err = t.run("csr", "--out", t.new, profile="pool", code=NO_LOOK)
    assert "--pool" in err and "--nth" in err, err
    stem = t.order("pool-pool01.internal.example", "--pool",
                   "fe02.internal.example", profile="registrar")
    text = openssl("req", "-in", stem + ".csr", "-noout", "-text")
    for name in ("pool01", "fe01", "fe02"):
        assert "DNS:%s.internal.example" % name in text, text
    t.order("x", "--nth", "2", profile="pool")
    assert os.path.exists(t.new + "/pool-home01.internal.example.csr")
    t.run("csr", "--out", t.new, "--nth", "4", profile="pool", code=NO_LOOK)
    t.run("csr", "--out", t.new, "--pool", "fe09.internal.example",
          profile="pool", code=NO_LOOK)
    _, err = t.run("csr", "--out", t.new, profile="nonsense", code=NO_LOOK)
    assert "external-edge" in err, err


def what_cannot_be_looked_at_is_2(t):
    for words in (["csr"], ["import"], ["export", "--p12", t.folder + "/x"],
                  ["csr", "--nonsense"], ["import", t.folder + "/absent"]):
        t.run(*words, code=NO_LOOK)
    t.config, config = t.folder + "/absent.cfg", t.config
    try:
        t.run("csr", "--out", t.new, code=NO_LOOK)
    finally:
        t.config = config


def from_nothing_to_an_edge_that_would_start(t):
    code, said = check_config(t.config)
    assert code == 1 and "outside.chain" in said, said
    sent = t.issued()
    out, _ = t.run("import", sent)
    assert "edgectl reload " + t.config in out and "systemctl" in out, out
    assert "old pair" not in out, out
    assert fits(t.chain, t.key)
    assert mode(t.key) == 0o600 and mode(t.chain) == 0o644
    assert certificates(t.chain) == certificates(sent)
    code, said = check_config(t.config)
    assert code == 0, said


def every_form_is_taken_and_put_in_order(t):
    stem = t.order()
    leaf, middle = t.issue(stem), t.issuing + ".pem"
    root = t.pki.ca("outside")
    right = certificates(leaf) + certificates(middle)
    forms = {"in-order": t.send(leaf, middle, out=stem + ".1"),
             "turned": t.send(root, middle, leaf, out=stem + ".2"),
             "rooted": t.send(leaf, middle, root, out=stem + ".3")}
    for form in ("PEM", "DER"):
        forms["pkcs7-" + form] = stem + "." + form
        openssl("crl2pkcs7", "-nocrl", "-certfile", forms["turned"],
                "-outform", form, "-out", forms["pkcs7-" + form])
    for name, sent in forms.items():
        shutil.rmtree(t.etc)
        os.mkdir(t.etc)
        out, _ = t.run("import", sent)
        assert certificates(t.chain) == right and fits(t.chain, t.key), name
        assert ("in order" in out) and ("put in order" in out) == (
            name not in ("in-order", "rooted")), (name, out)
        assert ("root is left out" in out) == (name != "in-order"), out
    shutil.rmtree(t.etc)
    os.mkdir(t.etc)
    openssl("x509", "-in", leaf, "-outform", "DER", "-out", stem + ".der")
    t.run("import", stem + ".der", middle)
    assert certificates(t.chain) == right


def the_waiting_key_is_found(t):
    sent = t.issued()
    away = t.folder + "/away-" + os.urandom(4).hex()
    os.mkdir(away)
    moved = shutil.move(sent, away)
    out, err = t.run("import", moved, code=FINDINGS)
    assert "no private key" in err or "No such file" in err, err
    assert "no key for" in out, out
    out, _ = t.run("import", moved, "--json", code=FINDINGS)
    assert "no key for" in json.loads(out)["refused"], out
    t.run("import", moved, "--from", t.new, "--dry-run")
    t.run("import", moved, "--key", t.new + "/external-edge.key")
    os.remove(t.new + "/external-edge.key")
    t.run("import", moved)  # its key is installed


def what_is_not_ours_is_refused(t):
    before = t.installed(), os.listdir(t.etc)
    stem = t.order()
    other = os.path.join(t.pki.root, "other", "external-issuing")
    cases = {
        "chain-incomplete": t.issue(stem),
        "another authority": t.send(t.issue(stem, ca=other, out=stem + ".o"),
                                    other + ".pem"),
    }
    wrong = copy.deepcopy(t.base)
    wrong["outside"]["fqdn"] = "access.example.com"
    with open(t.folder + "/wrong.cfg", "w") as f:
        f.write(libconfig(wrong))
    for name, sent in cases.items():
        out, _ = t.run("import", sent, "--force", code=FINDINGS)
        assert "nothing is installed" in out and "error" in out, (name, out)
    good = t.send(t.issue(stem), t.issuing + ".pem")
    t.config, config = t.folder + "/wrong.cfg", t.config
    try:
        out, _ = t.run("import", good, "--force", code=FINDINGS)
        assert "access.example.com" in out, out
    finally:
        t.config = config
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", stem + ".other")
    _, err = t.run("import", good, "--key", stem + ".other", code=FINDINGS)
    assert "not the key of this certificate" in err, err
    openssl("ec", "-in", stem + ".key", "-aes256", "-passout", "pass:secret1",
            "-out", stem + ".locked")
    _, err = t.run("import", good, "--key", stem + ".locked", code=FINDINGS)
    assert "passphrase" in err, err
    assert (certificates(t.chain)[0], os.listdir(t.etc)) == before


def warnings_want_a_word(t):
    sent = t.issued(days=2000)
    out, _ = t.run("import", sent, code=FINDINGS)
    assert "--force" in out and not os.path.exists(t.chain), out
    out, _ = t.run("import", sent, "--force", "--json")
    told = json.loads(out)
    assert any(x["rule"] == "lifetime-too-long" for x in told["findings"])
    assert fits(t.chain, t.key)


def a_key_that_others_could_read_is_an_error(t):
    sent = t.issued()
    os.chmod(t.new + "/external-edge.key", 0o644)
    out, _ = t.run("import", sent, code=FINDINGS)
    assert "error" in out and not os.path.exists(t.key), out


def the_old_pair_is_kept(t):
    old = t.installed()
    old_key = read(t.key)
    out, _ = t.run("import", t.issued())
    kept = "".join(re.search(r"kept in\s+(\S+)", out).group(1))
    assert certificates(kept + "/chain.pem")[0] == old
    assert read(kept + "/key.pem") == old_key
    assert mode(kept + "/key.pem") == 0o600
    assert fits(t.chain, t.key) and certificates(t.chain)[0] != old
    t.run("import", kept + "/chain.pem", "--key", kept + "/key.pem")
    assert certificates(t.chain)[0] == old and read(t.key) == old_key


def plain_files_are_taken_over_with_owner_and_mode(t):
    chain, key = t.pki.cert("edge-outside")
    shutil.copy(chain, t.chain)
    shutil.copy(key, t.key)
    os.chmod(t.chain, 0o640)
    os.chmod(t.key, 0o400)
    if os.geteuid() == 0:
        os.chown(t.chain, 12, 34)
        os.chown(t.key, 12, 34)
        os.chown(t.etc, 0, 34)
    os.chmod(t.etc, 0o750)
    out, _ = t.run("import", t.issued())
    assert "kept in" in out, out
    assert (mode(t.chain), mode(t.key)) == (0o640, 0o400)
    if os.geteuid() == 0:
        for path in (t.chain, t.key):
            assert (os.stat(path).st_uid, os.stat(path).st_gid) == (12, 34)
    folder = os.path.dirname(os.path.realpath(t.key))
    assert mode(folder) == 0o750 and mode(os.path.dirname(folder)) == 0o750
    # A file laid over a link is the operator's word.
    for path, source in ((t.chain, chain), (t.key, key)):
        os.remove(path)
        shutil.copy(source, path)
    os.chmod(t.key, 0o600)
    out, _ = t.run("import", t.new + "/external-edge.leaf.sent")
    kept = re.search(r"kept in\s+(\S+)", out).group(1)
    assert certificates(kept + "/chain.pem") == certificates(chain)
    assert fits(t.chain, t.key)


def root_follows_no_link_in_a_folder_of_somebody_else(t):
    if os.geteuid() != 0:
        print("skip cert csr: only root may give folders away")
        return
    sent, victim, state = t.issued(), t.folder + "/victim", t.folder + "/state"
    os.chmod(t.folder, 0o711)
    os.mkdir(victim, 0o700)
    os.chown(t.etc, 12, 12)
    _, err = t.run("import", sent, code=NO_LOOK)
    assert "chown root" in err, err
    os.chown(state, 12, 12)
    try:
        os.symlink(victim, t.key + ".pairs")
        t.run("import", sent, code=NO_LOOK)
        assert os.listdir(victim) == [] and os.stat(victim).st_uid == 0
        os.unlink(t.key + ".pairs")
        os.symlink(t.folder + "/secret.of.root", t.chain)
        with open(t.folder + "/secret.of.root", "w") as f:
            os.fchmod(f.fileno(), 0o600)
        t.run("import", sent, code=NO_LOOK)
        os.unlink(t.chain)
        t.run("import", sent)
        assert fits(t.chain, t.key) and mode(t.key) == 0o600
        assert os.stat(t.key).st_uid == os.stat(t.chain).st_uid == 12
    finally:
        os.chown(state, 0, 0)
    os.chown(t.etc, 0, 0)
    os.chmod(t.etc, 0o777)
    _, err = t.run("import", t.send(t.issue(t.new + "/external-edge"),
                                    t.issuing + ".pem"), code=NO_LOOK)
    assert "chmod go-w" in err, err


def a_dry_run_changes_nothing_and_a_second_run_neither(t):
    sent = t.issued()
    out, _ = t.run("import", sent, "--dry-run")
    assert "dry run" in out and os.listdir(t.etc) == [], out
    t.run("import", sent)
    before = sorted(os.listdir(t.key + ".pairs"))
    out, _ = t.run("import", sent)
    assert "has it already" in out, out
    assert sorted(os.listdir(t.key + ".pairs")) == before


class Tracer:
    """Runs a program and looks at each system call that it enters."""

    TRACEME, SYSCALL, GETREGS, SETOPTIONS = 0, 24, 12, 0x4200
    TRACESYSGOOD, EXITKILL = 1, 0x100000

    def __init__(self):
        if platform.machine() != "x86_64":
            raise OSError("not an x86-64")
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long] * 4
        self.libc.ptrace.restype = ctypes.c_long

    def _ptrace(self, request, pid, data=0):
        if self.libc.ptrace(request, pid, 0, data) < 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def _begin(self, arguments):
        pid = os.fork()
        if pid == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            self.libc.ptrace(self.TRACEME, 0, 0, 0)
            os.execve(arguments[0], arguments, dict(
                os.environ, ASAN_OPTIONS="detect_leaks=0"))
        os.waitpid(pid, 0)
        self._ptrace(self.SETOPTIONS, pid, self.TRACESYSGOOD | self.EXITKILL)
        return pid

    def run(self, arguments, look):
        """Its exit code; None when look(call, pid) said to kill it."""
        pid, entering = self._begin(arguments), True
        regs = (ctypes.c_ulong * 27)()
        while True:
            self._ptrace(self.SYSCALL, pid)
            _, status = os.waitpid(pid, 0)
            if not os.WIFSTOPPED(status):
                return os.waitstatus_to_exitcode(status)
            if os.WSTOPSIG(status) != signal.SIGTRAP | 0x80:
                continue
            if entering:
                self._ptrace(self.GETREGS, pid, ctypes.addressof(regs))
            if entering and look(Call(pid, regs)):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return None
            entering = not entering


class Call:
    """A system call of x86-64 that a program is about to make."""

    # write, fsync, rename, mkdir, unlink, symlink, chmod, fchmod
    CHANGES = {1, 74, 82, 83, 87, 88, 90, 91}
    OPENAT = 257

    def __init__(self, pid, regs):
        self.pid, self.number, self.second = pid, regs[15], regs[13]

    def changes(self):
        return self.number in self.CHANGES

    def opens(self, path):
        if self.number != self.OPENAT:
            return False
        want = path.encode() + b"\0"
        with open("/proc/%d/mem" % self.pid, "rb", 0) as f:
            f.seek(self.second)
            try:
                return f.read(len(want)) == want
            except OSError:
                return False


def tracer():
    """None, told, where no program can be looked at like that."""
    try:
        t = Tracer()
        assert t.run(["/bin/true"], lambda call: False) == 0
    except OSError as why:
        print("skip cert csr: no tracing: %s" % why, flush=True)
        return None
    return t


def killed_at_any_step_it_leaves_a_pair_that_fits(t):
    trace = tracer()
    if not trace:
        return
    sent = t.issued()
    chain, key = t.pki.cert("edge-outside")
    new, old = certificates(sent)[0], certificates(chain)[0]
    command = [ctl.path(), "cert", "import", t.config, "--profile",
               "external-edge", sent]
    seen = []
    for nth in range(1, 200):
        shutil.rmtree(t.etc)
        os.mkdir(t.etc)
        shutil.copy(chain, t.chain)
        shutil.copy(key, t.key)
        left = iter(range(nth - 1))
        killed = trace.run(command, lambda call: call.changes()
                           and next(left, None) is None) is None
        assert fits(t.chain, t.key), "killed at step %d: no pair" % nth
        seen.append(certificates(t.chain)[0])
        assert seen[-1] in (old, new)
        if not killed:
            break
        t.run("import", sent)
        assert fits(t.chain, t.key) and certificates(t.chain)[0] == new
        left = [x for _, d, f in os.walk(t.etc) for x in d + f
                if x.endswith((".part", ".new"))]
        assert not left, left
    assert 20 < nth < 199 and seen[0] == old and seen[-1] == new, nth
    assert seen.count(old) > 15, "%d of %d" % (seen.count(old), nth)


def an_edge_that_starts_in_between_finds_two_that_fit(t):
    trace = tracer()
    if not trace:
        return
    t.installed()
    t.installed()
    current = t.key + ".pairs/current"
    pairs = sorted(x for x in os.listdir(t.key + ".pairs") if x != "current")
    assert len(pairs) == 2, pairs
    turned = 0
    for nth in range(1, 20):
        opened = 0

        def look(call):
            nonlocal opened
            if call.opens(t.key):
                opened += 1
                if opened == nth:
                    now = os.readlink(current)
                    os.symlink(pairs[now == pairs[0]], current + ".turn")
                    os.rename(current + ".turn", current)
            return False
        code = trace.run([program(), "-t", t.config], look)
        assert code == 0, "turned at look %d: ended with %s" % (nth, code)
        turned += opened >= nth
        if opened < nth:
            break
    assert turned >= 2, turned


def two_at_once_do_not_meet(t):
    sent = t.issued()
    t.run("import", sent)
    other = t.send(t.issue(t.new + "/external-edge", out=t.new + "/b"),
                   t.issuing + ".pem")
    lock = os.open(t.key + ".pairs", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        _, err = t.run("import", other, code=NO_LOOK)
        assert "another import" in err, err
    finally:
        os.close(lock)
    t.run("import", other)


def another_machines_pair_is_laid_up_and_exported(t):
    stem = t.order("reverse-proxy", profile="reverse-proxy")
    sent = t.send(t.issue(stem), t.issuing + ".pem")
    out, _ = t.run("import", sent, profile="reverse-proxy")
    assert "cert export" in out and os.listdir(t.etc) == [], out
    assert fits(stem + ".chain", stem + ".key")
    secret = t.passphrase()
    p12 = t.new + "/rp.p12"
    _, err = t.run("export", "--p12", p12, "--passphrase-file", secret,
                   profile="reverse-proxy", code=NO_LOOK)
    assert "--from" in err, err
    t.run("export", "--p12", p12, "--passphrase-file", secret, "--from",
          t.new, profile="reverse-proxy")
    text = openssl("pkcs12", "-in", p12, "-passin", "file:" + secret,
                   "-nodes")
    assert text.count("BEGIN CERTIFICATE") == 2, text
    assert "friendlyName: reverse-proxy" in text, text


def an_export_is_what_openssl_reads(t):
    leaf, secret, p12 = t.installed(), t.passphrase(), t.etc + "/all.p12"
    out, _ = t.run("export", "--p12", p12, "--passphrase-file", secret)
    assert mode(p12) == 0o600 and "AES-256" in out, out
    assert "horse" not in out
    done = subprocess.run(
        ["openssl", "pkcs12", "-in", p12, "-passin", "file:" + secret,
         "-info", "-nodes", "-out", t.etc + "/back.pem"], text=True,
        capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "MAC: sha256" in done.stderr, done.stderr
    assert done.stderr.count("AES-256-CBC") == 2, done.stderr
    assert "hmacWithSHA256" in done.stderr, done.stderr
    assert certificates(t.etc + "/back.pem")[0] == leaf
    assert len(certificates(t.etc + "/back.pem")) == 2
    assert fits(t.etc + "/back.pem", t.etc + "/back.pem")
    wrong = t.passphrase("wrong horse battery", "wrong")
    done = subprocess.run(["openssl", "pkcs12", "-in", p12, "-passin",
                           "file:" + wrong, "-noout"], capture_output=True,
                          timeout=30)
    assert done.returncode != 0
    before = os.stat(p12).st_mtime_ns
    _, err = t.run("export", "--p12", p12, "--passphrase-file", secret,
                   code=NO_LOOK)
    assert "not overwritten" in err and os.stat(p12).st_mtime_ns == before


def an_old_importer_gets_what_it_knows(t):
    t.installed()
    secret, p12 = t.passphrase(), t.etc + "/old.p12"
    out, _ = t.run("export", "--p12", p12, "--passphrase-file", secret,
                   "--legacy")
    assert "old importers only" in out, out
    done = subprocess.run(["openssl", "pkcs12", "-in", p12, "-passin",
                           "file:" + secret, "-info", "-noout"], text=True,
                          capture_output=True, timeout=30)
    assert "MAC: sha1" in done.stderr, done.stderr
    assert "pbeWithSHA1And3-KeyTripleDES-CBC" in done.stderr, done.stderr


def a_passphrase_is_secret_and_long_enough(t):
    t.installed()
    p12 = t.etc + "/x.p12"
    short = t.passphrase("1234567", "short")
    _, err = t.run("export", "--p12", p12, "--passphrase-file", short,
                   code=NO_LOOK)
    assert "at least 8" in err, err
    loose = t.passphrase(name="loose")
    os.chmod(loose, 0o644)
    _, err = t.run("export", "--p12", p12, "--passphrase-file", loose,
                   code=NO_LOOK)
    assert "chmod 0600" in err, err
    _, err = t.run("export", "--p12", p12, code=NO_LOOK)
    assert "--passphrase-file" in err, err
    long = t.passphrase("x" * 300, "long")
    _, err = t.run("export", "--p12", p12, "--passphrase-file", long,
                   code=NO_LOOK)
    assert "longer than" in err, err
    assert not os.path.exists(p12)


def at_a_terminal(t, p12, *lines):
    """Export with somebody at the terminal; (exit code, what was seen)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(ctl.path(), [ctl.path(), "cert", "export", t.config,
                              "--profile", "external-edge", "--p12", p12])
    seen, left = b"", list(lines)
    while True:
        if not select.select([fd], [], [], 20)[0]:
            os.kill(pid, signal.SIGKILL)
        try:
            more = os.read(fd, 4096)
        except OSError:
            break
        seen += more
        if left and more.rstrip().endswith(b":"):
            os.write(fd, left.pop(0).encode() + b"\n")
        if not more:
            break
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def a_passphrase_is_asked_for_and_not_shown(t):
    t.installed()
    p12, word = t.etc + "/asked.p12", "correct horse battery"
    code, seen = at_a_terminal(t, p12, word, "another horse")
    assert code == NO_LOOK and "two passphrases" in seen, seen
    assert not os.path.exists(p12)
    code, seen = at_a_terminal(t, p12, word, word)
    assert code == FINE and "Once more" in seen, seen
    assert "horse" not in seen, seen
    openssl("pkcs12", "-in", p12, "-passin", "pass:" + word, "-noout")


TESTS = [a_request_is_what_the_plan_says, a_request_is_told_as_json,
         a_key_is_never_overwritten, keys_are_of_the_size_that_is_asked_for,
         what_is_asked_for_is_judged, web_names_may_be_one_wildcard,
         a_pool_is_found_by_its_name_its_members_or_its_number,
         what_cannot_be_looked_at_is_2,
         from_nothing_to_an_edge_that_would_start,
         every_form_is_taken_and_put_in_order, the_waiting_key_is_found,
         what_is_not_ours_is_refused, warnings_want_a_word,
         a_key_that_others_could_read_is_an_error, the_old_pair_is_kept,
         plain_files_are_taken_over_with_owner_and_mode,
         root_follows_no_link_in_a_folder_of_somebody_else,
         a_dry_run_changes_nothing_and_a_second_run_neither,
         killed_at_any_step_it_leaves_a_pair_that_fits,
         an_edge_that_starts_in_between_finds_two_that_fit,
         two_at_once_do_not_meet,
         another_machines_pair_is_laid_up_and_exported,
         an_export_is_what_openssl_reads, an_old_importer_gets_what_it_knows,
         a_passphrase_is_secret_and_long_enough,
         a_passphrase_is_asked_for_and_not_shown]


if __name__ == "__main__":
    raise SystemExit(bench.run(Bench, TESTS))
