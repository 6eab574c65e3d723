"""A site with two interfaces behind a real proxy with TLS: nginx or Caddy, with the files of `deploy/`."""

import contextlib
import os
import re
import shutil
import ssl
import types
from pathlib import Path

import requests

from tests.live.client import Person, new_ref
from tests.live.processes import Part, Site, answers, make_environment, wait_until
from tests.tls import Authority
from tests.valkey import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


class Nginx:
    """nginx, which runs deploy/nginx/chat.conf."""

    PROGRAM = shutil.which("nginx", path=PROGRAMS)
    MISSING = "nginx is not installed: apt-get install nginx-light"
    MAIN = """
        {user}
        worker_processes 1;
        daemon off;
        pid {folder}/nginx.pid;
        error_log {folder}/nginx-error.log warn;
        events {{ worker_connections 1024; }}
        http {{
            include /etc/nginx/mime.types;
            client_body_temp_path {folder}/nginx-body;
            proxy_temp_path {folder}/nginx-proxy;
            fastcgi_temp_path {folder}/nginx-fastcgi;
            uwsgi_temp_path {folder}/nginx-uwsgi;
            scgi_temp_path {folder}/nginx-scgi;
            include {folder}/chat.conf;
        }}
    """

    def __init__(self, folder, site):
        authority = Authority(folder, "authority")
        self.authority, self.log = authority.path, folder / "access.log"
        self._write_site(folder, site, authority.make_server("127.0.0.1"))
        # A worker of another user could not read the folders of this test.
        user = "user root;" if os.getuid() == 0 else ""
        (folder / "nginx.conf").write_text(self.MAIN.format(folder=folder, user=user))
        command = [self.PROGRAM, "-c", str(folder / "nginx.conf"), "-p", str(folder)]
        self.check = [*command, "-t"]
        self.part = Part("nginx", command, None, folder)

    def _write_site(self, folder, site, certificate):
        """Write the file of `deploy/` with the ports, the name and the paths of this test, and without IPv6."""
        text = (ROOT / "deploy" / "nginx" / "chat.conf").read_text()
        changes = {
            r"127\.0\.0\.1:8000": f"127.0.0.1:{site.interfaces[0]}",
            r"127\.0\.0\.1:8001": f"127.0.0.1:{site.interfaces[1]}",
            r"listen 80;": f"listen 127.0.0.1:{site.http_port};",
            r"listen 443 ssl": f"listen 127.0.0.1:{site.https_port} ssl",
            r" *listen \[::\].*\n": "",
            r"server_name chat\.example\.com;": "server_name 127.0.0.1;",
            r"/etc/ssl/chat/\w+\.pem": str(certificate),
            r"/srv/chat/var/static/": f"{site.site.folder}/static/",
            r"/var/lib/chat/files/": f"{site.site.folder}/files/",
            r"/var/log/nginx/chat\.log": str(self.log),
        }
        for pattern, replacement in changes.items():
            text, number = re.subn(pattern, replacement, text)
            assert number, pattern
        (folder / "chat.conf").write_text(text)


class Caddy:
    """Caddy, which runs deploy/caddy/Caddyfile. For an address, it makes the certificate by itself."""

    PROGRAM = shutil.which("caddy", path=PROGRAMS)
    MISSING = "Caddy is not installed: apt-get install caddy"
    # These options come before the Caddyfile of `deploy/`, which is not changed.
    OPTIONS = (
        "admin off",
        "http_port {site.http_port}",
        "https_port {site.https_port}",
        "default_bind 127.0.0.1",
        "storage file_system {folder}/caddy",
        "skip_install_trust",
    )

    def __init__(self, folder, site):
        self.authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        text = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text()
        options = "".join(f"\t{option}\n" for option in self.OPTIONS).format(site=site, folder=folder)
        (folder / "Caddyfile").write_text(f"{{\n{options}}}\n\n{text}")
        interfaces = " ".join(f"127.0.0.1:{port}" for port in site.interfaces)
        environment = make_environment(CHAT_HOST="127.0.0.1", CHAT_INTERFACES=interfaces, HOME=str(folder))
        arguments = ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
        self.check = ["env", *(f"{name}={environment[name]}" for name in ("CHAT_HOST", "CHAT_INTERFACES", "HOME"))]
        self.check += [self.PROGRAM, "validate", *arguments]
        self.part = Part("caddy", [self.PROGRAM, "run", *arguments], environment, folder)


class PersonByTLS(Person):
    """A person whose sockets trust the certificate of the proxy."""

    def socket(self, path, headers=None, **options):
        return super().socket(path, headers, ssl=self.site.tls, **options)


class ProxiedSite:
    """
    A site with two interfaces. Within `behind(proxy)` it is at `url`, with a certificate that `authority` has signed.

    One proxy after the other uses the same ports, so the site needs to start only once.
    """

    def __init__(self):
        self.http_port, self.https_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.https_port}"
        self.site = Site(PUBLIC_URL=self.url, TRUSTED_PROXIES="1")
        self.interfaces = (self.site.port, free_port())
        self.second = self.site.make_part("web-2", "interface", "--port", str(self.interfaces[1]))
        self.proxy = self.authority = self.tls = None

    def start(self):
        self.site.manage("collectstatic", "--no-input", "-v0")
        self.site.start()
        self.second.start()
        wait_until(lambda: answers(f"http://127.0.0.1:{self.interfaces[1]}/healthz"), what="the second interface")
        return self

    def stop(self):
        if self.second.is_running:
            self.second.kill()
        self.site.stop()

    @contextlib.contextmanager
    def behind(self, kind, folder):
        """Run a proxy in front of the site within a `with` block."""
        self.proxy = kind(folder, self)
        self.authority = str(self.proxy.authority)
        self.proxy.part.start()
        try:
            wait_until(self.proxy.authority.exists, what="the certificate")
            self.tls = ssl.create_default_context(cafile=self.authority)
            wait_until(lambda: self.get("/healthz").status_code == 200, what=kind.__name__)
            yield self
        finally:
            # Not SIGKILL: the workers of nginx would continue to run, and keep the ports.
            self.proxy.part.end()

    def get(self, path, **options):
        try:
            return requests.get(self.url + path, verify=self.authority, timeout=30, **options)
        except requests.ConnectionError:
            return types.SimpleNamespace(status_code=None)

    def make_person(self):
        person = PersonByTLS(self)
        person.http.verify = self.authority
        # REQUESTS_CA_BUNDLE would replace the authority.
        person.http.trust_env = False
        person.call("POST", "/api/users/", handle=f"Olga {new_ref()}", password="correct horse", expected=201)
        return person

    def count_connections(self, port):
        """Return the number of open connections of an interface."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)
