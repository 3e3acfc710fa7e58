"""The reference pages of the docs that follow from the code: errors, settings, HTTP addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Flask

from fuliang_gis.errors import all_errors
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.registry import Layer, layers
from fuliang_gis.locations.sheets import Field
from fuliang_gis.settings import Settings
from fuliang_gis.web.errors import status_of

_GENERATED = "<!-- Written by `./fuliang docs write`; a test fails when it drifts. -->"


def pages(app: Flask) -> Mapping[str, str]:
    """Return every generated page by its file name in docs/reference."""
    return {
        "errors.md": errors_page(),
        "settings.md": settings_page(),
        "layers.md": layers_page(),
        "http.md": http_page(app),
    }


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(c.replace('|', '/') for c in line)} |" for line in lines)


def errors_page() -> str:
    """Return the page of every refusal: code, HTTP status, both texts."""
    rows = [
        (f"`{kind.code}`", str(status_of(kind).value), kind.zh, kind.en, _summary(kind))
        for kind in all_errors()
    ]
    return "\n".join(
        [
            "# 错误代码 Errors",
            "",
            _GENERATED,
            "",
            "Every refusal carries a stable `code`. Programs get `application/problem+json`,",
            "people a page or words beside the field of a form. Words in braces are filled in.",
            "",
            _table(("code", "HTTP", "中文", "English", "when"), rows),
            "",
        ]
    )


def _summary(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def settings_page() -> str:
    """Return the page of every setting: environment variable, default, meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = ",".join(sorted(default)) if isinstance(default, frozenset) else default
        told = "" if shown in (None, "") else f"`{shown}`"
        rows.append((f"`FULIANG_{name.upper()}`", told, field.description or ""))
    return "\n".join(
        [
            "# 设置 Settings",
            "",
            _GENERATED,
            "",
            "Settings are environment variables. / 所有设置都是环境变量。",
            "",
            _table(("变量 Variable", "默认值 Default", "说明 Meaning"), rows),
            "",
        ]
    )


def layers_page() -> str:
    """Return the page of every layer: its fields with type, unit, range and choices."""
    parts = ["# 图层与字段 Layers and fields", "", _GENERATED, ""]
    for layer in layers().values():
        title = layer.sheet.title
        parts += [
            f"## {title.zh} {title.en} `{layer.name}`",
            "",
            f"Sheet: `layers/{layer.name}.toml`",
            "",
        ]
        parts += [
            _table(("字段 Field", "名称", "Name", "类型 Type", "取值 Values"), _fields(layer)),
            "",
        ]
    return "\n".join(parts)


def _fields(layer: Layer) -> list[tuple[str, ...]]:
    return [
        (
            f"`{field.name}`{'*' if field.required else ''}",
            field.label.zh,
            field.label.en,
            field.type,
            _values(field),
        )
        for field in writable_fields(layer)
    ]


def _values(field: Field) -> str:
    if field.choices:
        return "、".join(f"{choice.zh} `{choice.value}`" for choice in field.choices)
    ends = ["" if end is None else f"{end:,g}" for end in (field.minimum, field.maximum)]
    span = "–".join(ends) if any(ends) else ""
    return f"{span} {field.unit or ''}".strip()


def http_page(app: Flask) -> str:
    """Return the page of every address: methods, path, what it does."""
    rows = [
        (" ".join(methods), f"`{rule}`", _told(app, endpoint))
        for rule, methods, endpoint in addresses(app)
    ]
    return "\n".join(
        [
            "# HTTP addresses",
            "",
            _GENERATED,
            "",
            "The API's shapes are in `api/openapi.yaml` and at `/api/v1/openapi.json`.",
            "",
            _table(("methods", "address", "what"), rows),
            "",
        ]
    )


def addresses(app: Flask) -> list[tuple[str, list[str], str]]:
    """Return rule, methods and endpoint of every address of the application, in order."""
    return sorted(
        (rule.rule, sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}), rule.endpoint)
        for rule in app.url_map.iter_rules()
    )


def _told(app: Flask, endpoint: str) -> str:
    if endpoint == "static":
        return "Scripts, styles and icons."
    return _first_sentence(app.view_functions[endpoint].__doc__)


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())
