"""In front of every request: host, origin, session, size; behind every answer: headers.

The page is for this machine alone. Other web pages that the reviewer has open must neither
read it nor act in it (cross-site request forgery, DNS rebinding): requests must name this
host, changes must come from this origin, and all need the cookie of a session.
"""

from __future__ import annotations

import asyncio
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from classifier.review.web.sessions import Sessions

COOKIE = "tenderlens_review"
MAX_BODY = 64 * 1024
MAX_PATH = 2048
BODY_SECONDS = 10.0

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware; a request that fails a check reaches no code behind it.

    Args:
        hosts: what ``Host`` may say, with the port.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, hosts: frozenset[str]) -> None:
        self.app = app
        self.sessions = sessions
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        body = b""
        if refusal is None and scope["method"] == "POST":
            body, refusal = await _body(receive)
        if refusal is not None:
            status, reason = refusal
            await PlainTextResponse(reason, status)(scope, receive, send_guarded)
            return
        await self.app(scope, _replay(body, receive), send_guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason where the request must not go on."""
        headers, method = Headers(scope=scope), scope["method"]
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return 403, "wrong host"
        if method not in ("GET", "HEAD", "POST"):
            return 405, "method not allowed"
        if len(scope["raw_path"] or b"") + len(scope["query_string"]) > MAX_PATH:
            return 414, "address too long"
        origins = headers.getlist("origin")
        if origins not in ([], [f"http://{hosts[0]}"]) or (method == "POST" and not origins):
            return 403, "wrong origin"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "request of another site"
        if method == "POST" and headers.get("content-type") != "application/json":
            return 415, "JSON only"
        return self._session_refusal(scope, headers)

    def _session_refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        parts = scope["path"].split("/", 2)
        if len(parts) == 2 and scope["method"] == "GET":
            # The way in: the token is checked there.
            return None
        session = _cookie(headers)
        reviewer = self.sessions.reviewer(session) if session else None
        if parts[1] != self.sessions.prefix or reviewer is None:
            return 403, "open the link that tenderlens review printed"
        scope.setdefault("state", {}).update(session=session, reviewer=reviewer)
        return None


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


async def _body(receive: Receive) -> tuple[bytes, tuple[int, str] | None]:
    """The whole body, or why it is not taken."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return b"", (400, "request cut short")
                body += message.get("body", b"")
                if len(body) > MAX_BODY:
                    return b"", (413, "request too large")
                if not message.get("more_body"):
                    return bytes(body), None
    except TimeoutError:
        return b"", (408, "request too slow")


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once, then whatever comes: the end of the connection."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
