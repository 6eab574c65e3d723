"""A collector of OpenTelemetry: a server for OTLP over HTTP that keeps all spans in memory."""

import contextlib
import gzip
import http.server
import threading
from typing import NamedTuple


class Span(NamedTuple):
    """A span, with its ids as text. `process` is the command of the process that made it."""

    name: str
    trace: str
    id: str
    parent: str
    process: str
    attributes: dict
    start: int
    end: int


class Collector:
    """A running collector. `spans` are all spans that it has received, from all processes."""

    def __init__(self, port):
        self.spans = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.spans += decode(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def find(self, name, **attributes):
        """Return the spans with a name and with some attributes."""
        wanted = attributes.items()
        return [span for span in self.spans if span.name == name and wanted <= span.attributes.items()]

    def below(self, span):
        """Return the spans whose parent is a span."""
        return [other for other in self.spans if other.trace == span.trace and other.parent == span.id]


def decode(body):
    """Return the spans of a request in protobuf."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found = []
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        process = _read_attributes(resource.resource).get("process.command", "")
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
            times = span.start_time_unix_nano, span.end_time_unix_nano
            found.append(Span(span.name, *ids, process, _read_attributes(span), *times))
    return found


def _read_attributes(holder):
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in holder.attributes}


@contextlib.contextmanager
def running_collector(port=0):
    """Yield a running Collector. By default, it listens on a free port."""
    collector = Collector(port)
    threading.Thread(target=collector.server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        collector.server.server_close()
