"""A load generator in one thread: kept-alive connections, each asking again when answered."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

CONNECTIONS = 8
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Rate:
    """What was answered in one round."""

    per_second: float
    bytes_each: float


@dataclass
class _Connection:
    socket: socket.socket
    buffer: bytearray = field(default_factory=lambda: bytearray(1 << 20))
    head: bytes = b""
    left: int | None = None

    def receive(self) -> bytes | None:
        """Take in what has come; return the head when the answer is whole."""
        number = self.socket.recv_into(self.buffer)
        if number == 0:
            raise ConnectionError("the server closed the connection")
        if self.left is None:
            self.head += self.buffer[:number]
            end = self.head.find(_HEAD_END)
            if end < 0:
                return None
            self.left = _length(self.head[:end]) - (len(self.head) - end - len(_HEAD_END))
            self.head = self.head[:end]
        else:
            self.left -= number
        return self.head if self.left <= 0 else None

    def send(self, request: bytes) -> None:
        self.head, self.left = b"", None
        self.socket.sendall(request)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    if b" 304 " in head.partition(b"\r\n")[0]:
        return 0
    raise ValueError(f"an answer without its length: {head[:200]!r}")


def request(path: str, port: int, **headers: str) -> bytes:
    """Return a request as bytes."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: keep-alive"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def get(port: int, asked: bytes) -> tuple[bytes, bytes]:
    """Ask once; return head and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as opened:
        opened.sendall(asked.replace(b"keep-alive", b"close"))
        whole = b"".join(iter(lambda: opened.recv(1 << 16), b""))
    head, _, body = whole.partition(_HEAD_END)
    return head, body


def measure(port: int, requests: Sequence[bytes], seconds: float, status: int = 200) -> Rate:
    """Ask by turns for some seconds; every answer must have the status."""
    turns, expected = cycle(requests), f" {status} ".encode()
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        opened = _Connection(socket.create_connection(("127.0.0.1", port), timeout=60))
        opened.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(opened.socket, selectors.EVENT_READ, opened)
        opened.send(next(turns))
    began, answers, total = time.perf_counter(), 0, 0
    while time.perf_counter() - began < seconds:
        for key, _ in selector.select(1):
            head = key.data.receive()
            if head is None:
                continue
            if expected not in head[:20]:
                raise ValueError(f"not {status}: {head[:300]!r}")
            answers, total = answers + 1, total + _length(head)
            key.data.send(next(turns))
    elapsed = time.perf_counter() - began
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()
    return Rate(answers / elapsed, total / max(answers, 1))
