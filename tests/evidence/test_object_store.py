"""The object store, as files and as a bucket: the same promises from both."""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from data_access.object_store import FileStore, NoSuchObject, ObjectStore, S3Store, StoreUnavailable, sha256_of
from settings import ObjectStoreSettings

ALWAYS = datetime(2100, 1, 1, tzinfo=UTC)
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Store]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    given = {"s3_endpoint": f"http://{host}:{port}", "s3_access_key": "test", "s3_secret_key": "test"}
    address = given["s3_endpoint"]
    boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    ).create_bucket(Bucket="audit")
    yield S3Store(ObjectStoreSettings(kind="s3", s3_bucket="audit", **given))
    server.stop()


@pytest.fixture(params=["files", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return FileStore(tmp_path / "objects") if request.param == "files" else request.getfixturevalue("bucket")


def put_aside(tmp_path: Path, body: bytes) -> tuple[str, Path]:
    path = tmp_path / f"given-{len(body)}-{body[:1].hex()}"
    path.write_bytes(body)
    key, size = sha256_of(path)
    assert (key, size) == (hashlib.sha256(body).hexdigest(), len(body))
    return key, path


async def read(store: ObjectStore, key: str) -> bytes:
    return b"".join([piece async for piece in await store.read(key)])


async def test_what_was_put_comes_back_and_putting_twice_is_once(store, tmp_path):
    body = os.urandom(700_000)
    key, path = put_aside(tmp_path, body)
    assert not await store.exists(key)
    for _ in range(2):
        await store.put(key, path, "image/jpeg")
    assert await store.exists(key)
    assert await read(store, key) == body
    assert [key for page in [one async for one in store.keys(ALWAYS)] for key in page].count(key) == 1


async def test_what_is_not_there_is_said_before_the_first_byte(store):
    for key in ("0" * 64, "../../etc/passwd", "", "0" * 63 + "Z"):
        with pytest.raises(NoSuchObject):
            await store.read(key)


async def test_only_what_is_old_enough_is_deleted(store, tmp_path):
    key, path = put_aside(tmp_path, b"an orphan")
    await store.put(key, path, "text/plain")
    assert not await store.delete_older(key, NEVER)
    assert await store.delete_older(key, ALWAYS)
    assert not await store.delete_older(key, ALWAYS)
    assert not await store.exists(key)


async def test_files_are_private_and_a_broken_write_leaves_nothing(tmp_path):
    store = FileStore(tmp_path / "objects")
    key, path = put_aside(tmp_path, b"private")
    await store.put(key, path, "text/plain")
    found = tmp_path / "objects" / key[:2] / key[2:4] / key
    assert found.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "objects").stat().st_mode & 0o777 == 0o700
    with pytest.raises(StoreUnavailable):
        await store.put("1" * 64, tmp_path / "nothing", "text/plain")
    assert list((tmp_path / "objects").rglob(".incoming-*")) == []


async def test_remains_of_a_broken_upload_are_removed_when_they_are_old(tmp_path):
    store = FileStore(tmp_path / "objects")
    key, path = put_aside(tmp_path, b"whole")
    await store.put(key, path, "text/plain")
    remains = tmp_path / "objects" / key[:2] / key[2:4] / ".incoming-x"
    remains.write_bytes(b"half")
    two_days_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(remains, (two_days_ago, two_days_ago))
    assert [page async for page in store.keys(datetime.now(UTC) - timedelta(days=1))] == []
    assert not remains.exists()
    assert await store.exists(key)


async def test_a_store_that_does_not_answer_is_told_as_unavailable(tmp_path):
    given = {"s3_endpoint": "http://127.0.0.1:9", "s3_access_key": "test", "s3_secret_key": "test"}
    store = S3Store(ObjectStoreSettings(kind="s3", s3_bucket="audit", **given))
    key, path = put_aside(tmp_path, b"lost")
    with pytest.raises(StoreUnavailable):
        await store.put(key, path, "text/plain")


@pytest.mark.parametrize("wrong", [{"kind": "s3"}, {"s3_access_key": "a"}, {"kind": "ftp"}])
def test_settings_that_cannot_work_stop_the_start(wrong):
    with pytest.raises(ValidationError):
        ObjectStoreSettings(**wrong)
