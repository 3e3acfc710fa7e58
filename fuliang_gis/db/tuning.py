"""PostgreSQL settings of the embedded cluster, fitted to the machine's memory."""

from __future__ import annotations

import os

MIB = 1024 * 1024

#: What a production cluster and a test cluster share.
COMMON = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
    "lc_messages": "C",
    "logging_collector": "on",
    "log_filename": "postgresql-%u.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_min_duration_statement": "2s",
    # Values of rows stay out of the log; the statement's text and SQLSTATE are enough to read back.
    "log_parameter_max_length": "0",
    "random_page_cost": "1.1",
    # Statements here are short; compiling them costs more than it saves.
    "jit": "off",
    # A tile is a few milliseconds of work; starting a second process for it takes longer than that.
    "max_parallel_workers_per_gather": "0",
    "max_wal_size": "2GB",
    "idle_in_transaction_session_timeout": "10min",
}

#: A test cluster holds nothing that a crash may not take.
DISPOSABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def memory() -> int:
    """Return the machine's memory [bytes]."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def configuration(
    major: int, *, socket_folder: str, log_folder: str, connections: int, disposable: bool
) -> str:
    """Return the text of the configuration file."""
    options = COMMON | _sized(memory()) | (DISPOSABLE if disposable else {})
    options |= {
        "unix_socket_directories": socket_folder,
        "log_directory": log_folder,
        "max_connections": str(connections),
        # Version 15 brought the JSON log.
        "log_destination": "jsonlog" if major >= 15 else "csvlog",
    }
    return "".join(f"{name} = {_quoted(value)}\n" for name, value in sorted(options.items()))


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _sized(total: int) -> dict[str, str]:
    """Fit the caches for a host of 4 to 24 GB that also runs the service itself."""
    return {
        "shared_buffers": _mib(total // 8, 128, 3072),
        "effective_cache_size": _mib(total // 2, 512, 65536),
        "maintenance_work_mem": _mib(total // 32, 64, 512),
        "work_mem": _mib(total // 256, 8, 64),
    }


def _mib(size: int, least: int, most: int) -> str:
    return f"{min(max(size // MIB, least), most)}MB"
