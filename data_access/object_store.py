"""Where the bytes of evidence lie: files below the data folder, or an S3-compatible store, by settings.

Keys are SHA-256 in hex, so an object never changes and the same bytes are stored once. All calls that wait run in
threads. An object is there whole or not at all: files are written beside and renamed, S3 does it by itself.
"""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from settings import ObjectStoreSettings, get_settings

CHUNK = 256 * 1024
_KEY = re.compile(r"[0-9a-f]{64}")


class NoSuchObject(LookupError):
    """The store has no object of this key."""


class StoreUnavailable(Exception):
    """The store can't be reached or refuses to work; what it said goes to the log."""


class ObjectStore(Protocol):
    """What the program needs of a store."""

    async def put(self, key: str, path: Path, media_type: str) -> None:
        """Store a file's bytes; a key that is there already counts as stored anew."""

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, piece by piece; NoSuchObject before the first piece."""

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""

    async def delete_older(self, key: str, before: datetime) -> bool:
        """Delete an object that was stored before a moment; False when it is younger, or gone."""

    def keys(self, before: datetime) -> AsyncIterator[list[str]]:
        """Keys of objects stored before a moment, some hundreds at a time."""


def sha256_of(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and bytes of a file, read piece by piece. Call it in a thread."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise NoSuchObject("not a key")
    return key


class FileStore:
    """Files in a folder of mode 700, spread over 65,536 subfolders by the first bytes of their keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / _checked(key)[:2] / key[2:4] / key

    async def put(self, key: str, path: Path, media_type: str) -> None:
        """Store a file's bytes."""
        await asyncio.to_thread(self._put, key, path)

    def _put(self, key: str, source: Path) -> None:
        target = self._path(key)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Written anew even if it is there: its age is what keeps a fresh upload from being collected.
            handle, name = tempfile.mkstemp(prefix=".incoming-", dir=target.parent)
            try:
                with os.fdopen(handle, "wb") as file, source.open("rb") as given:
                    while piece := given.read(CHUNK):
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            _sync_folder(target.parent)
        except OSError as error:
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, piece by piece."""
        try:
            file = await asyncio.to_thread(self._path(key).open, "rb")
        except FileNotFoundError:
            raise NoSuchObject(key) from None
        except OSError as error:
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error
        return _pieces(file)

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""
        return await asyncio.to_thread(self._path(key).is_file)

    async def delete_older(self, key: str, before: datetime) -> bool:
        """Delete an object that was stored before a moment."""
        return await asyncio.to_thread(self._delete_older, key, before)

    def _delete_older(self, key: str, before: datetime) -> bool:
        path = self._path(key)
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                return True
        return False

    async def keys(self, before: datetime) -> AsyncIterator[list[str]]:
        """Keys of objects stored before a moment, a folder at a time; pieces of broken uploads are removed."""
        for folder in await asyncio.to_thread(lambda: sorted(self.folder.glob("[0-9a-f][0-9a-f]"))):
            found = await asyncio.to_thread(self._old, folder, before)
            if found:
                yield found

    def _old(self, folder: Path, before: datetime) -> list[str]:
        found = []
        for path in folder.glob("*/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime >= before.timestamp():
                    continue
                if _KEY.fullmatch(path.name):
                    found.append(path.name)
                elif path.name.startswith(".incoming-"):
                    path.unlink()
        return found


def _sync_folder(folder: Path) -> None:
    """The new name must survive a power cut too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def _pieces(file: Any) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece
    finally:
        await asyncio.to_thread(file.close)


class S3Store:
    """Objects of a bucket under a prefix."""

    def __init__(self, settings: ObjectStoreSettings) -> None:
        import boto3
        from botocore.config import Config

        self.bucket = settings.s3_bucket
        self.prefix = settings.s3_prefix
        key, secret = settings.s3_access_key, settings.s3_secret_key
        self.client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint or None,
            region_name=settings.s3_region,
            aws_access_key_id=key.get_secret_value() if key else None,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            config=Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"}),
        )

    def _name(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": f"{self.prefix}{_checked(key)[:2]}/{key}"}

    async def _ask(self, call: Any, /, *positional: Any, **values: Any) -> Any:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return await asyncio.to_thread(call, *positional, **values)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404", "NotFound"):
                raise NoSuchObject(values.get("Key", "")) from None
            raise StoreUnavailable(str(error)) from error
        except (BotoCoreError, Boto3Error, OSError) as error:
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error

    async def put(self, key: str, path: Path, media_type: str) -> None:
        """Store a file's bytes."""
        name = self._name(key)
        extra = {"ContentType": media_type}
        await self._ask(self.client.upload_file, str(path), name["Bucket"], name["Key"], ExtraArgs=extra)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, piece by piece."""
        answer = await self._ask(self.client.get_object, **self._name(key))
        return _pieces(answer["Body"])

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            await self._ask(self.client.head_object, **self._name(key))
        except NoSuchObject:
            return False
        return True

    async def delete_older(self, key: str, before: datetime) -> bool:
        """Delete an object that was stored before a moment."""
        try:
            head = await self._ask(self.client.head_object, **self._name(key))
        except NoSuchObject:
            return False
        if head["LastModified"].astimezone(UTC) >= before:
            return False
        await self._ask(self.client.delete_object, **self._name(key))
        return True

    async def keys(self, before: datetime) -> AsyncIterator[list[str]]:
        """Keys of objects stored before a moment, a page of the bucket at a time."""
        token: dict[str, str] = {}
        while True:
            page = await self._ask(self.client.list_objects_v2, Bucket=self.bucket, Prefix=self.prefix, **token)
            old = [one["Key"].rsplit("/", 1)[-1] for one in _older(page, before)]
            found = [key for key in old if _KEY.fullmatch(key)]
            if found:
                yield found
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}


def _older(page: Any, before: datetime) -> Iterator[Any]:
    return (one for one in page.get("Contents", ()) if one["LastModified"].astimezone(UTC) < before)


@lru_cache(maxsize=4)
def _made(settings: ObjectStoreSettings, folder: Path) -> ObjectStore:
    return S3Store(settings) if settings.kind == "s3" else FileStore(settings.folder or folder / "objects")


def object_store(data_dir: Path | None = None) -> ObjectStore:
    """The store of the settings, made at first use. `data_dir`: default the settings' own."""
    settings = get_settings()
    return _made(settings.objects, data_dir or settings.web.data_dir)
