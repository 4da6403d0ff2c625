"""The API as one application: its routes, what it answers to errors, and its description as OpenAPI 3.1.

The gate stands before all of it (`tafadi.web.api.gate`).
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from tafadi import __version__
from tafadi.errors import InputError
from tafadi.model.names import LONGEST_FIELD, printable
from tafadi.store.operators import OPERATOR_ROLES, OperatorBook
from tafadi.web.api.bundles import add_bundles
from tafadi.web.api.callers import Callers
from tafadi.web.api.events import add_events
from tafadi.web.api.gate import Gate, caller
from tafadi.web.api.house import House
from tafadi.web.api.record import add_record
from tafadi.web.api.shapes import Shown
from tafadi.web.api.verbs import PROBLEMS, add_verbs
from tafadi.web.metrics import CONTENT_TYPE
from tafadi.web.problems import handlers, plain_problem, problem

DESCRIPTION: Final = """What a program or a console on the node's own machine asks of it. See docs/how/api.md.

`accepted` is received and understood; nothing here is ever permission. What is answered as said is signed and durable at this node; whether
another party has it, `stored_by` and `stored_at` tell. Errors are RFC 9457 problems."""
_BEARER: Final = HTTPBearer(auto_error=False, description="The token of an operator: `tafadi operator add`.")
_FAULTS_MAX: Final = 5  # of what is wrong with a request, so many are told
_METRICS_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


class Me(Shown):
    """Who asks, as the node knows it."""

    name: str
    role: str
    may_speak: bool
    party: str


class Alive(Shown):
    """That the node answers."""

    alive: bool


class Ready(Shown):
    """Whether the node may be given work. What is wrong is told to operators alone: `GET /v1/ready`."""

    ready: bool


def api_app(house: House, hosts: frozenset[str]) -> Gate:
    """The API of one node behind its gate, called by one of the `hosts` (`127.0.0.1:8088`)."""
    callers = Callers(OperatorBook(house.node.folder.path))
    app = FastAPI(
        title="Tafadi", version=__version__, description=DESCRIPTION, openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None
    )
    app.router.redirect_slashes = False  # there is one name for each thing
    for kind, handler in handlers(house.on_damage).items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(RequestValidationError, _not_as_described)
    app.add_exception_handler(HTTPException, _not_here)
    app.add_exception_handler(Exception, _at_fault)
    spoken = APIRouter(prefix="/v1", dependencies=[Depends(_BEARER)])
    add_verbs(spoken, house)
    add_record(spoken, house)
    add_events(spoken, house, callers.book)
    add_bundles(spoken, house)
    _add_own(spoken, house)
    app.include_router(spoken)
    _add_watched(app, house)
    return Gate(app, callers, hosts, house.metrics)


def _add_own(router: APIRouter, house: House) -> None:
    async def me(request: Request) -> JSONResponse:
        operator = caller(request)
        told = {"name": operator.name, "role": operator.role, "may_speak": operator.may_speak, "party": house.node.settings.party}
        return JSONResponse(told)

    router.add_api_route(
        "/me", me, response_model=Me, operation_id="me", tags=["node"], responses=PROBLEMS,
        summary=f"Who asks: an operator in one of the roles {', '.join(OPERATOR_ROLES)}.",
    )  # fmt: skip


def _add_watched(app: FastAPI, house: House) -> None:
    """What a supervisor of services asks: whether the node is alive and ready, which anybody here may know, and the metrics."""

    async def alive() -> JSONResponse:
        return JSONResponse({"alive": True})

    async def ready() -> JSONResponse:
        is_ready = bool(house.health()["ready"])
        return JSONResponse({"ready": is_ready}, 200 if is_ready else 503)

    async def metrics(_token: Annotated[object, Depends(_BEARER)]) -> Response:
        return Response(await house.turns.take(house.metrics.page), media_type=CONTENT_TYPE)

    add, service = app.add_api_route, ["service"]
    not_yet: dict[int | str, dict[str, Any]] = {503: {"model": Ready, "description": "Not yet, or not any more."}}
    add("/healthz", alive, response_model=Alive, operation_id="healthz", tags=[*service], summary="Whether the node answers.")
    add(
        "/readyz",
        ready,
        response_model=Ready,
        operation_id="readyz",
        tags=[*service],
        responses={**not_yet},
        summary="Whether it may be given work.",
    )
    add(
        "/metrics", metrics, response_class=Response, operation_id="metrics", tags=[*service], summary="Metrics, as Prometheus reads them.",
        responses={**PROBLEMS, **_METRICS_SHOWN},
    )  # fmt: skip


async def _not_as_described(request: Request, error: Exception) -> Response:
    """A request that is not as it is described: which members, and what is wrong with each; nothing of what they hold."""
    assert isinstance(error, RequestValidationError)
    faults = [f"{_place(fault['loc'])}: {fault['msg']}" for fault in error.errors()[:_FAULTS_MAX]]
    return problem(InputError("; ".join(faults)))


def _place(place: tuple[str | int, ...]) -> str:
    return printable(".".join(map(str, place)))[:LONGEST_FIELD]


async def _not_here(request: Request, error: Exception) -> Response:
    """What HTTP itself refuses."""
    assert isinstance(error, HTTPException)
    answer = plain_problem(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _at_fault(request: Request, error: Exception) -> Response:
    """A fault of the node's own: the log has where, and whoever asked learns that it is none of theirs."""
    return plain_problem(500, "This is a fault of Tafadi, and what was asked is not answered.")
