"""Pictures that strangers' phones made: opened within limits, shown only as a copy that we made ourselves.

Everything here runs in a thread (`asyncio.to_thread`). A picture is opened with the one decoder that its first bytes
name, its pixels are counted before a single one is unpacked, and a large JPEG is unpacked at a fraction of its size.
The copy is drawn anew from pixels, turned upright, and carries nothing over: no metadata, no second file behind it.
"""

import io
import threading
import warnings
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import IFD

from audit.evidence_rules import EvidenceRules, FileKind, NotEvidence, check_pixels
from audit.picture_metadata import Said, read_metadata

QUALITY = 82
SHOWN_TYPE = "image/jpeg"
_AT_ONCE = threading.BoundedSemaphore(2)
"""Pictures unpacked at a time in one process: bounds memory to about two times the pixel limit."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was opened. Width and height as it is shown, upright."""

    width: int
    height: int
    said: Said
    shown: bytes
    shown_width: int
    shown_height: int


def open_picture(path: Path, kind: FileKind, rules: EvidenceRules, *, now: datetime, zone: tzinfo) -> Picture:
    """Size, own words and shown copy (JPEG) of a picture file.

    Raises:
        NotEvidence: `too_many_pixels`, or `damaged` when it cannot be unpacked to its last row.
    """
    with _AT_ONCE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=[kind.picture_format]) as image:
                check_pixels(*image.size, rules)
                said = _said(image, now, zone)
                width, height = image.size
                if image.getexif().get(0x0112, 1) in (5, 6, 7, 8):
                    width, height = height, width
                shown = _copy(image, rules.shown_edge)
        except NotEvidence:
            raise
        except (MemoryError, Image.DecompressionBombError):
            raise NotEvidence("too_many_pixels", expected=f"<= {rules.max_pixels:,}") from None
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError,
                IndexError, KeyError, TypeError, OverflowError, ArithmeticError) as error:  # fmt: skip
            # Decoders say "broken" in many ways.
            raise NotEvidence("damaged", got=type(error).__name__, expected=kind.suffix) from error
        body = io.BytesIO()
        shown.save(body, "JPEG", quality=QUALITY, optimize=True, progressive=True)
        return Picture(width, height, said, body.getvalue(), *shown.size)


def _said(image: Image.Image, now: datetime, zone: tzinfo) -> Said:
    try:
        exif = image.getexif()
        return read_metadata(dict(exif), exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo), now=now, zone=zone)
    except Exception:  # a picture whose own words are garbage is still a picture
        return Said(doubts=("metadata_unreadable",))


def _copy(image: Image.Image, edge: int) -> Image.Image:
    """Upright, at most `edge` long, on white where it was transparent, with nothing but pixels."""
    if image.format in ("JPEG", "MPO"):  # MPO: a JPEG with further pictures behind it, as many phones make them
        image.draft("RGB", (edge, edge))
    image.seek(0)
    image.load()
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright)
    plain = Image.new("RGB", upright.size)
    plain.paste(upright.convert("RGB"))
    return plain
