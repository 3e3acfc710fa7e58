"""The fields that every location shares, in the same form as a sheet's own."""

from __future__ import annotations

from fuliang_gis.locations.models import ASSET_CLASSES, REVIEW_STATES, USE_STATUSES
from fuliang_gis.locations.sheets import Choice, Field, Text

_ENGLISH = {
    "public_welfare": "public welfare",
    "operating": "operating",
    "household": "household",
    "in_use": "in use",
    "underused": "underused",
    "idle": "idle",
    "damaged": "damaged",
    "lost": "lost",
    "disposed": "disposed of",
    "draft": "draft",
    "submitted": "entered",
    "township_reviewed": "reviewed by the township",
    "county_verified": "verified by the county",
    "returned": "returned",
}
_COLOURS = {
    "in_use": "#1b7837",
    "underused": "#bf812d",
    "idle": "#d6604d",
    "damaged": "#b2182b",
    "lost": "#67001f",
    "disposed": "#737373",
}


def _choices(values: dict[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(v, zh, _ENGLISH[v], _COLOURS.get(v)) for v, zh in values.items())


CODE = Field(
    "code", Text("编码", "Code"), "text", required=True, list=True, headings=("县编码", "编号")
)
NAME = Field("name", Text("名称", "Name"), "text", required=True, list=True, headings=("点位名称",))
DIVISION = Field(
    "division_code",
    Text("行政区划", "Division"),
    "text",
    required=True,
    help="12 位村级统计代码；无法落到村的填 9 位乡镇代码。",
    headings=("行政村代码", "区划代码"),
)
ASSET_CLASS = Field(
    "asset_class",
    Text("资产类别", "Asset class"),
    "choice",
    required=True,
    choices=_choices(ASSET_CLASSES),
    popup=True,
    group="管护",
)
USE_STATUS = Field(
    "use_status",
    Text("使用状态", "Use status"),
    "choice",
    required=True,
    choices=_choices(USE_STATUSES),
    list=True,
    popup=True,
    group="管护",
)
CUSTODIAN = Field(
    "custodian",
    Text("管护责任岗位", "Custodian"),
    "text",
    popup=True,
    group="管护",
    help="填写岗位或单位，不填写村民个人信息。",
    headings=("管护员", "管护责任人"),
)
DATA_SOURCE = Field(
    "data_source", Text("数据来源", "Data source"), "text", required=True, group="来源"
)
SURVEY_DATE = Field("survey_date", Text("调查日期", "Survey date"), "date", group="来源")
NOTE = Field("note", Text("备注", "Note"), "text", group="来源")

#: Fields a person may write on every layer.
SHARED_FIELDS = (
    CODE,
    NAME,
    DIVISION,
    ASSET_CLASS,
    USE_STATUS,
    CUSTODIAN,
    DATA_SOURCE,
    SURVEY_DATE,
    NOTE,
)

#: Shown, never typed in: review has its own steps.
REVIEW_STATE = Field(
    "review_state",
    Text("审核状态", "Review state"),
    "choice",
    choices=_choices(REVIEW_STATES),
    list=True,
    group="来源",
)
