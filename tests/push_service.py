"""
A push service and a browser with a subscription, for tests. The service verifies the signature of the site (RFC 8292),
and the browser decrypts what it gets (RFC 8291) with code of its own.
"""

import base64
import hmac
import http.server
import json
import os
import threading
import time
from contextlib import contextmanager

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"  # the private key of an example in RFC 8291


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def write_point(key):
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class PushBrowser:
    """The browser of a person, which has subscribed at a push service under a name."""

    def __init__(self, service, name="phone", private=None, secret=None):
        self.name, self.service = name, service
        number = int.from_bytes(decode(private), "big") if private else None
        self.key = ec.derive_private_key(number, ec.SECP256R1()) if private else ec.generate_private_key(ec.SECP256R1())
        self.point, self.secret = write_point(self.key.public_key()), decode(secret) if secret else os.urandom(16)

    @property
    def fields(self):
        """Return the fields of `POST /api/push/`."""
        keys = {"p256dh": encode(self.point), "auth": encode(self.secret)}
        return {"endpoint": f"{self.service.url}/{self.name}", "keys": keys}

    @property
    def shown(self):
        """Return the contents of all pushes that this browser got."""
        return [json.loads(self.decrypt(push.body)) for push in self.service.pushes if push.name == self.name]

    def decrypt(self, body):
        """Return the content of a push."""
        salt, length, sender = body[:16], body[20], body[21 : 21 + body[20]]
        assert int.from_bytes(body[16:20], "big") == 4096 and length == 65
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        first = hmac.digest(self.secret, shared, "sha256")
        material = hmac.digest(first, b"WebPush: info\0" + self.point + sender + b"\1", "sha256")
        base = hmac.digest(salt, material, "sha256")
        key = hmac.digest(base, b"Content-Encoding: aes128gcm\0\1", "sha256")[:16]
        nonce = hmac.digest(base, b"Content-Encoding: nonce\0\1", "sha256")[:12]
        content = AESGCM(key).decrypt(nonce, body[21 + length :], None).rstrip(b"\0")
        assert content.endswith(b"\2"), "this must be the last record"
        return content[:-1]


class Received:
    """A push that the service got: the name of the browser, the headers and the body."""

    def __init__(self, name, headers, body):
        self.name, self.headers, self.body = name, headers, body


class PushService:
    """A push service on this machine. `answers` are its next statuses, with headers; afterwards it answers 201."""

    def __init__(self, url):
        self.url, self.pushes, self.answers, self.pause = url, [], [], 0

    def check_signature(self, headers):
        """Return the claims of the site, whose signature must fit the key."""
        scheme, token, key = headers["Authorization"].replace(",", "").split()
        assert scheme == "vapid" and token.startswith("t=") and key.startswith("k=")
        head, claims, signature = token[2:].split(".")
        assert json.loads(decode(head)) == {"typ": "JWT", "alg": "ES256"}
        numbers = [int.from_bytes(part, "big") for part in (decode(signature)[:32], decode(signature)[32:])]
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(key[2:]))
        public.verify(encode_dss_signature(*numbers), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        return json.loads(decode(claims))


@contextmanager
def run_push_service():
    """Run a push service on a free port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.pushes.append(Received(self.path[1:], self.headers, body))
            # A later test may change the answers during the pause.
            status, headers = service.answers.pop(0) if service.answers else (201, {})
            time.sleep(service.pause)
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service = PushService(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
