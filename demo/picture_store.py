"""Puts the demo's drawings where uploaded evidence lies, so that its pages find them."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from data_access.object_store import object_store
from demo.pictures import MEDIA_TYPE, pictures


def store_pictures(data_dir: Path) -> None:
    """Store all of them. From a thread of its own: whoever loads may be inside an event loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _store(data_dir)).result()


async def _store(data_dir: Path) -> None:
    store = object_store(data_dir)
    with tempfile.TemporaryDirectory() as folder:
        for picture in pictures():
            path = Path(folder) / picture.name
            path.write_bytes(picture.content)
            await store.put(picture.sha256, path, MEDIA_TYPE)
