"""One shape for every error: `{"error": {"code", "message", "reference", "details"}}`.

Users get a safe text in their language and a reference number; what happened stands in the log under that number. Two
tables say it all: exception → code, and code → status. A new fault is one line in each and one text per language.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy.exc
from dash.exceptions import DependencyException, InvalidResourceError, PreventUpdate
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic_core import PydanticSerializationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.finding_details import finding_details
from api.ticket_details import ticket_details
from audit.evidence_rules import NotEvidence
from audit.finding_forms import UnknownForm
from components.language import language_of
from data_access.adjustments import NotAccepted
from data_access.calculation_facts import NotComputable
from data_access.engine import NoDatabase
from data_access.evidence import NoSuchEvidence
from data_access.field_work import NotAtWork
from data_access.imports import MayNotImport
from data_access.object_store import NoSuchObject, StoreUnavailable
from data_access.parameters import BadParameter
from data_access.risk_runs import MayNotScan
from data_access.rule_settings import MayNotSet
from data_access.scope import NotSignedIn
from data_access.ticket_amounts import FormFaults
from data_access.ticket_errors import ChangeIdReused, FieldsWrong, NotAllowed, StaleTicket, UnknownTicket
from data_access.users import TooManyAttempts, UnfitPassword, UnknownObject, WrongPassword
from i18n import Language, t

log = logging.getLogger("gridaudit.errors")

STATUS: Mapping[str, int] = {
    "bad_request": 400,
    "bad_callback": 400,
    "not_signed_in": 401,
    "wrong_password": 401,
    "forbidden": 403,
    "wrong_origin": 403,
    "not_at_work": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "stale": 409,
    "change_id_reused": 409,
    "not_allowed": 403,
    "fields_wrong": 422,
    "not_evidence": 422,
    "not_computable": 422,
    "charge_not_accepted": 422,
    "store_unavailable": 503,
    "too_large": 413,
    "unsupported_media": 415,
    "invalid": 422,
    "bad_parameter": 422,
    "bad_value": 422,
    "unfit_password": 422,
    "too_many_attempts": 429,
    "internal": 500,
    "busy": 503,
    "database_unavailable": 503,
    "too_slow": 504,
}
"""Every code with its HTTP status; its text is `errors.<code>` in the catalogues."""

FAULTS: Mapping[type[BaseException], str] = {
    NotSignedIn: "not_signed_in",
    WrongPassword: "wrong_password",
    TooManyAttempts: "too_many_attempts",
    UnfitPassword: "unfit_password",
    UnknownObject: "not_found",
    MayNotImport: "forbidden",
    MayNotScan: "forbidden",
    MayNotSet: "forbidden",
    UnknownTicket: "not_found",
    StaleTicket: "stale",
    ChangeIdReused: "change_id_reused",
    NotAllowed: "not_allowed",
    FieldsWrong: "fields_wrong",
    NotAtWork: "not_at_work",
    FormFaults: "fields_wrong",
    UnknownForm: "fields_wrong",
    NotEvidence: "not_evidence",
    NotComputable: "not_computable",
    NotAccepted: "charge_not_accepted",
    NoSuchEvidence: "not_found",
    NoSuchObject: "store_unavailable",
    StoreUnavailable: "store_unavailable",
    BadParameter: "bad_parameter",
    RequestValidationError: "invalid",
    DependencyException: "not_found",
    InvalidResourceError: "not_found",
    ClientDisconnect: "bad_request",
    NoDatabase: "database_unavailable",
    sqlalchemy.exc.TimeoutError: "busy",
    psycopg.errors.QueryCanceled: "too_slow",
    psycopg.errors.SerializationFailure: "busy",
    psycopg.errors.DeadlockDetected: "busy",
    psycopg.errors.TooManyConnections: "busy",
    psycopg.errors.LockNotAvailable: "busy",
    psycopg.OperationalError: "database_unavailable",
    psycopg.InterfaceError: "database_unavailable",
    psycopg.DataError: "bad_value",
    UnicodeEncodeError: "bad_value",
}
"""Exception → code; the nearest class of the exception's own decides, whatever is not here is `internal`."""

BY_STATUS = {400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
BY_STATUS |= {409: "conflict", 413: "too_large", 415: "unsupported_media", 422: "invalid", 429: "busy", 503: "busy"}


class Refused(Exception):
    """A door says no: `code` is one of `STATUS`; `details` are safe to show."""

    def __init__(self, code: str, *, details: list[dict[str, Any]] | None = None, why: str = "") -> None:
        super().__init__(f"{code}: {why}" if why else code)
        self.code = code
        self.details = details or []


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told about an error."""

    code: str
    status: int
    reference: str
    details: list[dict[str, Any]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)

    def message(self, language: Language) -> str:
        """The safe text."""
        return t(f"errors.{self.code}", language, **self.values)

    def body(self, language: Language) -> dict[str, Any]:
        """The error in its one shape."""
        told = {"code": self.code, "message": self.message(language), "reference": self.reference}
        return {"error": {**told, "details": self.details}}

    def response(self, language: Language) -> Response:
        """The HTTP answer."""
        headers = {"Cache-Control": "no-store", **self.headers}
        return JSONResponse(self.body(language), self.status, headers=headers)


def _root(error: BaseException) -> BaseException:
    """What the database driver said, out of what SQLAlchemy wrapped around it."""
    if isinstance(error, sqlalchemy.exc.StatementError) and error.orig is not None:
        return error.orig
    return error


def code_of(error: BaseException) -> str:
    """The code that an exception stands for."""
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, HTTPException):
        detail = error.detail if isinstance(error.detail, str) else ""
        return detail if STATUS.get(detail) == error.status_code else BY_STATUS.get(error.status_code, "bad_request")
    error = _root(error)
    if isinstance(error, PydanticSerializationError) and "surrogates not allowed" in str(error):
        return "bad_value"  # half a character that the sender wrote, on its way back
    return next((FAULTS[kind] for kind in type(error).__mro__ if kind in FAULTS), "internal")


def answer_to(error: BaseException) -> Answer:
    """What to tell about an exception. Logs it under the reference that the user is shown."""
    code = code_of(error)
    status = error.status_code if isinstance(error, HTTPException) else STATUS[code]
    reference = secrets.token_hex(4)
    headers: dict[str, str] = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    details: list[dict[str, Any]] = []
    values: dict[str, object] = {}
    if isinstance(error, Refused):
        details = error.details
    elif isinstance(error, RequestValidationError):
        details = [
            {"where": ".".join(str(part) for part in fault["loc"]), "message": str(fault["msg"])}
            for fault in error.errors()[:20]
        ]
    elif isinstance(error, BadParameter):
        details = [{"where": error.name, "got": error.value, "expected": error.expected}]
    elif isinstance(error, StaleTicket | NotAllowed | FieldsWrong):
        details = ticket_details(error)
    elif isinstance(error, FormFaults | UnknownForm | NotEvidence | NotComputable | NotAccepted):
        details = finding_details(error)
    elif isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.seconds)
        values["minutes"] = error.minutes
    if status == 503:
        headers.setdefault("Retry-After", "2")
    if status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    if status >= 500 and code == "internal":
        log.error("%s internal error", reference, exc_info=error)
    elif status >= 500 or code == "bad_value":
        log.warning("%s %s: %s", reference, code, _root(error))
    else:
        log.info("%s %s: %s", reference, code, error)
    return Answer(code, status, reference, details, headers, values)


class ErrorShape:
    """The innermost middleware: whatever a route, a mount or a Dash callback lets fall is answered here.

    It stands inside Dash's own middleware, which would answer in a shape of its own, and inside Starlette's, which
    would raise the exception once more for the server to log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, socket or lifespan."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except PreventUpdate:
            raise  # Dash's way of answering 204
        except Exception as error:
            answer = answer_to(error)
            if started:
                raise  # too late for another answer: the server cuts the connection, which is what a client must see
            await answer.response(language_of(scope))(scope, receive, send)


async def _handled(request: Request, error: Exception) -> Response:
    return answer_to(error).response(language_of(request.scope))


def install(server: FastAPI) -> None:
    """Gives every error of `server` the one shape. Call it before Dash takes the server."""
    server.add_exception_handler(HTTPException, _handled)
    server.add_exception_handler(RequestValidationError, _handled)
    server.add_middleware(ErrorShape)
