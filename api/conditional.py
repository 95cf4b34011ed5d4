"""Answers that a browser may keep for itself: `ETag`, 304, and never one account's answer for another."""

from fastapi import Request, Response


def answer(request: Request, body: bytes, media_type: str, etag: str, *, fresh_seconds: int) -> Response:
    """`body` with its `ETag`, or 304 when the client names that one in `If-None-Match`."""
    headers = {
        "ETag": etag,
        "Cache-Control": f"private, max-age={fresh_seconds}",
        # A browser may change hands: what one account has seen is never given to the next.
        "Vary": "Cookie, Authorization",
    }
    if _matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in header.split(","))
