"""The routes of the review page. Reading changes nothing; what changes something is a POST."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi import Path as PathField
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from classifier.errors import ExtractionError, ReviewError
from classifier.report import html
from classifier.report.report import REPORT_SUFFIX
from classifier.review.checks import MAX_NAME, checked_name
from classifier.review.desk import Desk
from classifier.review.export import export
from classifier.review.model import Label
from classifier.review.queue import Filter, Order, State
from classifier.review.shelf import Shelf
from classifier.review.signed import signed_report
from classifier.review.web.guard import COOKIE, Guard
from classifier.review.web.pages import assets, page_views, render
from classifier.review.web.sessions import Sessions
from classifier.taxonomy import CATEGORIES, Orientation

MOST_TARGETS = 500
SIGNED_SUFFIX = f".signed{REPORT_SUFFIX}"
QUEUE_SHOWN = 100
_MOST_TEXT = 200

Key = Annotated[str, PathField(pattern="^[0-9a-f]{64}$")]


class Session(BaseModel):
    """Who asks; put into the request by the guard."""

    id: str
    reviewer: str


def _session(request: Request) -> Session:
    return Session(id=request.state.session, reviewer=request.state.reviewer)


Asking = Annotated[Session, Depends(_session)]


class Targets(BaseModel, extra="forbid"):
    """A decision as the browser sends it."""

    targets: list[tuple[str, int]] = Field(min_length=1, max_length=MOST_TARGETS)
    orientation: Orientation
    categories: list[str] = Field(max_length=len(CATEGORIES))
    adjudicate: bool = False


class Name(BaseModel, extra="forbid"):
    name: str = Field(max_length=4 * MAX_NAME)


class Row(BaseModel, extra="forbid"):
    row: int = Field(ge=0)


class Entry(BaseModel, extra="forbid"):
    entry: int = Field(ge=1, lt=1 << 53)


class Nothing(BaseModel, extra="forbid"):
    """An empty object: the request itself says all."""


def create_app(desk: Desk, sessions: Sessions, hosts: frozenset[str], shelf: Shelf) -> Guard:
    """The page as an ASGI application.

    Args:
        hosts: what ``Host`` may say, with the port.
        shelf: documents of an archive that may be opened.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(_way_in(sessions))
    prefix = f"/{sessions.prefix}"
    app.include_router(_reading(desk, shelf, prefix), prefix=prefix)
    app.include_router(_changing(desk, shelf, sessions), prefix=prefix)
    app.add_exception_handler(ReviewError, _failed(409))
    app.add_exception_handler(ExtractionError, _failed(422))
    return Guard(app, sessions, hosts)


def _way_in(sessions: Sessions) -> APIRouter:
    router = APIRouter()

    @router.get("/{token}")
    def enter(token: str) -> Response:
        session = sessions.enter(token)
        if session is None:
            raise HTTPException(403, "wrong token")
        path = f"/{sessions.prefix}/"
        answer = RedirectResponse(path, 303)
        answer.set_cookie(COOKIE, session, path=path, httponly=True, samesite="strict")
        return answer

    return router


def _reading(desk: Desk, shelf: Shelf, prefix: str) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    def page(template: str, session: Session, **values: Any) -> HTMLResponse:
        view = template.partition(".")[0].replace("_", "-")
        known = {"base": prefix, "reviewer": session.reviewer, "desk": None, "view": view}
        return HTMLResponse(render(template, several=several(), **{**known, **values}))

    def several() -> bool:
        return bool(shelf.choices()) or len(desk.store.documents()) > 1

    @router.get("/")
    def documents(session: Asking) -> Response:
        found = desk.documents(session.reviewer)
        if not several():
            return RedirectResponse(f"{prefix}/d/{found[0].document.sha256}/", 303)
        return page("documents.html.j2", session, documents=found, shelf=shelf.choices())

    @router.get("/assets/{name}")
    def file(name: str) -> Response:
        if name not in assets():
            raise HTTPException(404)
        content, media_type = assets()[name]
        return Response(content, media_type=media_type)

    _desk(router, desk, page)
    _views(router, desk, page)
    return router


def _desk(router: APIRouter, desk: Desk, page: Callable[..., HTMLResponse]) -> None:
    """The desk itself and the parts it is made of."""

    @router.get("/d/{key}/")
    def reviewing(key: Key, session: Asking, wanted: Annotated[Filter, Depends(_filter)]):
        document = desk.store.document(key)
        state = desk.desktop(document, session.reviewer)
        return page("desk.html.j2", session, desk=state, wanted=wanted)

    @router.get("/d/{key}/queue")
    def queue(
        key: Key, session: Asking, wanted: Annotated[Filter, Depends(_filter)], offset: int = 0
    ):
        found = desk.queue(key, session.reviewer, wanted)
        own = desk.own(key, session.reviewer)
        offset = max(offset, 0)
        return page(
            "queue.html.j2",
            session,
            items=found[offset : offset + QUEUE_SHOWN],
            total=len(found),
            shown=min(offset + QUEUE_SHOWN, len(found)),
            own=own,
            progress=desk.progress(key, session.reviewer),
        )

    @router.get("/d/{key}/s/{index}")
    def card(key: Key, index: int, session: Asking):
        found = desk.card(key, index, session.reviewer)
        views = page_views(found.document, found.sentence)
        return page("card.html.j2", session, card=found, views=views)

    @router.get("/d/{key}/s/{index}/explanation")
    def explanation(key: Key, index: int, session: Asking):
        return page("explanation.html.j2", session, found=desk.explain(key, index))

    @router.get("/d/{key}/p/{number}.png")
    def picture(key: Key, number: int) -> Response:
        content = desk.originals.page(desk.store.document(key), number)
        return Response(content, media_type="image/png")


def _views(router: APIRouter, desk: Desk, page: Callable[..., HTMLResponse]) -> None:
    """The pages beside the desk itself."""

    @router.get("/d/{key}/agreement")
    def agreement(key: Key, session: Asking):
        state = desk.desktop(desk.store.document(key), session.reviewer)
        found = desk.agreement(key), desk.disputes(key)
        return page(
            "agreement.html.j2", session, desk=state, agreements=found[0], disputes=found[1]
        )

    @router.get("/d/{key}/trail")
    def trail(key: Key, session: Asking):
        state = desk.desktop(desk.store.document(key), session.reviewer)
        entries = desk.trail(key, session.reviewer)
        return page("trail.html.j2", session, desk=state, entries=entries)

    @router.get("/d/{key}/sign-off")
    def sign_off(key: Key, session: Asking):
        state = desk.desktop(desk.store.document(key), session.reviewer)
        return page(
            "sign_off.html.j2",
            session,
            desk=state,
            human=desk.human_score(key),
            is_other_model=desk.is_other_model(key),
            sign_offs=desk.store.sign_offs(key),
            settled=len(desk.human_labels(key)),
            last=max((entry.number for entry in desk.store.trail(key)), default=0),
        )

    @router.get("/d/{key}/export.json")
    def exported(key: Key) -> Response:
        return _download(JSONResponse(export(desk.store, key)), f"{key[:12]}.review.json")

    @router.get("/d/{key}/signed.html")
    def signed(key: Key) -> Response:
        page = HTMLResponse(html.render(signed_report(desk, key)))
        return _download(page, f"{key[:12]}{SIGNED_SUFFIX}")


def _changing(desk: Desk, shelf: Shelf, sessions: Sessions) -> APIRouter:
    router = APIRouter()

    @router.post("/decisions")
    def decide(given: Targets, session: Asking):
        label = Label(given.orientation, tuple(given.categories))
        made = desk.store.decide(
            given.targets, session.reviewer, label, adjudicate=given.adjudicate
        )
        return {"decided": len(made)}

    @router.post("/undo")
    def undo(_: Nothing, session: Asking):
        return _moved([(e.document, e.sentence) for e in desk.undo(session.reviewer)])

    @router.post("/redo")
    def redo(_: Nothing, session: Asking):
        return _moved([(e.document, e.sentence) for e in desk.redo(session.reviewer)])

    @router.post("/withdraw")
    def withdraw(given: Entry, session: Asking):
        made = desk.store.undo(given.entry, session.reviewer)
        return _moved([(e.document, e.sentence) for e in made])

    @router.post("/d/{key}/sign-off")
    def sign_off(key: Key, _: Nothing, session: Asking):
        return {"signed": desk.sign_off(key, session.reviewer).number}

    @router.post("/reviewer")
    def rename(given: Name, session: Asking):
        name = checked_name(given.name)
        sessions.rename(session.id, name)
        return {"reviewer": name}

    @router.post("/open")
    def open_row(given: Row, session: Asking):
        return {"document": shelf.open(given.row, desk)}

    return router


def _filter(
    order: Order = Order.UNCERTAINTY,
    state: State = State.TODO,
    orientation: str = "",
    category: str = "",
    alarm: str = "",
    doubtful: bool = False,
    text: str = "",
) -> Filter:
    return Filter(order, state, orientation, category, alarm, doubtful, text[:_MOST_TEXT])


def _moved(places: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {"document": places[0][0], "sentence": places[0][1], "moved": len(places)}


def _download(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _failed(status: int) -> Callable[[Request, Exception], Response]:
    """Errors that were foreseen, in words the reviewer can act on."""

    def answer(_: Request, error: Exception) -> Response:
        said = error.reason.next_step if isinstance(error, ExtractionError) else str(error)
        return JSONResponse({"error": said}, status)

    return answer
