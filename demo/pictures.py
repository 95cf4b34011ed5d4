"""The demo's evidence: a few small drawings that say "demo" in large letters, shared by all of its tickets.

A finding needs evidence, and nobody's home shall be photographed for a demo. Drawn at load, the same bytes each time.
"""

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 640, 480
MEDIA_TYPE = "image/png"
_SCENES = (
    ("finding", "meter", "#0B6BCB"),
    ("finding", "terminal box", "#0072B2"),
    ("finding", "nameplate", "#009E73"),
    ("finding", "seals", "#CC79A7"),
    ("rectification", "corrected", "#009E73"),
    ("rectification", "replaced", "#D55E00"),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing. `purpose` as in `evidence.purpose`."""

    sha256: str
    purpose: str
    name: str
    content: bytes


def _draw(purpose: str, scene: str, colour: str) -> bytes:
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#F6F8FB")
    pen = ImageDraw.Draw(picture)
    large, small = ImageFont.load_default(64), ImageFont.load_default(26)
    pen.rounded_rectangle((130, 70, 510, 350), 24, outline=colour, width=8)
    pen.ellipse((230, 110, 410, 290), outline=colour, width=6)
    pen.line((320, 200, 380, 150), fill=colour, width=6)
    pen.text((320, 400), f"{purpose}: {scene}", "#14202F", small, anchor="mm")
    pen.text((320, 320), "DEMO", colour, large, anchor="mm")
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


@lru_cache(maxsize=1)
def pictures() -> tuple[Picture, ...]:
    """All drawings."""
    found = []
    for purpose, scene, colour in _SCENES:
        content = _draw(purpose, scene, colour)
        name = f"demo-{scene.replace(' ', '-')}.png"
        found.append(Picture(hashlib.sha256(content).hexdigest(), purpose, name, content))
    return tuple(found)
