"""
A provider of OpenID Connect for tests: a real HTTP server on a free port of this machine, in a thread of the test.

By default it is honest. Each switch of `Provider.lies` makes it hostile in one way. A test calls `sign_in` to do what
the pages of a provider do in the person's browser; a real browser opens `/authorize`.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey

CLIENT, SECRET = "chat", "the-secret-of-the-client"


def make_key(number):
    return RSAKey.generate_key(2048, {"kid": f"key-{number}", "use": "sig", "alg": "RS256"})


class QuietServer(ThreadingHTTPServer):
    """The server of a provider. A client that closes the connection early is no error: that is what the tests check."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Provider:
    """
    A provider with one person: `claims` says what its ID tokens contain besides the fixed claims.

    `lies` is the set of switches that are on; `requests` has the path of each request that arrived. `keys` are the
    published keys; the first of them signs.
    """

    def __init__(self, keys):
        self.keys, self.lies, self.claims, self.requests = list(keys), set(), {}, []
        self._codes = {}
        self._server = QuietServer(("127.0.0.1", 0), self._make_handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.reset()

    def reset(self):
        """Make the provider honest, restore its claims, and forget the requests and codes. The keys stay."""
        self.lies, self.requests, self._codes = set(), [], {}
        self.claims = {"sub": "248289761001", "preferred_username": "alice", "name": "Alice Liddell"}

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def sign_in(self, address, error=None):
        """Sign the person in at `address`, and return the parameters with which the browser comes back."""
        query = dict(parse_qsl(urlsplit(address).query))
        assert (query["client_id"], query["response_type"], query["code_challenge_method"]) == (CLIENT, "code", "S256")
        assert "openid" in query["scope"].split()
        state = "made-up" if "state" in self.lies else query["state"]
        if error is not None:
            return {"error": error, "state": state}
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        answer = {"code": code, "state": state}
        return {**answer, "iss": "https://other.example"} if "mix-up" in self.lies else answer

    def make_id_token(self, query, access_token):
        now = int(time.time())
        digest = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": query.get("nonce"),
            "at_hash": _encode(digest),
            **({"auth_time": now} if "max_age" in query else {}),
            **self.claims,
        }
        for lie, changed in LIES.items():
            if lie in self.lies:
                claims.update(changed(now))
        return self._sign({name: value for name, value in claims.items() if value is not None})

    def _sign(self, claims):
        key = self.keys[0]
        if "none" in self.lies:
            return f"{_encode({'alg': 'none'})}.{_encode(claims)}."
        if "HS256 with the public key" in self.lies:
            # The confusion of algorithms: the public key is used as if it were a secret that both sides know.
            return _sign_with_secret({"alg": "HS256", "kid": key.kid}, claims, key.as_pem(private=False))
        if "HS256 with the secret" in self.lies:
            return _sign_with_secret({"alg": "HS256", "kid": key.kid}, claims, SECRET.encode())
        if "foreign key" in self.lies:
            key = RSAKey.import_key({**make_key(9).as_dict(private=True), "kid": key.kid})
        header = {"alg": "RS256", "kid": "unknown" if "unknown kid" in self.lies else key.kid}
        # A hostile provider can escape a lone surrogate, as `json.dumps` does. The library would refuse to write it.
        token = jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=["RS256"])
        if "changed claims" in self.lies:
            head, _, signature = token.split(".")
            return ".".join([head, _encode({**claims, "sub": "somebody else"}), signature])
        return token

    def _make_handler(provider):
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                provider._answer(self)

            def do_POST(self):
                provider._answer(self)

        return Handler

    def _answer(self, handler):
        path = urlsplit(handler.path).path
        self.requests.append(path)
        if "slow" in self.lies:
            time.sleep(1)
        if "authorize" in path:
            answer = self.sign_in(handler.path)
            target = parse_qs(urlsplit(handler.path).query)["redirect_uri"][0]
            handler.send_response(302)
            handler.send_header("Location", f"{target}?{urlencode(answer)}")
            handler.end_headers()
            return
        length = int(handler.headers.get("Content-Length") or 0)
        form = dict(parse_qsl(handler.rfile.read(length).decode()))
        status, body = self._ROUTES[path](self, handler, form)
        if "redirect" in self.lies:
            handler.send_response(302)
            handler.send_header("Location", f"{self.issuer}/elsewhere")
            handler.end_headers()
            return
        data = b"x" * 300_000 if "large" in self.lies else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if "stalls" in self.lies:
            handler.wfile.write(data[:10])
            time.sleep(1)
        elif "breaks off" in self.lies:
            handler.wfile.write(data[:10])
        else:
            handler.wfile.write(data)

    def _describe(self, handler, form):
        metadata = {
            "issuer": "https://other.example" if "other issuer" in self.lies else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": next((url for lie, url in ENDPOINTS.items() if lie in self.lies), f"{self.issuer}/keys"),
            "authorization_response_iss_parameter_supported": "promised iss" in self.lies,
        }
        return 200, metadata

    def _list_keys(self, handler, form):
        return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}

    def _exchange(self, handler, form):
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if handler.headers.get("Authorization") != f"Basic {basic}":
            return 401, {"error": "invalid_client"}
        query = self._codes.pop(form.get("code"), None)
        if query is None or query["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if _encode(digest) != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if "no tokens" in self.lies:
            return 200, ["no", "object"]
        access_token = secrets.token_urlsafe(16)
        token = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
        if "no ID token" in self.lies:
            return 200, token
        return 200, {**token, "id_token": self.make_id_token(query, access_token)}

    def _describe_person(self, handler, form):
        subject = "somebody else" if "foreign userinfo" in self.lies else self.claims["sub"]
        return 200, {"sub": subject, "preferred_username": "from-userinfo"}

    _ROUTES = {
        "/.well-known/openid-configuration": _describe,
        "/keys": _list_keys,
        "/token": _exchange,
        "/userinfo": _describe_person,
    }


# The address of the provider's keys, by the switch.
ENDPOINTS = {"http endpoint": "http://login.example/keys", "broken endpoint": "https://["}

# {switch: the claims that it changes, from the present time in seconds; None removes a claim}
LIES = {
    "nonce": lambda now: {"nonce": "made-up"},
    "no nonce": lambda now: {"nonce": None},
    "audience": lambda now: {"aud": "other-client"},
    "two audiences without a party": lambda now: {"aud": [CLIENT, "other-client"]},
    "foreign party": lambda now: {"azp": "other-client"},
    "issuer": lambda now: {"iss": "https://other.example"},
    "at_hash": lambda now: {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "no subject": lambda now: {"sub": None},
    "number as subject": lambda now: {"sub": 7},
    "subject that cannot be stored": lambda now: {"sub": "\ud800"},
    "long subject": lambda now: {"sub": "x" * 256},
    "expired": lambda now: {"iat": now - 900, "exp": now - 600},
    "from the future": lambda now: {"iat": now + 600, "exp": now + 900},
    "not yet valid": lambda now: {"nbf": now + 600},
    "no expiry": lambda now: {"exp": None},
    "old sign-in": lambda now: {"auth_time": now - 3600},
    "no sign-in time": lambda now: {"auth_time": None},
}


def _encode(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _sign_with_secret(header, claims, secret):
    text = f"{_encode(header)}.{_encode(claims)}"
    return f"{text}.{_encode(hmac.digest(secret, text.encode(), 'sha256'))}"
