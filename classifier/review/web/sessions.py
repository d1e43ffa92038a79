"""Who may see the page: who came through the link with the token, each browser for itself."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading

MOST = 50
"""Browsers at a time; the one that came first is forgotten."""


class Sessions:
    """Sessions of one run of the server; nothing of them is kept on disk.

    Attributes:
        token: the secret of the link; in no log.
        prefix: first part of every path. Cookies know no ports: a cookie for this path alone
            is not shown to whatever else serves pages on this machine.
    """

    def __init__(self, reviewer: str) -> None:
        self.token = secrets.token_urlsafe(32)
        self.prefix = secrets.token_urlsafe(12)
        self._reviewer = reviewer
        self._reviewers: dict[bytes, str] = {}
        self._lock = threading.Lock()

    def enter(self, token: str) -> str | None:
        """A new session for whoever knows the token."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._reviewers[_digest(session)] = self._reviewer
            while len(self._reviewers) > MOST:
                self._reviewers.pop(next(iter(self._reviewers)))
        return session

    def reviewer(self, session: str) -> str | None:
        """Name of the reviewer in a session; None where there is no such session.

        Sessions are found by their hash: how long it takes says nothing of the secret.
        """
        return self._reviewers.get(_digest(session))

    def rename(self, session: str, reviewer: str) -> None:
        with self._lock:
            if _digest(session) in self._reviewers:
                self._reviewers[_digest(session)] = reviewer


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode("utf-8", "surrogateescape")).digest()
