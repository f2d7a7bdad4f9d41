"""The state of a process over HTTP: `/metrics` for Prometheus, `/health` for supervisors.

The one rule: every figure is read from the store on request, so no second count can disagree, and a restart loses
nothing.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from db.engine import Store
from db.read.catalog import last_starts, last_success
from db.read.statistics import statistics
from db.read.workers import live_workers, queue
from tagger.core.errors import ConfigError, TaggerError
from tagger.core.version import __version__
from tagger.ops.health import Health

log = logging.getLogger(__name__)

POLL_S = 0.1  # how long the end waits for the server
OFF = "off"
RUNNING = "running"
CLIENT_TIMEOUT_S = 10

NextTimes = Callable[[], Mapping[str, datetime]]


class StoreCollector(Collector):
    """The figures of a store.

    Args:
        store: to read.
        next_times: when each job is due next.
    """

    def __init__(self, store: Store, next_times: NextTimes) -> None:
        self._store = store
        self._next_times = next_times

    def collect(self) -> Iterator[Metric]:
        yield _gauge("tagger_info", "The version that runs.", {__version__: 1}, "version")
        with self._store.read() as connection:
            now, last, success = statistics(connection), last_starts(connection), last_success(connection)
            left, workers = queue(connection), live_workers(connection)
        yield _gauge("tagger_photos", "Photos in the store, by content.", now.photos)
        yield _gauge("tagger_files", "Files in the store.", {"present": now.files, "gone": now.gone}, "state")
        yield _gauge("tagger_failures", "Files that could not be read.", now.failures, "kind")
        yield _gauge("tagger_quarantined", "Files that are not tried again.", now.quarantined)
        yield _counter("tagger_answers", "What runs did with files.", asdict(now.counts), "answer")
        ended = {status: count for status, count in now.runs.items() if status != RUNNING}
        yield _counter("tagger_runs", "Runs that have ended, by how they ended.", ended, "status")
        yield _gauge("tagger_runs_at_work", "Runs in progress, including the bot's.", now.runs.get(RUNNING, 0))
        yield _gauge("tagger_workers", "Workers that share a run now.", workers)
        yield _gauge("tagger_queue", "Files left for workers.", asdict(left), "state")
        yield _gauge("tagger_database_bytes", "Size of the database.", self._store.size_bytes())
        started = {job: row.started_at.timestamp() for job, row in last.items()}
        ended_well = {job: row.status in ("running", "done", "stopped") for job, row in last.items()}
        succeeded = {job: moment.timestamp() for job, moment in success.items()}
        due = {job: moment.timestamp() for job, moment in self._next_times().items()}
        yield _gauge("tagger_job_start_timestamp_seconds", "When a job last started.", started, "job")
        yield _gauge("tagger_job_success_timestamp_seconds", "When a job was last done.", succeeded, "job")
        yield _gauge("tagger_job_due_timestamp_seconds", "When a job is due next.", due, "job")
        yield _gauge("tagger_job_ok", "0 if the last start of a job failed.", ended_well, "job")


@contextmanager
def serve_metrics(
    address: str, store: Store, next_times: NextTimes, health: Callable[[], Health]
) -> Iterator[int | None]:
    """Answer requests while the block runs.

    Args:
        address: host and port (0 for a free one), or "off".
        store: to read.
        next_times: when each job is due next.
        health: called at each request.

    Yields:
        The port; None if the address is "off".

    Raises:
        ConfigError: the address cannot be listened on.
    """
    if address == OFF:
        yield None
        return
    registry = CollectorRegistry()
    registry.register(StoreCollector(store, next_times))
    ProcessCollector(registry=registry)
    server = _listen(address, registry, health)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,), name="metrics", daemon=True)
    thread.start()
    try:
        log.info("Metrics and health are at http://%s:%d", address.rpartition(":")[0], server.server_port)
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _listen(address: str, registry: CollectorRegistry, health: Callable[[], Health]) -> ThreadingHTTPServer:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True

    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT_TIMEOUT_S

        def do_GET(self) -> None:
            try:
                self._answer()
            except ConnectionError:
                log.debug("The client left before %s was answered", self.path)
            except Exception:
                log.exception("%s could not be answered", self.path)
                self._send(503, b"The request could not be answered; the log says why.\n", "text/plain")

        def _answer(self) -> None:
            path = urlsplit(self.path).path
            if path == "/health":
                now = health()
                self._send(200 if now.is_fine else 503, _health_json(now), "application/json")
            elif path == "/metrics":
                self._send(*_metrics(registry))
            else:
                self._send(404, b"There are /metrics and /health.\n", "text/plain")

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            log.debug(format, *arguments)

    try:
        return Server((host, int(port)), Handler)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"metrics_listen: cannot listen on {address} ({error}). Name another address, or off."
        ) from error


def _metrics(registry: CollectorRegistry) -> tuple[int, bytes, str]:
    try:
        return 200, generate_latest(registry), CONTENT_TYPE_LATEST
    except TaggerError as error:
        return 503, f"{error}\n".encode(), "text/plain"


def _health_json(health: Health) -> bytes:
    status = "fine" if health.is_fine else "failing"
    body = {"status": status, "reasons": health.reasons, "notes": health.notes, "version": __version__}
    return json.dumps(body).encode() + b"\n"


def _gauge(name: str, help: str, values: Mapping[str, float] | float, label: str = "") -> Metric:
    if isinstance(values, Mapping):
        return _filled(GaugeMetricFamily(name, help, labels=[label]), values)
    return GaugeMetricFamily(name, help, float(values))


def _counter(name: str, help: str, values: Mapping[str, float], label: str) -> Metric:
    return _filled(CounterMetricFamily(name, help, labels=[label]), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, float]) -> Metric:
    for label, value in values.items():
        family.add_metric([label], float(value))
    return family
