"""Tracks over HTTP: one inspector's day, the team's day for replay, trails. Every look is in the audit log."""

import asyncio
import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel

from data_access import tracks
from data_access.parameters import BadParameter, parse_day, parse_whole
from data_access.scope import require_viewer

router = APIRouter(prefix="/api/v1", tags=["tracks"])

_BAD: dict[int | str, dict[str, Any]] = {422: {"description": "A parameter that cannot be meant"}}
Day = Annotated[str | None, Query(description="YYYY-MM-DD in Asia/Shanghai; today when left out")]


class Stop(BaseModel):
    """A stay: its middle, first and last moment (Unix ms), length, and the transformer district near it."""

    lon: float
    lat: float
    arrived_ms: int
    left_ms: int
    dwell_s: int
    near: str | None


class DayTrack(BaseModel):
    """A day: `points` are [ms, lon, lat, km/h], `segments` the first and last point of each unbroken piece."""

    employee: str
    name: str
    day: date
    points: list[tuple[int, float, float, float | None]]
    segments: list[tuple[int, int]]
    stops: list[Stop]
    gaps: list[tuple[int, int]]
    distance_m: int


class ReplayInspector(BaseModel):
    """One person's way: `points` are [ms, lon, lat], `gaps` [from ms, to ms] without any fix."""

    number: str
    name: str
    points: list[tuple[int, float, float]]
    gaps: list[tuple[int, int]]


class ReplayTicket(BaseModel):
    """A ticket that was open that day: `steps` are [ms, status]."""

    number: str
    lon: float
    lat: float
    level: int
    steps: list[tuple[int, int]]


class Replay(BaseModel):
    """The team's day on one clock (Unix ms)."""

    day: date
    from_ms: int
    to_ms: int
    inspectors: list[ReplayInspector]
    tickets: list[ReplayTicket]
    capped: bool


class Trails(BaseModel):
    """[employee number, [[ms, lon, lat], …]] for everybody with fixes in the time asked for."""

    trails: list[tuple[str, list[tuple[int, float, float]]]]


def _day(given: str | None) -> date:
    return parse_day("day", given) if given else tracks.today()


async def _json(answer: dict[str, Any]) -> Response:
    body = await asyncio.to_thread(lambda: json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode())
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get(
    "/tracks/{employee}",
    response_class=Response,
    responses={
        200: {"model": DayTrack},
        404: {"description": "No such employee in the viewer's scope"},
        **_BAD,
    },
)
async def employee_track(
    employee: Annotated[str, PathParameter(description="Employee number", max_length=64)], day: Day = None
) -> Response:
    """One inspector's day: line, stops with arrival and departure, gaps, distance. The view is logged."""
    if "\0" in employee:
        raise BadParameter("employee", employee, "an employee number")
    return await _json(await tracks.day_track(require_viewer(), employee, _day(day)))


@router.get("/tracks", response_class=Response, responses={200: {"model": Replay}, **_BAD})
async def team_replay(day: Day = None) -> Response:
    """Everybody's day in the viewer's scope, of bounded size, with the tickets' steps. The views are logged."""
    return await _json(await tracks.team_replay(require_viewer(), _day(day)))


@router.get("/trails", response_class=Response, responses={200: {"model": Trails}, **_BAD})
async def trails(
    minutes: Annotated[str, Query(description=f"How far back, 1 to {tracks.MAX_TRAIL_MINUTES}")] = "60",
) -> Response:
    """The last minutes of everybody in the viewer's scope, for the trails behind live markers. The look is logged."""
    back = parse_whole("minutes", minutes, 1, tracks.MAX_TRAIL_MINUTES)
    return await _json(await tracks.trails(require_viewer(), back))
