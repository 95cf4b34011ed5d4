"""PostgreSQL's settings for the private cluster, tuned to the machine it runs on."""

import os
from pathlib import Path

MEGABYTE = 1024 * 1024


def machine_memory(root: Path = Path("/")) -> int:
    """Bytes of memory that this process may use: the machine's, or the container's limit when that is lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = (root / limit).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total


def shared_memory_room(folder: Path = Path("/dev/shm")) -> int:  # noqa: S108
    """Bytes that `folder` (POSIX shared memory) may hold; 0 when it is missing. Containers often get 64 MB."""
    try:
        numbers = os.statvfs(folder)
    except OSError:
        return 0
    return numbers.f_frsize * numbers.f_blocks


def tuned(*, memory: int, cores: int, shared_memory: int, throwaway: bool) -> dict[str, str]:
    """Name → value for `gridaudit.conf`. `throwaway` clusters survive a killed process, but not a lost machine."""
    shared_buffers = min(max(memory // 4, 64 * MEGABYTE), (256 if throwaway else 2048) * MEGABYTE)
    settings = {
        "listen_addresses": "''",
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "superuser_reserved_connections": "5",
        "shared_buffers": f"{shared_buffers // MEGABYTE}MB",
        "effective_cache_size": f"{max(memory // 2, shared_buffers) // MEGABYTE}MB",
        "work_mem": f"{min(max(memory // 512, 4 * MEGABYTE), 32 * MEGABYTE) // MEGABYTE}MB",
        "maintenance_work_mem": f"{min(max(memory // 16, 64 * MEGABYTE), 512 * MEGABYTE) // MEGABYTE}MB",
        "max_worker_processes": str(max(8, cores + 4)),
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(min(max(cores // 2, 1), 4)),
        "max_parallel_maintenance_workers": str(min(max(cores // 2, 1), 4)),
        # Short statements: compiling a query costs more than running it.
        "jit": "off",
        "random_page_cost": "1.1",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "min_wal_size": "128MB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_destination": "'stderr'",
        "logging_collector": "off",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "log_checkpoints": "off",
        "log_min_duration_statement": "2000",
        "lc_messages": "'C'",
        "cluster_name": "'gridaudit'",
    }
    if shared_memory < 512 * MEGABYTE:
        # Parallel queries would stop with "could not resize shared memory segment".
        settings["dynamic_shared_memory_type"] = "mmap"
    if throwaway:
        # synchronous_commit stays on: a commit is handed to the kernel, so a killed server loses nothing.
        settings |= {"fsync": "off", "full_page_writes": "off", "min_wal_size": "80MB", "max_wal_size": "512MB"}
    return settings


def as_file(settings: dict[str, str]) -> str:
    """The text of `gridaudit.conf`."""
    return "# Written at every start; changes here are lost.\n" + "".join(
        f"{name} = {value}\n" for name, value in settings.items()
    )
