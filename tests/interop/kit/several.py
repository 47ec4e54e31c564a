"""Several certificates at the outside doors: another domain's, a wildcard, and
one of the edge's own name with an RSA key."""
import os
import subprocess

SPECS = ("sip-net/external/sip.example.net/DNS:sip.example.net/serverAuth",
         "web/external/web.example.com/DNS:*.web.example.com/serverAuth")
# Names to ask for; None: without one. The wildcard's stands for its kind.
NAMES = (None, "sip.example.com", "sip.example.net", "meet.web.example.com")


def _run(place, *words):
    done = subprocess.run(["openssl", *words], cwd=place.path("pki"),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError("openssl: " + done.stdout.strip())


def _rsa(place):
    """sip.example.com with an RSA key, of the issuing authority."""
    _run(place, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout",
         "rsa.key", "-subj", "/CN=sip.example.com", "-addext",
         "subjectAltName=DNS:sip.example.com,DNS:sip.example.org", "-addext",
         "extendedKeyUsage=serverAuth", "-out", "rsa.csr")
    os.chmod(place.path("pki", "rsa.key"), 0o600)
    _run(place, "x509", "-req", "-in", "rsa.csr", "-CA",
         "external-issuing.pem", "-CAkey", "external-issuing.key", "-days",
         "30", "-sha256", "-copy_extensions", "copy", "-out", "rsa.pem")
    with open(place.path("pki", "rsa.chain"), "w", encoding="utf-8") as out:
        for name in ("rsa.pem", "external-issuing.pem"):
            with open(place.path("pki", name), encoding="utf-8") as part:
                out.write(part.read())


def several(place):
    """Make them; what outside.tls has to say of them."""
    place.pki(*SPECS)
    _rsa(place)
    also = ["{ certificate = \"%s\"; key = \"%s\"; }" % place.cert(n)
            for n in ("rsa", "sip-net", "web")]
    return "also = ( %s );" % ", ".join(also)
