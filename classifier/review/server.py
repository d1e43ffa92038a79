"""The server of the review page: loopback only, one link, an orderly end."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn

from classifier.errors import ReviewError
from classifier.review.desk import Desk
from classifier.review.shelf import Shelf
from classifier.review.web.app import create_app
from classifier.review.web.sessions import Sessions

HOST = "127.0.0.1"
_AT_ONCE = 100
"""Connections; one browser opens six."""
_LAST_SECONDS = 5
"""How long requests under way may take when the server is to end."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that is listening; :attr:`link` is secret, it lets in whoever opens it."""

    link: str
    run: Callable[[], None]
    stop: Callable[[], None]


def listen(desk: Desk, shelf: Shelf, reviewer: str, port: int = 0) -> Serving:
    """Listen on the loopback interface; port 0 takes a free one.

    ``run`` of the result serves until SIGINT or SIGTERM, or ``stop`` from another thread.

    Raises:
        ReviewError: the port is taken.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # From here on the link may be opened: whoever is early waits.
        listener.listen(_AT_ONCE)
    except OSError as error:
        listener.close()
        raise ReviewError(f"端口 port {port}: {error.strerror}") from error
    port = listener.getsockname()[1]
    sessions = Sessions(reviewer)
    hosts = frozenset(f"{name}:{port}" for name in (HOST, "localhost"))
    config = uvicorn.Config(
        create_app(desk, sessions, hosts, shelf),
        # The link's token must not be written anywhere.
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        limit_concurrency=_AT_ONCE,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    def run() -> None:
        try:
            server.run(sockets=[listener])
        finally:
            listener.close()

    return Serving(f"http://{HOST}:{port}/{sessions.token}", run, stop)


def show(link: str) -> None:
    """Open the user's browser, where there is one."""
    try:
        webbrowser.open(link)
    except webbrowser.Error:
        return
