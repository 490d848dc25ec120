from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.server.transport.poller import EpollPoller, SelectorPoller
from metrics_dictionary.server.transport.server import Server, tls_context
from metrics_dictionary.tools.errors import OperationalError
from tests.server.running_server import API, OPTIONS, Client, Running, raw, read_all, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from metrics_dictionary.stores.store import Recording, Verdict

DEFINITIONS = f"{API}/metric_definitions"
TRACK = f"{API}/track_event"
GET = f"GET {DEFINITIONS} HTTP/1.1\r\nHost: x\r\n"
CLOSE = "Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("transport")) as served:
        yield served


def connect(served: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=5)


def status_of(answer: bytes) -> int:
    match = re.match(rb"HTTP/1\.1 ([0-9]{3}) [A-Za-z' -]+\r\n", answer)
    assert match is not None, answer[:200]
    return int(match[1])


def test_many_requests_share_a_connection_also_when_they_come_in_one_piece(served: Running) -> None:
    answer = raw(served.port, (f"{GET}\r\n" * 20 + GET + CLOSE).encode())
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 21


def test_a_request_may_arrive_byte_by_byte(served: Running) -> None:
    with connect(served) as connection:
        for byte in f"{GET}{CLOSE}".encode():
            connection.sendall(bytes([byte]))
            time.sleep(0.001)
        assert status_of(read_all(connection)) == 200


def test_a_body_that_arrives_after_its_head_is_read(served: Running) -> None:
    head, body = post(served, b'{"event": "mr_name_changed"}')
    before = served.count()
    with connect(served) as connection:
        connection.sendall(head)
        time.sleep(0.2)
        connection.sendall(body)
        assert status_of(connection.recv(4096)) == 200
    assert served.count() == before + 1


def post(served: Running, body: bytes, *headers: str, role: str = "tracker") -> tuple[bytes, bytes]:
    lines = [f"POST {TRACK} HTTP/1.1", "Host: x", f"PRIVATE-TOKEN: {served.tokens[role]}"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode(), body


def test_a_body_is_read_so_that_the_connection_stays_usable(served: Running) -> None:
    client = Client(served.port)
    assert client.call("POST", DEFINITIONS, b"x" * 10_000).status == 405
    assert client.call("GET", DEFINITIONS, b"x" * 100_000).status == 200
    assert client.get(DEFINITIONS).status == 200
    client.close()


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (f"GET {DEFINITIONS}\r\n\r\n", 400),
        (f"GET {DEFINITIONS} HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (f"GET  {DEFINITIONS} HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (f"GET {DEFINITIONS} HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
        (f"GET {DEFINITIONS}\tHTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (f"GET {DEFINITIONS} HTTP/1.1\r\n\r\n", 400),
        (f"{GET}Host: y\r\n\r\n", 400),
        (f"GET {DEFINITIONS} HTTP/1.1\r\nHost: x y\r\n\r\n", 400),
        (f"{GET}X : 1\r\n\r\n", 400),
        (f"{GET}X\r\n\r\n", 400),
        (f"{GET}: 1\r\n\r\n", 400),
        (f"{GET}X: 1\r\n folded\r\n\r\n", 400),
        (f"{GET}X: a\0b\r\n\r\n", 400),
        (f"{GET}X: a\rb\r\n\r\n", 400),
        (f"{GET}X: 1\nY: 2\r\n\r\n", 400),
        (f"GET {DEFINITIONS} HTTP/1.1\nHost: x\n\n", 400),
        ("GET http:/x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http://user@x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (f"GET /{'a' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (f"GET /{'a' * 9000}", 414),
        (GET + "X: 1\r\n" * 101 + "\r\n", 431),
        (f"{GET}X: {'a' * 40_000}\r\n\r\n", 431),
        (f"{GET}X: {'a' * 40_000}", 431),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
)
def test_what_is_no_proper_request_is_refused_and_ends_the_connection(
    served: Running, request_text: str, status: int
) -> None:
    answer = raw(served.port, request_text.encode("latin-1"))
    assert status_of(answer) == status
    assert b"Connection: close\r\n" in answer
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert list(body) == ["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (("Content-Length: 5", "Content-Length: 5"), 400),
        (("Content-Length: 5", "Content-Length: 6"), 400),
        (("Content-Length: 5, 5",), 400),
        (("Content-Length: -1",), 400),
        (("Content-Length: +5",), 400),
        (("Content-Length: 0x5",), 400),
        (("Content-Length: \u0665",), 400),
        (("Content-Length: 99999999999999999999",), 400),
        (("Content-Length: 5", "Transfer-Encoding: chunked"), 400),
        (("Transfer-Encoding: chunked",), 411),
        (("Transfer-Encoding: xchunked",), 411),
        (("Content-Length: 1048577",), 413),
    ],
)
def test_a_body_of_unclear_or_excessive_length_is_refused_and_ends_the_connection(
    served: Running, headers: tuple[str, ...], status: int
) -> None:
    lines = [f"POST {TRACK} HTTP/1.1", "Host: x", f"PRIVATE-TOKEN: {served.tokens['tracker']}", *headers, "", ""]
    smuggled = f"GET {DEFINITIONS} HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = raw(served.port, "\r\n".join(lines).encode() + smuggled.encode())
    assert status_of(answer) == status
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in answer


def test_an_absolute_target_means_its_path(served: Running) -> None:
    answer = raw(served.port, f"GET http://else:1{DEFINITIONS}?x HTTP/1.1\r\nHost: x\r\n{CLOSE}".encode())
    assert status_of(answer) == 200


def test_http_1_0_closes_unless_it_is_asked_not_to(served: Running) -> None:
    once = raw(served.port, f"GET {DEFINITIONS} HTTP/1.0\r\n\r\n".encode() * 2)
    assert once.count(b"HTTP/1.1 200") == 1
    kept = f"GET {DEFINITIONS} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".encode()
    twice = raw(served.port, kept + f"GET {DEFINITIONS} HTTP/1.0\r\n\r\n".encode())
    assert twice.count(b"HTTP/1.1 200") == 2
    assert twice.count(b"Connection: keep-alive\r\n") == 1


def test_a_client_that_expects_it_is_told_to_continue(served: Running) -> None:
    head, body = post(served, b'{"event": "mr_name_changed"}', "Expect: 100-continue")
    with connect(served) as connection:
        connection.sendall(head)
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert status_of(connection.recv(4096)) == 200


@pytest.mark.parametrize(
    ("role", "headers", "status"),
    [("tracker", "Content-Length: 9999999", 413), ("reader", "Content-Length: 9", 403), ("nobody", "X: 1", 401)],
)
def test_a_body_that_is_not_wanted_is_refused_before_it_is_sent(
    served: Running, role: str, headers: str, status: int
) -> None:
    token = served.tokens.get(role, "glpat-unknown")
    lines = [f"POST {TRACK} HTTP/1.1", "Host: x", f"PRIVATE-TOKEN: {token}", "Expect: 100-continue", headers]
    answer = raw(served.port, "\r\n".join([*lines, "", ""]).encode())
    assert status_of(answer) == status


def test_a_body_of_ten_megabytes_is_refused_and_the_client_reads_why(served: Running) -> None:
    client = Client(served.port)
    answer = client.post_json(TRACK, b"x" * 10_000_000, served.headers("tracker"))
    assert (answer.status, answer.json) == (413, {"error": "the body is longer than 1048576 bytes"})
    client.close()


def test_a_request_id_is_kept_when_it_is_proper_and_made_up_otherwise(served: Running) -> None:
    client = Client(served.port)
    assert client.get("/", X_Request_Id="abc-1.2_3").headers["x-request-id"] == "abc-1.2_3"
    made_up = {client.get("/", X_Request_Id=name).headers["x-request-id"] for name in ("a b", "x" * 200, '"><', "")}
    assert len(made_up) == 4
    assert all(re.fullmatch("[0-9a-f]+-[0-9a-f]+", name) for name in made_up)
    client.close()


def test_a_client_that_sends_a_byte_now_and_then_is_cut_off(tmp_path: Path) -> None:
    with running(tmp_path, replace(OPTIONS, idle_seconds=1.0)) as served, connect(served) as connection:
        connection.settimeout(0.1)
        began = time.monotonic()
        answer = b""
        for byte in (GET + "X: " + "a" * 1000).encode():
            try:
                connection.sendall(bytes([byte]))
                answer += connection.recv(4096)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if answer:
                break
        assert 0.9 < time.monotonic() - began < 3
        assert status_of(answer) == 408


def test_a_silent_connection_is_closed(tmp_path: Path) -> None:
    with running(tmp_path, replace(OPTIONS, idle_seconds=0.5)) as served, connect(served) as connection:
        began = time.monotonic()
        assert connection.recv(10) == b""
        assert 0.4 < time.monotonic() - began < 2


def test_neither_silent_nor_slow_connections_keep_others_from_being_served(tmp_path: Path) -> None:
    with running(tmp_path, replace(OPTIONS, threads=2)) as served, ExitStack() as stack:
        for number in range(40):
            connection = stack.enter_context(connect(served))
            connection.sendall([b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"][number % 3])
        began = time.monotonic()
        client = Client(served.port)
        for _ in range(20):
            assert client.get(DEFINITIONS).status == 200
        assert time.monotonic() - began < 2
        client.close()


def test_more_clients_than_threads_are_all_served(tmp_path: Path) -> None:
    def call() -> None:
        client = Client(served.port)
        statuses.extend(client.get(DEFINITIONS).status for _ in range(10))
        client.close()

    statuses: list[int] = []
    with running(tmp_path, replace(OPTIONS, threads=3)) as served:
        threads = [threading.Thread(target=call) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert statuses == [200] * 400


def test_a_client_that_reads_slowly_gets_all_of_a_large_file_and_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    large = bytes(range(256)) * 40_000
    (tmp_path / "site" / "large.bin").write_bytes(large)
    with running(tmp_path, replace(OPTIONS, threads=1)) as served, connect(served) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000)
        slow.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.2)
        client = Client(served.port)
        assert client.get(DEFINITIONS).status == 200
        client.close()
        assert read_all(slow).partition(b"\r\n\r\n")[2] == large


def test_two_large_files_come_one_after_the_other_on_one_connection(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    large = bytes(range(256)) * 40_000
    (tmp_path / "site" / "large.bin").write_bytes(large)
    request = b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n"
    with running(tmp_path) as served:
        received = raw(served.port, request + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert received.count(large) == 2


@pytest.mark.parametrize("poller", [SelectorPoller, EpollPoller])
def test_every_way_to_wait_for_sockets_serves_many_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poller: type[SelectorPoller | EpollPoller]
) -> None:
    monkeypatch.setattr("metrics_dictionary.server.transport.server.open_poller", poller)
    (tmp_path / "site").mkdir()
    large = bytes(range(256)) * 40_000
    (tmp_path / "site" / "large.bin").write_bytes(large)
    with running(tmp_path) as served:
        clients = [Client(served.port) for _ in range(10)]
        for client in clients * 5:
            assert client.get(DEFINITIONS).status == 200
            assert client.get("/").status == 404
            assert client.post_json(TRACK, {"event": "mr_name_changed"}, served.headers("tracker")).status == 200
        assert clients[0].get("/large.bin").body == large
        for client in clients:
            client.close()
        assert served.count() == 50


def test_a_store_that_hangs_does_not_hold_up_what_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(recordings: Sequence[Recording]) -> list[Verdict]:
        time.sleep(0.6)
        return commit(recordings)

    def track() -> None:
        client = Client(served.port)
        statuses.append(client.post_json(TRACK, {"event": "mr_name_changed"}, served.headers("tracker")).status)
        client.close()

    statuses: list[int] = []
    with running(tmp_path, replace(OPTIONS, threads=8)) as served:
        commit = served.store.commit
        monkeypatch.setattr(served.store, "commit", hang)
        track()
        track()
        threads = [threading.Thread(target=track) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        client = Client(served.port)
        began = time.monotonic()
        assert client.get("/-/liveness").status == 200
        assert time.monotonic() - began < 0.3
        for thread in threads:
            thread.join(10)
        monkeypatch.undo()
        track()
        client.close()
        assert served.count() == len(statuses) == statuses.count(200) == 7


def test_a_connection_outlives_a_call_that_takes_longer_than_it_may_be_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def payload() -> None:
        time.sleep(1.2)

    with running(tmp_path, replace(OPTIONS, idle_seconds=0.8)) as served:
        monkeypatch.setattr(served.store, "payload", payload)
        client = Client(served.port)
        for _ in range(2):
            assert client.call("GET", f"{API}/service_ping", None, served.headers("reader")).status == 200
            time.sleep(0.3)
        client.close()


def test_of_events_that_arrive_together_only_the_one_at_fault_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def commit_few(recordings: Sequence[Recording]) -> list[Verdict]:
        if any(sum(recording.changes.increments.values()) > 49 for recording in recordings):
            raise ArithmeticError("too many")
        return commit(recordings)

    with running(tmp_path) as served:
        commit = served.store.commit
        monkeypatch.setattr(served.store, "commit", commit_few)
        client = Client(served.port)
        client.post_json(TRACK, {"event": "mr_name_changed"}, served.headers("tracker"))
        client.close()
        some, many = (json.dumps({"events": [{"event": "mr_name_changed"}] * number}).encode() for number in (20, 50))
        connections = [connect(served) for _ in range(4)]
        for connection, body in zip(connections, (some, some, many, some), strict=True):
            connection.sendall(b"".join(post(served, body)))
        statuses = [status_of(connection.recv(4096)) for connection in connections]
        for connection in connections:
            connection.close()
        assert statuses == [200, 200, 500, 200]
        assert served.count() == 61
    assert "ArithmeticError: too many" in capsys.readouterr().err


def test_stopping_answers_what_has_begun_and_refuses_what_is_new(tmp_path: Path) -> None:
    with running(tmp_path) as served, connect(served) as begun, connect(served) as silent:
        head, body = post(served, b'{"event": "mr_name_changed"}')
        begun.sendall(head)
        time.sleep(0.1)
        stopping = threading.Thread(target=served.server.shutdown)
        stopping.start()
        time.sleep(0.1)
        with pytest.raises(ConnectionRefusedError):
            connect(served)
        begun.sendall(body)
        answer = read_all(begun)
        assert status_of(answer) == 200
        assert b"Connection: close\r\n" in answer
        assert silent.recv(10) == b""
        stopping.join(5)
        assert not stopping.is_alive()
        assert served.count() == 1


def test_stopping_does_not_wait_for_ever(tmp_path: Path) -> None:
    with running(tmp_path, replace(OPTIONS, stop_seconds=0.5)) as served, connect(served) as begun:
        begun.sendall(b"GET / HTT")
        time.sleep(0.1)
        began = time.monotonic()
        served.server.shutdown()
        assert time.monotonic() - began < 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return certificate, key


def test_tls_is_spoken_with_a_certificate(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    (tmp_path / "site").mkdir()
    large = bytes(range(256)) * 20_000
    (tmp_path / "site" / "large.bin").write_bytes(large)
    context = ssl.create_default_context(cafile=str(certificate[0]))
    with running(tmp_path, replace(OPTIONS, tls=tls_context(str(certificate[0]), str(certificate[1])))) as served:
        assert served.server.url == f"https://127.0.0.1:{served.port}/"
        with context.wrap_socket(connect(served), server_hostname="127.0.0.1") as connection:
            for _ in range(3):
                head, body = post(served, b'{"event": "mr_name_changed"}')
                connection.sendall(head)
                connection.sendall(body)
                assert status_of(connection.recv(65536)) == 200
            connection.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert read_all(connection).partition(b"\r\n\r\n")[2] == large
        assert raw(served.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").partition(b"HTTP")[1] == b""


def test_a_silent_tls_client_holds_nobody_up(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(cafile=str(certificate[0]))
    tls = tls_context(str(certificate[0]), str(certificate[1]))
    with running(tmp_path, replace(OPTIONS, threads=1, tls=tls)) as served, connect(served) as half:
        half.sendall(b"\x16\x03\x01\x02\x00")
        began = time.monotonic()
        with context.wrap_socket(connect(served), server_hostname="127.0.0.1") as whole:
            whole.sendall(f"{GET}{CLOSE}".encode())
            assert status_of(read_all(whole)) == 200
        assert time.monotonic() - began < 2


def test_files_that_hold_no_certificate_are_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing", encoding="utf-8")
    with pytest.raises(OperationalError, match=r"no usable certificate and key: .*; give PEM files"):
        tls_context(str(tmp_path / "x.pem"), None)


def test_a_port_in_use_is_one_line_that_says_what_to_do(served: Running) -> None:
    with pytest.raises(
        OperationalError, match=f"cannot listen on 127.0.0.1:{served.port}: .*; choose another --host or"
    ):
        Server(replace(OPTIONS, port=served.port))


def test_the_url_of_an_ipv6_address_has_brackets() -> None:
    with Server(replace(OPTIONS, host="::1")) as server:
        assert server.url == f"http://[::1]:{server.server_address[1]}/"
