"""Settings (environment variables that start with ``FULIANG_``) and the installation's secrets."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Everything that may differ between two installations; the descriptions document it."""

    model_config = SettingsConfigDict(env_prefix="FULIANG_", frozen=True, extra="ignore")

    state: Path = Field(
        default=Path("var"), description="保存全部状态的文件夹：数据库、密钥、附件、日志。"
    )
    host: str = Field(default="127.0.0.1", description="服务监听的地址。")
    port: int = Field(default=8000, ge=1, le=65535, description="服务监听的端口。")
    database_url: str | None = Field(
        default=None,
        description="外部 PostGIS 的属主连接串（postgresql://…）；不设则使用内置的私有集群。",
    )
    service_database_url: str | None = Field(
        default=None,
        description="外部 PostGIS 上服务角色的连接串；不设则由属主自动建立 fuliang_service 角色。",
    )
    county_code: str = Field(default="360222", pattern=r"^\d{6}$", description="本县行政区划代码。")
    public_layers: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(),
        description="无需登录即可读取的图层，以逗号分隔；含户级记录的图层始终需要登录。",
    )
    web_workers: int = Field(default=2, ge=1, le=64, description="网页服务进程数。")
    web_threads: int = Field(default=8, ge=1, le=128, description="每个网页服务进程的线程数。")
    secure_cookies: bool = Field(
        default=False, description="站点经 HTTPS 提供时设为 1：Cookie 仅经加密连接发送。"
    )
    trusted_proxies: int = Field(default=0, ge=0, le=5, description="服务前受信任的反向代理层数。")
    session_hours: int = Field(
        default=12, ge=1, le=720, description="登录后无操作多少小时需重新登录。"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="日志级别。"
    )
    log_format: Literal["console", "json"] = Field(default="console", description="日志格式。")
    basemap: str = Field(
        default="",
        description=(
            "可选的外部底图：XYZ 或 WMTS 地址（天地图须带 tk 密钥；几个地址以空格分隔，"
            "后者叠在上面），或本机 .mbtiles、.pmtiles 文件的路径。"
            "不设则只用本系统的底图，不访问任何外部网址。"
        ),
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s?#@]+(/[^\s?#]*)?)?$",
        description=(
            "本站对外的网址，如 https://gis.example.cn；用于二维码标签、日历订阅和提醒邮件中的链接。"
            "不设则用打开页面时的网址，邮件中不带链接。"
        ),
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description=(
            "发送提醒邮件的服务器：smtp://用户:密码@主机:端口 或 smtps://…（用户和密码中的特殊字符按"
            "网址编码）。smtp:// 在服务器支持时自动加密。不设则不发邮件。"
        ),
    )
    mail_from: str = Field(
        default="",
        pattern=r"^([^@\s]+@[^@\s]+)?$",
        description="提醒邮件的发件人地址；不设则用 FULIANG_SMTP_URL 中的用户名（须是邮箱地址）。",
    )
    dask_scheduler: str | None = Field(
        default=None,
        description=(
            "Dask 调度器的地址，如 tcp://10.0.0.5:8786；设置后 ./fuliang rounds plan-all "
            "在该集群上求解各乡镇的路线方案，不设则由本机的后台任务进程求解。"
        ),
    )
    demo: bool = Field(default=True, description="首次启动内置数据库时是否装载演示县。")

    @cached_property
    def state_dir(self) -> Path:
        """The state folder as an absolute path, made when missing."""
        folder = self.state.resolve()
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        return folder

    @field_validator("public_layers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        parts = map(str.strip, value.split(",")) if isinstance(value, str) else None
        return value if parts is None else frozenset(filter(None, parts))

    def secret(self, name: str) -> bytes:
        """Return the installation's secret of that name [32 bytes], made on first use."""
        path = self.state_dir / "secrets" / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            draft = path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(32), "ascii")
            # Linking lets one of several starting processes win, and nobody reads half a file.
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return bytes.fromhex(path.read_text("ascii"))
