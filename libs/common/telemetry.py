"""What operators see: traces that follow an event, a handful of figures, logs as JSON.

Nothing here carries personal data: spans and logs name routes, codes, organs and opaque ids.
"""

import logging
import sys
from contextlib import AbstractContextManager
from typing import Final

import structlog
from opentelemetry import propagate, trace
from opentelemetry.context import Context as TraceContext
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry
from structlog.typing import EventDict

_PROPAGATOR: Final = TraceContextTextMapPropagator()
REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; the default ones are milliseconds."""
_TRACEPARENT: Final = "traceparent"


class Telemetry:
    """Tracer and meters of one process.

    Args:
        installation: name of the city's installation.
        otlp: OTLP endpoint; absent, spans stay in the process.
        processors: further span processors; the tests keep spans with one.
    """

    def __init__(
        self,
        installation: str,
        *,
        otlp: str | None = None,
        processors: tuple[SpanProcessor, ...] = (),
    ) -> None:
        resource = Resource.create({"service.namespace": "xianjie", "service.name": installation})
        self._traces = TracerProvider(resource=resource)
        for processor in processors:
            self._traces.add_span_processor(processor)
        self.registry = CollectorRegistry()
        readers = [PrometheusMetricReader(registry=self.registry)]
        if otlp:
            # Imported here: without an endpoint the exporter's protobuf stack is dead weight.
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            self._traces.add_span_processor(
                BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp.rstrip('/')}/v1/traces"))
            )
        self._metrics = MeterProvider(metric_readers=readers, resource=resource)
        self.tracer: Tracer = self._traces.get_tracer("xianjie")
        self.meters = Meters(self._metrics.get_meter("xianjie"))

    def span(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: str | None = None,
        **attributes: str,
    ) -> AbstractContextManager[Span]:
        """A span; `parent` is a W3C `traceparent`, absent the current one is the parent."""
        context = parsed(parent) if parent else None
        return self.tracer.start_as_current_span(
            name, context=context, kind=kind, attributes=attributes
        )

    def close(self) -> None:
        """Send what is left and stop."""
        self._traces.shutdown()
        self._metrics.shutdown()


def parsed(traceparent: str) -> TraceContext:
    """The trace context of a W3C `traceparent`."""
    return _PROPAGATOR.extract({_TRACEPARENT: traceparent})


def current_traceparent() -> str | None:
    """The W3C `traceparent` of the current span; None outside any."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    trace_id = trace.format_trace_id(context.trace_id)
    span_id = trace.format_span_id(context.span_id)
    return f"00-{trace_id}-{span_id}-{context.trace_flags:02x}"


def current_trace_id() -> str | None:
    """The trace id of the current span in hexadecimal; None outside any."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


class Meters:
    """The figures that an operator watches; each name stands in docs/operating.md."""

    def __init__(self, meter: Meter) -> None:
        self._relayed = meter.create_counter(
            "xianjie_relayed_events", description="Events numbered and handed to the bus"
        )
        self._applied = meter.create_counter(
            "xianjie_applied_events", description="Events whose effect was committed"
        )
        self._seconds = meter.create_histogram(
            "xianjie_request_seconds",
            unit="s",
            description="Time to answer a request",
            explicit_bucket_boundaries_advisory=REQUEST_BUCKETS,
        )
        self._unknown = meter.create_counter(
            "xianjie_unknown_fields", description="Fields of events that this release does not know"
        )
        gauges = {
            "outbox_age_seconds": "Age of the oldest committed event without a position",
            "relay_lag_events": "Events numbered and not yet acknowledged by the bus",
            "consumer_lag_events": "Events of its topics that a group has not been given",
            "parked_streams": "Streams that wait behind an event that could not be applied",
            "gap_streams": "Streams that wait for an event that has not arrived",
            "open_limits": "Limits that run",
            "overdue_limits": "Limits missed and not yet met",
            "owed_notices": "Notices owed and not yet received, as the ledger counts them",
        }
        self._gauges = {
            name: meter.create_gauge(f"xianjie_{name}", description=description)
            for name, description in gauges.items()
        }

    def relayed(self, topic: str, count: int) -> None:
        """Count events handed to the bus."""
        self._relayed.add(count, {"topic": topic})

    def applied(self, group: str, count: int) -> None:
        """Count events whose effect was committed."""
        self._applied.add(count, {"group": group})

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record an answer."""
        self._seconds.record(seconds, {"method": method, "route": route, "status": str(status)})

    def unknown_field(self, event_type: str, count: int) -> None:
        """Count fields that a newer neighbour wrote and this release ignores."""
        self._unknown.add(count, {"type": event_type})

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set one of the gauges above."""
        self._gauges[name].set(value, labels)


def configure_logs(*, level: int = logging.INFO) -> None:
    """Write logs as JSON lines on standard error, each with its trace id."""
    propagate.set_global_textmap(_PROPAGATOR)
    # In an outage it says each attempt on its own; the adapter says the outage, once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace_id,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _add_trace_id(_: object, __: str, event: EventDict) -> EventDict:
    if trace_id := current_trace_id():
        event["trace_id"] = trace_id
    return event
