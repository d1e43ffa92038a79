"""The review page keeps others out: other users' links, other web pages, other hosts."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from review_desk import Client, Served, reports, served

from classifier.analyzer import Classifier
from classifier.review.web.guard import COOKIE, MAX_BODY

pytest.importorskip("fastapi")

LABEL = {"orientation": "control", "categories": ["C1"]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    classifier = Classifier.load("lexical")
    with served(tmp_path_factory.mktemp("desk"), classifier, reports(classifier)) as desk:
        yield desk


@pytest.fixture(scope="module")
def client(desk: Served) -> Client:
    return Client.enter(desk)


@pytest.fixture(scope="module")
def paths(desk: Served) -> list[str]:
    """Every kind of address that can be read."""
    key = desk.key("督查.pdf")
    below = ("", "queue", "s/3", "p/1.png", "agreement", "trail", "sign-off", "export.json")
    return [
        "/",
        "/assets/review.js",
        f"/d/{key}/s/3/explanation",
        *(f"/d/{key}/{x}" for x in below),
    ]


def content_of(desk: Served) -> list[str]:
    connection = sqlite3.connect(desk.store.path)
    lines = list(connection.iterdump())
    connection.close()
    return lines


def decision(desk: Served) -> dict:
    return {"targets": [[desk.key("考勤.txt"), 3]], **LABEL}


def test_listens_on_the_loopback_interface_only(desk: Served) -> None:
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in others - {"127.0.0.1", "::1"}:
        with socket.socket() as caller:
            caller.settimeout(2)
            assert caller.connect_ex((address, desk.port)) != 0


def test_reading_works_and_changes_nothing(desk: Served, client: Client, paths: list[str]) -> None:
    before = content_of(desk)
    for path in paths:
        assert client.get(path)[0] == 200, path
    assert content_of(desk) == before


@pytest.mark.parametrize("token", ["", "x", "../etc/passwd", "%00", "é" * 20])
def test_a_wrong_token_lets_nobody_in(client: Client, token: str) -> None:
    path = "/" + token.encode("unicode_escape").decode()
    status, headers, _ = client.ask("GET", path, {"Host": client.own["Host"]})
    assert status in (403, 404) and "set-cookie" not in headers


def test_the_cookie_is_for_this_page_alone(desk: Served) -> None:
    from urllib.parse import urlsplit

    client = Client(desk.port)
    _, headers, _ = client.ask("GET", urlsplit(desk.link).path)
    flags = {part.strip().lower() for part in headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict"} <= flags
    assert f"path={headers['location']}".lower() in flags


@pytest.mark.parametrize("cookie", ["", f"{COOKIE}=", f"{COOKIE}=x", f"{COOKIE}=\udcff", "a=b; ;="])
def test_nothing_is_read_without_a_session(client: Client, paths: list[str], cookie: str) -> None:
    headers = {"Host": client.own["Host"]}
    if cookie:
        headers["Cookie"] = cookie.encode("utf-8", "surrogateescape").decode("latin-1")
    for path in paths:
        status, text = client.get(path, headers)
        assert status == 403 and "督查" not in text


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{}", "[::1]:{}"],
)
def test_other_hosts_are_refused(client: Client, host: str) -> None:
    """DNS rebinding: another page's name that leads to this machine."""
    host = host.format(client.port)
    assert client.get("/", {**client.own, "Host": host})[0] in (400, 403)
    named = {**client.posting, "Host": host, "Origin": f"http://{host}"}
    assert client.post("/undo", {}, named)[0] in (400, 403)


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", "https://127.0.0.1:{}"]
)
def test_requests_of_other_pages_change_nothing(
    desk: Served, client: Client, origin: str | None
) -> None:
    """Cross-site request forgery, also by pages of other ports of this machine."""
    before = content_of(desk)
    headers = {k: v for k, v in client.posting.items() if k != "Origin"}
    if origin is not None:
        headers["Origin"] = origin.format(client.port)
    for path in ("/decisions", "/undo", "/reviewer"):
        assert client.post(path, decision(desk), headers)[0] == 403
    if origin is not None:
        assert client.get("/", {**client.own, "Origin": headers["Origin"]})[0] == 403
    assert content_of(desk) == before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pictures_and_scripts_are_not_for_other_sites(
    client: Client, paths: list[str], site: str
) -> None:
    for path in paths:
        assert client.get(path, {**client.own, "Sec-Fetch-Site": site})[0] == 403


@pytest.mark.parametrize(
    "type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_forms_of_other_pages_are_not_understood(desk: Served, client: Client, type: str) -> None:
    before = content_of(desk)
    headers = {**client.posting, "Content-Type": type}
    assert client.post("/decisions", decision(desk), headers)[0] == 415
    assert content_of(desk) == before


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_have_a_limit(desk: Served, client: Client, chunked: bool) -> None:
    body = json.dumps({**decision(desk), "x": "x" * MAX_BODY}).encode()
    headers = dict(client.posting)
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
        headers["Content-Length"] = ""
        del headers["Content-Length"]
        piece = b"".join(b"400\r\n" + b"x" * 1024 + b"\r\n" for _ in range(200)) + b"0\r\n\r\n"
        status = raw_status(client, headers, piece)
    else:
        status, _, _ = client.ask("POST", client.prefix + "/decisions", headers, body)
    assert status == 413


def raw_status(client: Client, headers: dict[str, str], body: bytes) -> int:
    lines = [f"POST {client.prefix}/decisions HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        with contextlib.suppress(ConnectionError):
            wire.sendall(body)
        return int(wire.recv(1024).split()[1])


def test_long_addresses_and_other_methods_are_refused(client: Client) -> None:
    assert client.get("/?" + "x" * 4000)[0] == 414
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert client.ask(method, client.prefix + "/", client.posting)[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../../../etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/card.html.j2",
        "/assets/card.html.j2",
        "/assets/",
        "/d/{key}/p/..%2f..%2f1.png",
        "/d/{key}/p/0.png",
        "/d/{key}/p/-1.png",
        "/d/{key}/p/99999.png",
        "/d/{key}/s/-1",
        "/d/{key}/s/999999999999999999999",
        "/d/../../etc/",
        "/d/" + "0" * 64 + "/",
        "/d/" + "0" * 63 + "'/",
    ],
)
def test_addresses_lead_nowhere_else(desk: Served, client: Client, path: str) -> None:
    status, text = client.get(path.format(key=desk.key("督查.pdf")))
    assert 400 <= status < 500
    assert "root:" not in text and "{%" not in text


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"targets": []},
        {"targets": [["x", 1]], **LABEL},
        {"targets": [["KEY", -1]], **LABEL},
        {"targets": [["KEY", 10**30]], **LABEL},
        {"targets": [["KEY", 1]], "orientation": "control", "categories": ["A1"]},
        {"targets": [["KEY", 1]], "orientation": "control", "categories": ["<script>"]},
        {"targets": [["KEY", 1]], "orientation": "evil", "categories": []},
        {
            "targets": [["KEY", 1]],
            "orientation": "control",
            "categories": ["C1"],
            "reviewer": "李强",
        },
        {"targets": [["KEY", i] for i in range(600)], **LABEL},
    ],
)
def test_odd_decisions_are_refused_whole(desk: Served, client: Client, content: object) -> None:
    before = content_of(desk)
    text = json.dumps(content).replace("KEY", desk.key("考勤.txt"))
    status, _ = client.post("/decisions", json.loads(text))
    assert status in (409, 422)
    assert content_of(desk) == before


def test_every_answer_carries_the_policy_and_no_door_for_others(
    desk: Served, client: Client, paths: list[str]
) -> None:
    for path in [*paths, "/nothing", "/assets/none"]:
        _, headers, _ = client.ask("GET", client.prefix + path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert not [name for name in headers if name.startswith("access-control")]


def test_pages_ask_for_nothing_from_outside(client: Client, paths: list[str]) -> None:
    for path in paths:
        if path.endswith((".png", ".js", ".json")):
            continue
        _, text = client.get(path)
        assert "http:" not in text and "https:" not in text
        assert " style=" not in text and "<style" not in text and "onclick" not in text


def test_names_and_texts_are_escaped(desk: Served, tmp_path: Path) -> None:
    client = Client.enter(desk)
    status, _ = client.post("/reviewer", {"name": '"><script>alert(1)</script>'})
    assert status == 200
    _, text = client.get("/")
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_a_decision_through_the_page_is_in_the_trail_under_the_own_name(desk: Served) -> None:
    client = Client.enter(desk)
    client.post("/reviewer", {"name": "赵敏"})
    assert client.post("/decisions", decision(desk)) == (200, {"decided": 1})
    entry = desk.store.trail(desk.key("考勤.txt"))[-1]
    assert (entry.reviewer, entry.sentence) == ("赵敏", 3)
    assert client.post("/undo", {})[0] == 200
    assert client.post("/undo", {})[0] == 409
