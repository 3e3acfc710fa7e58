"""The layer registry: every typed class in ``locations/layers`` joined with its sheet."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from sqlalchemy import inspect

from fuliang_gis.errors import NotFound, SheetError
from fuliang_gis.locations import layers as layer_package
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.sheets import Sheet, read_sheet
from fuliang_gis.material import LAYERS

_PYTHON_TYPES: dict[str, object] = {
    "text": str,
    "choice": str,
    "integer": int,
    "decimal": Decimal,
    "date": date,
    "boolean": bool,
    "choices": list,
}


@dataclass(frozen=True)
class Layer:
    """A typed class and its sheet."""

    name: str
    cls: type[Location]
    sheet: Sheet


@cache
def layers() -> Mapping[str, Layer]:
    """Return every layer by name, in the order of the sheets.

    Raises:
        SheetError: A class has no sheet, a sheet no class, or the two differ.
    """
    for module in pkgutil.iter_modules(layer_package.__path__):
        importlib.import_module(f"{layer_package.__name__}.{module.name}")
    classes = {cls.__mapper__.polymorphic_identity: cls for cls in Location.__subclasses__()}
    sheets = {path.stem: read_sheet(path) for path in LAYERS.glob("*.toml")}
    for name in classes.keys() ^ sheets.keys():
        missing = "layers/ 中没有对应的表" if name in classes else "locations/layers 中没有对应的类"
        raise SheetError(layer=name, reason=missing)
    for name, sheet in sheets.items():
        _compare(classes[name], sheet)
    ordered = sorted(sheets.values(), key=lambda sheet: sheet.order)
    return {sheet.name: Layer(sheet.name, classes[sheet.name], sheet) for sheet in ordered}


def layer(name: str) -> Layer:
    """Return one layer.

    Raises:
        NotFound: There is no such layer.
    """
    try:
        return layers()[name]
    except KeyError:
        raise NotFound(what="图层", key=name) from None


def _compare(cls: type[Location], sheet: Sheet) -> None:
    columns = {c.name: c for c in inspect(cls).local_table.columns if c.name != "location_id"}
    stated = {item.name: item for item in sheet.fields}
    differing = columns.keys() ^ stated.keys()
    if differing:
        raise SheetError(
            layer=sheet.name, reason=f"类与表的字段不一致：{', '.join(sorted(differing))}"
        )
    for name, column in columns.items():
        python_type = column.type.python_type
        if python_type is not _PYTHON_TYPES[stated[name].type]:
            raise SheetError(layer=sheet.name, reason=f"字段 {name} 的类型不一致")
        if column.nullable is stated[name].required:
            raise SheetError(layer=sheet.name, reason=f"字段 {name} 是否必填不一致")
    if sheet.kind_field and not sheet.kinds:
        raise SheetError(layer=sheet.name, reason=f"kind_field {sheet.kind_field} 不是选择字段")
