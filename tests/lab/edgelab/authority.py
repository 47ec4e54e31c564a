"""Authorities made to order: a root, an intermediate, lists and a responder."""

import http.server
import os
import socket
import ssl
import threading

from .pki import openssl


class Web(http.server.BaseHTTPRequestHandler):
    """Serves the authority's list, and answers OCSP."""

    def do_GET(self):
        self.server.asked.append(self.path)
        path = os.path.join(self.server.folder, os.path.basename(self.path))
        if not os.path.exists(path):
            return self.send_error(404)
        with open(path, "rb") as f:
            self.give("application/pkix-crl", f.read())

    def do_POST(self):
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.give("application/ocsp-response", self.server.answer(body))

    def give(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Authority:
    """A root, an intermediate below it, its list and its responder."""

    def __init__(self, folder, name, host):
        self.folder, self.name = os.path.join(folder, name), name
        os.mkdir(self.folder)
        self.web = http.server.ThreadingHTTPServer((host, 0), Web)
        self.web.folder, self.web.asked = self.folder, []
        self.web.answer = self.answer
        self.at = "http://%s:%d" % self.web.server_address
        threading.Thread(target=self.web.serve_forever, daemon=True).start()
        ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical," \
            "keyCertSign,cRLSign,digitalSignature\n" \
            "subjectKeyIdentifier=hash\n"
        self.sign("root", "/CN=%s root" % name, ca)
        self.sign("issuing", "/CN=%s issuing" % name, ca +
                  "crlDistributionPoints=URI:%s/root.crl\n" % self.at, "root")
        self.root = os.path.join(self.folder, "root.pem")
        self.revoke("root")
        self.revoke("issuing")

    def config(self, by):
        """A configuration for `openssl ca`, with a database of its own."""
        path = os.path.join(self.folder, by + ".cnf")
        for name, text in (("index", ""), ("crlnumber", "1000\n")):
            full = os.path.join(self.folder, "%s.%s" % (by, name))
            if not os.path.exists(full):
                with open(full, "w") as f:
                    f.write(text)
        with open(path, "w") as f:
            f.write("[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=.\ndatabase="
                    "%s.index\ncrlnumber=%s.crlnumber\ndefault_md=sha256\n"
                    "rand_serial=yes\npolicy=p\nunique_subject=no\n"
                    "certificate=%s.pem\nprivate_key=%s.key\n[p]\n"
                    "commonName=supplied\n" % (by, by, by, by))
        return by + ".cnf"

    def sign(self, name, subject, extensions, by=None, days=90):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                name + ".key", cwd=self.folder)
        os.chmod(os.path.join(self.folder, name + ".key"), 0o600)
        openssl("req", "-new", "-key", name + ".key", "-subj", subject,
                "-out", name + ".csr", cwd=self.folder)
        with open(os.path.join(self.folder, name + ".ext"), "w") as f:
            f.write(extensions)
        if by is None:
            openssl("x509", "-req", "-in", name + ".csr", "-signkey",
                    name + ".key", "-days", "3650", "-extfile",
                    name + ".ext", "-out", name + ".pem", cwd=self.folder)
            return
        openssl("ca", "-batch", "-notext", "-config", self.config(by), "-in",
                name + ".csr", "-out", name + ".pem", "-extfile",
                name + ".ext", "-days", "3000" if by == "root" else str(days),
                cwd=self.folder)

    def cert(self, name, names, use="serverAuth", extra="", days=90):
        """NAME.chain and NAME.key; the path without ending."""
        sans = "subjectAltName=%s\n" % ",".join("DNS:" + n for n in names)
        self.sign(name, "/CN=" + names[0], sans + "extendedKeyUsage=%s\n"
                  "keyUsage=critical,digitalSignature\n"
                  "crlDistributionPoints=URI:%s/issuing.crl\n%s"
                  % (use, self.at, extra), "issuing", days)
        path = os.path.join(self.folder, name)
        with open(path + ".chain", "w") as out:
            for part in (path, os.path.join(self.folder, "issuing")):
                with open(part + ".pem") as f:
                    out.write(f.read())
        return path

    def revoke(self, by, *names, days=7, to=None):
        """A new list; days < 0: it is past its next update."""
        cnf = self.config(by)
        for name in names:
            openssl("ca", "-config", cnf, "-revoke", name + ".pem",
                    cwd=self.folder)
        when = ["-crldays", str(days)] if days > 0 else [
            "-crl_lastupdate", "20260101000000Z", "-crl_nextupdate",
            "20260102000000Z"]
        openssl("ca", "-config", cnf, "-gencrl", *when, "-out", by + ".tmp",
                cwd=self.folder)
        openssl("crl", "-in", by + ".tmp", "-outform", "DER", "-out",
                to or by + ".crl", cwd=self.folder)

    def answer(self, request=None, name=None, days=1):
        """An OCSP answer to a request, or about a certificate."""
        if request is not None:
            with open(os.path.join(self.folder, "ask"), "wb") as f:
                f.write(request)
            what = ["-reqin", "ask"]
        else:
            what = ["-issuer", "issuing.pem", "-cert", name + ".pem"]
        openssl("ocsp", "-index", "issuing.index", "-CA", "issuing.pem",
                "-rsigner", "issuing.pem", "-rkey", "issuing.key", "-ndays",
                str(days), *what, "-respout", "answer", cwd=self.folder)
        with open(os.path.join(self.folder, "answer"), "rb") as f:
            return f.read()


class Shown:
    """A TLS server that shows a chain, to whoever comes."""

    def __init__(self, host, chain, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.sock = socket.socket()
        self.sock.bind((host, 0))
        self.sock.listen(8)
        self.at = "%s:%d" % self.sock.getsockname()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            conn, _ = self.sock.accept()
            try:
                conn.settimeout(5)
                self.context.wrap_socket(conn, server_side=True).recv(1)
            except (OSError, ssl.SSLError):
                conn.close()
