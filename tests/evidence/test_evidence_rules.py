"""What may be evidence: by its first bytes, within its limits; and what a photo says of itself against the check-in."""

import io
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from audit.evidence_rules import KINDS, EvidenceRules, NotEvidence, check_size, compare, file_name, kind_of
from audit.picture_metadata import read_metadata
from data_access.pictures import Picture, open_picture
from settings import DISPLAY_ZONE
from tests.evidence import pictures

RULES = EvidenceRules()
NOW = datetime(2026, 7, 6, 4, 0, tzinfo=UTC)
AT = datetime(2026, 7, 6, 2, 0, tzinfo=UTC)


def opened(tmp_path: Path, body: bytes, rules: EvidenceRules = RULES) -> Picture:
    path = tmp_path / "picture"
    path.write_bytes(body)
    return open_picture(path, kind_of(body[:64]), rules, now=NOW, zone=DISPLAY_ZONE)


@pytest.mark.parametrize(
    ("body", "media_type", "shown"),
    [
        (pictures.jpeg(), "image/jpeg", True),
        (pictures.drawn("PNG"), "image/png", True),
        (pictures.drawn("WEBP"), "image/webp", True),
        (pictures.HEIC, "image/heic", False),
        (pictures.PDF, "application/pdf", False),
        (pictures.MP4, "video/mp4", False),
    ],
)
def test_a_file_is_what_its_first_bytes_say(body, media_type, shown):
    kind = kind_of(body[:64])
    assert (kind.media_type, kind.shown) == (media_type, shown)


@pytest.mark.parametrize(
    "body",
    [pictures.HTML, pictures.SVG, pictures.EXECUTABLE, b"GIF89a" + b"\0" * 50, b"PK\x03\x04" + b"\0" * 60, b"x",
     b" %PDF-1.7", b"\0\0\0\x18ftypevil"],
)  # fmt: skip
def test_anything_else_is_refused_and_told_what_would_be_right(body):
    with pytest.raises(NotEvidence) as refused:
        kind_of(body)
    assert (refused.value.why, refused.value.expected) == ("kind", "jpg, png, webp, heic, pdf, mp4")


def test_limits_of_size_and_number_are_settings():
    check_size(10, 0, RULES)
    for size, files, why in ((RULES.max_bytes + 1, 0, "too_large"), (10, RULES.max_files, "too_many")):
        with pytest.raises(NotEvidence) as refused:
            check_size(size, files, RULES)
        assert refused.value.why == why


def test_the_shown_copy_is_upright_small_and_says_nothing_of_its_origin(tmp_path):
    """Orientation 6: the camera was turned, so what lay left in the file is on top."""
    found = opened(tmp_path, pictures.jpeg((4000, 3000), orientation=6))
    assert (found.width, found.height) == (3000, 4000)
    copy = Image.open(io.BytesIO(found.shown))
    assert copy.format == "JPEG" and copy.size == (found.shown_width, found.shown_height) == (1536, 2048)
    assert not copy.getexif() and "exif" not in copy.info and b"Demo" not in found.shown
    red, blue = copy.getpixel((700, 100)), copy.getpixel((700, 1900))
    assert red[0] > 200 and red[2] < 60 and blue[2] > 200 and blue[0] < 60


def test_a_photos_own_words_are_kept_apart(tmp_path):
    said = opened(tmp_path, pictures.jpeg()).said
    assert said.taken_at == AT and not said.zone_assumed
    assert (said.longitude, said.latitude) == pytest.approx(pictures.PLACE, abs=1e-5)
    assert said.camera == "Demo Phone 1" and said.doubts == ()


def test_without_a_zone_the_utilitys_is_assumed_and_said_so(tmp_path):
    said = opened(tmp_path, pictures.jpeg(offset=None)).said
    assert said.taken_at == AT and said.zone_assumed


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"taken": "2027:01:01 00:00:00"}, "future"),
        ({"taken": "0000:00:00 00:00:00"}, "time_unreadable"),
        ({"taken": "1970:01:01 00:00:00"}, "time_implausible"),
        ({"place": (0, 0)}, "place_implausible"),
        ({"place": None, "gps": {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)}}, "place_implausible"),
        ({"place": None, "gps": {1: "N", 2: (39.0, 0.0, 0.0)}}, "place_unreadable"),
        ({"gps": {7: (9.0, 0.0, 0.0), 29: "2026:07:05"}}, "clocks_differ"),
    ],
)
def test_lies_of_the_metadata_are_doubts_and_break_nothing(tmp_path, changes, doubt):
    assert doubt in opened(tmp_path, pictures.jpeg(**changes)).said.doubts


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(NotEvidence) as refused:
        opened(tmp_path, pictures.png_bomb())
    assert refused.value.why == "too_many_pixels"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_a_picture_with_too_many_pixels_is_told_the_limit(tmp_path):
    with pytest.raises(NotEvidence) as refused:
        opened(tmp_path, pictures.drawn("PNG", size=(200, 100)), EvidenceRules(max_pixels=19_999))
    assert (refused.value.got, refused.value.expected) == ("200 x 100", "<= 19,999")


@pytest.mark.parametrize("body", [pictures.jpeg(), pictures.drawn("PNG"), pictures.drawn("WEBP")])
def test_a_truncated_picture_is_refused(tmp_path, body):
    with pytest.raises(NotEvidence) as refused:
        opened(tmp_path, body[: len(body) // 2])
    assert refused.value.why == "damaged"


def test_a_polyglot_loses_its_second_face_in_the_copy(tmp_path):
    found = opened(tmp_path, pictures.jpeg() + b"PK\x03\x04" + pictures.HTML)
    assert b"script" not in found.shown and b"PK\x03\x04" not in found.shown


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_of_png_can_be_shown(tmp_path, mode):
    assert Image.open(io.BytesIO(opened(tmp_path, pictures.drawn("PNG", mode)).shown)).mode == "RGB"


def test_what_is_transparent_is_shown_on_white(tmp_path):
    copy = Image.open(io.BytesIO(opened(tmp_path, pictures.drawn("PNG", "RGBA")).shown))
    assert copy.getpixel((5, 5)) == (255, 255, 255)


@given(st.binary(max_size=400), st.sampled_from([pictures.jpeg((40, 30)), pictures.drawn("PNG", size=(40, 30)),
       pictures.drawn("WEBP", size=(40, 30))]), st.integers(12, 200))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_damage_anywhere_is_a_picture_or_a_refusal(tmp_path_factory, noise, body, place):
    folder = tmp_path_factory.getbasetemp()
    damaged = body[:place] + noise + body[place + len(noise) :]
    try:
        found = opened(folder, damaged)
    except NotEvidence:
        return
    assert found.shown.startswith(b"\xff\xd8\xff")


tags = st.dictionaries(
    st.integers(0, 0xFFFF) | st.sampled_from([1, 2, 3, 4, 5, 6, 7, 29, 0x9003, 0x9011, 0x010F]),
    st.none() | st.text() | st.binary() | st.floats() | st.tuples(st.floats(), st.floats(), st.floats()),
)


@given(tags, tags, tags)
def test_no_metadata_whatsoever_breaks_the_reader(main, detail, gps):
    said = read_metadata(main, detail, gps, now=NOW, zone=DISPLAY_ZONE)
    assert said.longitude is None or (abs(said.longitude) <= 180 and abs(said.latitude or 0) <= 90)
    assert len(said.camera) <= 80


@pytest.mark.parametrize(
    ("taken", "metres", "verdict"),
    [
        (AT, 20.0, "matches"),
        (AT - timedelta(minutes=29), None, "matches"),
        (AT - timedelta(hours=2), 20.0, "time_differs"),
        (AT, 5_000.0, "place_differs"),
        (AT + timedelta(days=1), 5_000.0, "both_differ"),
        (None, None, "not_comparable"),
        (None, 20.0, "matches"),
    ],
)
def test_time_and_place_are_compared_with_the_check_in(taken, metres, verdict):
    found = compare(taken_at=taken, metres=metres, checked_in_at=AT, rules=RULES)
    assert found["verdict"] == verdict
    assert found["seconds"] == (None if taken is None else (taken - AT).total_seconds())


def test_without_a_check_in_there_is_nothing_to_compare_with():
    assert compare(taken_at=AT, metres=None, checked_in_at=None, rules=RULES)["verdict"] == "no_check_in"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("meter.JPG", "meter.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\photos\\表计 1.jpeg", "表计 1.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie x.jpg"),
        ("", "evidence.jpg"),
        (None, "evidence.jpg"),
        ("x" * 300, "x" * 80 + ".jpg"),
        ("evil.html", "evil.jpg"),
    ],
)
def test_names_of_files_are_made_safe_and_end_as_what_they_are(given, stored):
    assert file_name(given, KINDS[0]) == stored
