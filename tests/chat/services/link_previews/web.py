"""A small web on this machine, for the tests of link previews: pages, images, and hostile servers."""

import contextlib
import http.server
import io
import threading

from PIL import Image

PAGE = "text/html; charset=utf-8"


def make_image(size=(640, 360), form="PNG"):
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, form)
    return content.getvalue()


def make_page(title="Roses", more=""):
    return f"<!doctype html><html><head><title>{title}</title>{more}</head><body>...</body></html>".encode()


class Web:
    """
    A server on 127.0.0.1. `pages` is {path: (content type, content)}; `moved` is {path: the address of a redirect}.

    The path `/endless` sends data without an end. `asked` lists the paths of all requests.
    """

    def __init__(self):
        self.pages, self.moved, self.asked = {}, {}, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _make_handler(web):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append(self.path)
                if self.path in web.moved:
                    self.send_response(302)
                    self.send_header("Location", web.moved[self.path])
                    self.end_headers()
                elif self.path == "/endless":
                    self._send(PAGE)
                    while True:
                        self.wfile.write(b"<meta name=x content=y>" * 1000)
                else:
                    content_type, content = web.pages.get(self.path, (None, b""))
                    self._send(content_type, 200 if content_type else 404)
                    self.wfile.write(content)

            def _send(self, content_type, status=200):
                self.send_response(status)
                self.send_header("Content-Type", content_type or "text/plain")
                self.end_headers()

            def handle(self):
                with contextlib.suppress(OSError):  # the client has closed the connection
                    super().handle()

            def log_message(self, *arguments):
                pass

        return Handler
