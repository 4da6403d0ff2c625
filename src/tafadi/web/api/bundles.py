"""Bundles over the API: the file that `bundle.export` has laid into the node's folder is fetched, one for `bundle.import` is laid there.

A bundle's name is the digest of its content, so a file that did not arrive whole has another name and is refused.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from tafadi.errors import InputError, MissingError
from tafadi.store.files import write_whole
from tafadi.web.api.callers import check_may
from tafadi.web.api.gate import caller
from tafadi.web.api.house import House
from tafadi.web.api.verbs import PROBLEMS
from tafadi.web.verbs.bundle import bundle_name

MEDIA_TYPE: Final = "application/octet-stream"
SPOOLED_MAX: Final = 8  # bundles that lie there at a time, of 16 MiB at most; who leaves them there gets no other
Name = Annotated[str, Path(pattern=r"^bundle-[0-9a-f]{64}\.tar$", description="`bundle-`, the SHA-256 of its content, `.tar`.")]
_FILE: Final[dict[str, Any]] = {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


def add_bundles(router: APIRouter, house: House) -> None:
    """Adds the routes by which bundles come and go."""
    folder = house.node.folder.path

    async def fetch(name: Name) -> Response:
        if not (folder / name).is_file():
            raise MissingError(f"there is no {name}; `bundle.export` makes one")
        return Response((folder / name).read_bytes(), media_type=MEDIA_TYPE)

    async def lay(request: Request, name: Name) -> Response:
        check_may(caller(request), "bundle.import", reads=False)
        data = await request.body()
        if bundle_name(data) != name:
            raise InputError("the bundle did not arrive whole: its content has another digest")
        if len(list(folder.glob("bundle-*.tar"))) >= SPOOLED_MAX:
            raise InputError(f"{SPOOLED_MAX} bundles lie there already; take them in, or delete them")
        write_whole(folder / name, data, 0o600)
        return Response(status_code=204)

    async def drop(request: Request, name: Name) -> Response:
        check_may(caller(request), "bundle.import", reads=False)
        (folder / name).unlink(missing_ok=True)
        return Response(status_code=204)

    shown: dict[int | str, dict[str, Any]] = {200: {"description": "The bundle.", **_FILE}}
    for method, made, name, summary, extra in (
        ("GET", fetch, "bundle_fetch", "A bundle that was made, as a file.", {}),
        ("PUT", lay, "bundle_lay", "Lays a bundle where `bundle.import` takes it from.", {"requestBody": {"required": True, **_FILE}}),
        ("DELETE", drop, "bundle_drop", "Takes a bundle away again; nothing, where there is none.", {}),
    ):
        router.add_api_route(
            "/bundles/{name}",
            made,
            methods=[method],
            status_code=200 if method == "GET" else 204,
            response_class=Response,
            operation_id=name,
            summary=summary,
            openapi_extra=extra,
            responses={**PROBLEMS, **shown} if method == "GET" else PROBLEMS,
            tags=["bundle"],
        )
