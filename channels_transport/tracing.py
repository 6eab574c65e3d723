"""
The spans of OpenTelemetry: how long a message waits, how long its consumer runs, and how long it is on its way to the
sockets.

A trace begins at an interface. Its spans are `receive`, `queue` (until a worker has the message) and `process` (the
consumer). Below `process` are the statements, `commit`, `reply` and `broadcast`. Below `broadcast` is a `write` of each
interface. Messages carry only traces that are sampled. The span of a statement has its verb and table, and no values.

The module needs the packages opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http. Only `following` imports it,
with the setting TRACING. The standard variables OTEL_* say where the spans go, and which traces are sampled.
"""

from __future__ import annotations

import logging
import math
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from . import log_context
from .bounded_cache import BoundedCache
from .log_lines import redact
from .log_throttle import LogThrottle

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 3
# The most requests whose response is awaited. If there are more, the spans of the oldest ones are not exported.
MAX_OPEN_REQUESTS = 10_000
_STATEMENT = re.compile(r"\s*(\w+)")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+[\"`\[]?(\w+)", re.IGNORECASE)


class CollectorExporter(SpanExporter):
    """Exports to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names. Logs one line while it cannot be reached."""

    def __init__(self) -> None:
        # The exporter logs several lines for each batch.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._exporter = OTLPSpanExporter()
        self._throttle = LogThrottle(logger, LogThrottle.ONCE)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch. The spans of a batch that cannot be sent are lost."""
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._throttle.warning("The spans of traces are lost, because %s", "the collector does not accept them")
        elif self._throttle.reset():
            logger.info("The collector accepts the spans of traces again")
        return result

    def shutdown(self) -> None:
        """End the exports that still wait for the collector."""
        self._exporter.shutdown()


class Tracer:
    """Makes the spans of one process. Its spans are exported in batches, by a thread."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        command = " ".join(sys.argv[1:2])
        described = {"service.instance.id": f"{socket.gethostname()}.{os.getpid()}", "process.command": command}
        if "OTEL_SERVICE_NAME" not in os.environ:
            described["service.name"] = "channels"
        self._provider = TracerProvider(resource=Resource.create(described), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or CollectorExporter()))
        self._tracer = self._provider.get_tracer("channels_transport")
        self._propagator = TraceContextTextMapPropagator()
        self._requests: BoundedCache[str, Span] = BoundedCache(MAX_OPEN_REQUESTS)
        self._local = threading.local()  # the span of the message that the thread handles, and its token

    def receive(self, channel: str, message: dict[str, Any]) -> dict[str, Any]:
        """Begin the trace of a frame or a request. Return the message, which carries the trace if it is sampled."""
        span = self._tracer.start_span(
            f"receive {channel}",
            self._read_parent(channel, message),
            SpanKind.SERVER,
            _describe_message(channel, message),
        )
        if channel == "http.request":
            self._requests.store(message["reply_channel"], span)
        else:
            span.end()
        carried = _carry(span)
        return log_context.add_carried(message, **carried) if carried else message

    def _read_parent(self, channel: str, message: dict[str, Any]) -> Context:
        """Return the context that a trusted proxy gave to a request. The interface has removed any other context."""
        headers = message.get("headers", ()) if channel == "http.request" else ()
        return self._read(next((value.decode("latin1") for name, value in headers if name == b"traceparent"), ""))

    def _read(self, traceparent: str) -> Context:
        return self._propagator.extract({"traceparent": traceparent}, Context())

    def respond(self, reply: str, status: int | None) -> None:
        """End the span of a request. The status None means that its client has left."""
        span = self._requests.pop(reply, None)
        if span is None:
            return
        if status is not None:
            span.set_attribute("http.response.status_code", status)
            span.set_status(StatusCode.ERROR if status >= 500 else StatusCode.UNSET)
        span.end()

    def begin(self, channel: str, carried: dict[str, Any]) -> None:
        """Make the span of the queue, and begin the span of a consumer. A message without a trace gets no spans."""
        traceparent, sent_at = carried.get("trace"), carried.get("sent_at")
        if not isinstance(traceparent, str) or not isinstance(sent_at, float) or not math.isfinite(sent_at):
            return
        now = time.time_ns()
        parent, attributes = self._read(traceparent), {"messaging.destination.name": channel}
        # The clocks of two machines differ.
        start = min(now, int(sent_at * 1e9))
        waited = self._tracer.start_span(f"queue {channel}", parent, SpanKind.INTERNAL, attributes, start_time=start)
        waited.end(now)
        span = self._tracer.start_span(
            f"process {channel}", trace.set_span_in_context(waited, Context()), SpanKind.CONSUMER, attributes
        )
        self._local.current = span, context.attach(trace.set_span_in_context(span))

    def end(self, has_failed: bool) -> None:
        """End the span of a consumer."""
        span, token = self._take_current()
        if span is not None:
            context.detach(token)
            span.set_status(StatusCode.ERROR if has_failed else StatusCode.UNSET)
            span.end()

    def _take_current(self) -> tuple[Span | None, Any]:
        current = getattr(self._local, "current", (None, None))
        self._local.current = None, None
        return current

    @property
    def _is_tracing(self) -> bool:
        return getattr(self._local, "current", (None, None))[0] is not None

    def run(self, name: str, function: Callable[[], Any], **attributes: str) -> Any:
        """Run a function, in a span below the consumer's span if there is one."""
        if not self._is_tracing:
            return function()
        with self._tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes):
            return function()

    def run_statement(self, sql: str, function: Callable[[], Any]) -> Any:
        """Run a statement of the database in a span with its verb and its table."""
        if not self._is_tracing:
            return function()
        verb, table = _STATEMENT.match(sql), _TABLE.search(sql)
        operation = verb[1].upper() if verb else "SQL"
        name = f"{operation} {table[1]}" if table else operation
        return self.run(
            name, function, **{"db.operation.name": operation, "db.collection.name": table[1] if table else ""}
        )

    def begin_broadcast(self, group: str) -> tuple[Span | None, str]:
        """Begin the span of a message to a group. Return it, and the trace that the message must carry."""
        if not self._is_tracing:
            return None, ""
        attributes = {"messaging.destination.name": group}
        span = self._tracer.start_span("broadcast", kind=SpanKind.PRODUCER, attributes=attributes)
        return span, _carry(span).get("trace", "")

    def note(self, name: str) -> None:
        """Make a span without a duration below the consumer's span, if there is one."""
        if self._is_tracing:
            self._tracer.start_span(name, kind=SpanKind.PRODUCER).end()

    def carry(self) -> dict[str, Any]:
        """Return what a job of the current message must carry."""
        return _carry(self._local.current[0]) if self._is_tracing else {}

    def write(self, traceparent: str, count: int, began: float) -> None:
        """Make the span of a message to a group that was written to `count` connections of this interface."""
        attributes = {"connections": count}
        span = self._tracer.start_span(
            "write", self._read(traceparent), SpanKind.CONSUMER, attributes, start_time=int(began * 1e9)
        )
        span.end()

    def stop(self) -> None:
        """Export the last spans, for at most FLUSH_SECONDS. Then the thread ends with the process."""
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(FLUSH_SECONDS)


def _carry(span: Span) -> dict[str, Any]:
    """Return what a message must carry, so that the next process adds its spans below this one."""
    found = span.get_span_context()
    if not found.trace_flags.sampled:
        return {}
    return {"trace": f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}", "sent_at": time.time()}


def _describe_message(channel: str, message: dict[str, Any]) -> dict[str, str]:
    described = {
        "messaging.destination.name": channel,
        "messaging.message.id": log_context.make_id(message, message.get(log_context.CARRIED, {})),
        # Some paths contain a secret.
        "url.path": redact(message.get("path", "")),
        "http.request.method": message.get("method"),
    }
    return {name: value for name, value in described.items() if value}
