"""What may be evidence, and what a photo's own words are worth beside the check-in.

Pure; a design proposal (issue and domain sheet 1.2: photos with time and position), so every limit is a setting. A file
is what its first bytes say, never what its name or its sender says.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

PURPOSES = ("finding", "responsibility", "rectification", "review")
HEAD_BYTES = 64
"""So many first bytes tell every kind apart."""

Verdict = Literal["matches", "time_differs", "place_differs", "both_differ", "not_comparable", "no_check_in"]


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that is taken. `shown`: people look at a copy of it; others are only downloaded."""

    media_type: str
    suffix: str
    shown: bool
    picture_format: str = ""
    """What the picture library must find in it."""


JPEG = FileKind("image/jpeg", "jpg", True, "JPEG")
PNG = FileKind("image/png", "png", True, "PNG")
WEBP = FileKind("image/webp", "webp", True, "WEBP")
HEIC = FileKind("image/heic", "heic", False)
PDF = FileKind("application/pdf", "pdf", False)
MP4 = FileKind("video/mp4", "mp4", False)
KINDS = (JPEG, PNG, WEBP, HEIC, PDF, MP4)
"""Photos and scans, forms that were signed, and what a body camera records."""
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_MP4_BRANDS = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"qt  "})


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRules:
    """What counts. `EvidenceSettings` holds the values in force."""

    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 50_000_000
    max_files: int = 60
    """Of one ticket."""
    shown_edge: int = 2_048
    """Longest edge of the copy that is shown, pixels."""
    matching_seconds: float = 1_800.0
    matching_m: float = 500.0


class NotEvidence(ValueError):
    """A file that cannot be taken. `why` is a key `evidence.refused_<why>`; `expected` what would be right."""

    def __init__(self, why: str, *, got: str = "", expected: str = "") -> None:
        super().__init__(f"{why}: {got}, expected {expected}")
        self.why = why
        self.got = got
        self.expected = expected


def kind_of(head: bytes) -> FileKind:
    """What a file is, by its first `HEAD_BYTES`.

    Raises:
        NotEvidence: `empty`, or `kind` for anything that is not in `KINDS`.
    """
    if not head:
        raise NotEvidence("empty", expected="> 0 B")
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"%PDF-"):
        return PDF
    if head[4:8] == b"ftyp":
        if head[8:12] in _HEIC_BRANDS:
            return HEIC
        if head[8:12] in _MP4_BRANDS:
            return MP4
    raise NotEvidence("kind", expected=", ".join(kind.suffix for kind in KINDS))


def check_size(size: int, files: int, rules: EvidenceRules) -> None:
    """Refuse what is too large, and one file too many (`files`: those that the ticket has).

    Raises:
        NotEvidence: `too_large` or `too_many`.
    """
    if size > rules.max_bytes:
        raise NotEvidence("too_large", got=f"{size:,} B", expected=f"<= {rules.max_bytes:,} B")
    if files >= rules.max_files:
        raise NotEvidence("too_many", got=f"{files + 1}", expected=f"<= {rules.max_files}")


def check_pixels(width: int, height: int, rules: EvidenceRules) -> None:
    """Refuse a picture that would unpack into too much.

    Raises:
        NotEvidence: `too_many_pixels`.
    """
    if width <= 0 or height <= 0 or width * height > rules.max_pixels:
        raise NotEvidence("too_many_pixels", got=f"{width} x {height}", expected=f"<= {rules.max_pixels:,}")


def compare(
    *,
    taken_at: datetime | None,
    metres: float | None,
    checked_in_at: datetime | None,
    rules: EvidenceRules,
) -> dict[str, Any]:
    """A file's own time and place against the check-in: `seconds` (taken after it: positive), `metres`, `verdict`.

    `metres` is the distance between the file's place and the check-in's, None where one is unknown. What a file says of
    itself can be forged, so a match is a hint and a difference a question; neither decides anything.
    """
    if checked_in_at is None:
        return {"seconds": None, "metres": None, "verdict": "no_check_in"}
    seconds = None if taken_at is None else round((taken_at - checked_in_at).total_seconds())
    late = seconds is not None and abs(seconds) > rules.matching_seconds
    far = metres is not None and metres > rules.matching_m
    verdict: Verdict = "matches"
    if seconds is None and metres is None:
        verdict = "not_comparable"
    elif late and far:
        verdict = "both_differ"
    elif late or far:
        verdict = "time_differs" if late else "place_differs"
    return {"seconds": seconds, "metres": None if metres is None else round(metres, 1), "verdict": verdict}


def file_name(given: str | None, kind: FileKind) -> str:
    """A name that can be stored and offered for download: no folders, no control characters, the true ending."""
    name = (given or "").replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(sign for sign in name if sign.isprintable() and sign not in '<>:"|?*').strip(". ")
    stem = name.rsplit(".", 1)[0][:80].strip(". ") or "evidence"
    return f"{stem}.{kind.suffix}"
