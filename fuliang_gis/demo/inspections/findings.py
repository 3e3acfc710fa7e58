"""What an inspector found at one call: answers, readings, condition, words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.readings import water
from fuliang_gis.inspections.visits.checklist import Checked, check_answers
from fuliang_gis.inspections.visits.rules import FINDABLE, Answer, Given, Read

#: How often something new is wrong, by layer, relative to the whole.
_WRONG = 0.052
_OFTENER = {"pv_stations": 2.2, "water_projects": 1.3, "villages": 0.5}
#: How much less often questions of that severity fail.
_WEIGHTS = {"minor": 1.3, "ordinary": 1.0, "serious": 0.16}
_LIMITED = ("chlorine_mg_l", "turbidity_ntu", "ph")

#: What fails at every call as long as an asset is in that state.
LASTING = {
    ("assistance_assets", "idle"): "in_use",
    ("assistance_assets", "damaged"): "undamaged",
    ("assistance_assets", "lost"): "exists",
    ("water_projects", "damaged"): "no_leak",
}

NOTES: Mapping[str, tuple[str, ...]] = {
    "source_clean": ("取水口上方发现生活垃圾", "水源上游有散养家禽", "暴雨后漂浮枯枝较多"),
    "fence_locked": ("围栏一处破损约 2 米", "锁具锈蚀，已无法上锁", "门锁缺失"),
    "disinfection": ("加药泵停转", "消毒药剂已用完", "二氧化氯发生器报警"),
    "no_leak": ("清水池底板渗水", "主管一处接头漏水", "入户支管渗漏"),
    "turbidity_ok": ("雨后出水浑浊", "有轻微铁锈色"),
    "notice_card": ("明白卡字迹褪色", "责任公示牌脱落"),
    "no_shade": ("东侧茅草高过组件下沿", "树枝遮挡约三排组件"),
    "modules_sound": ("3 块组件玻璃开裂", "积灰明显，需清洗"),
    "inverter_ok": ("2 号逆变器红灯，报绝缘阻抗低", "逆变器通信中断", "1 号逆变器停机"),
    "terminals_ok": ("汇流箱一处端子发热变色", "线缆护套破损"),
    "meter_ok": ("计量表黑屏", "表计走字异常，需校核"),
    "warning_signs": ("警示牌被风刮落", "警示标志褪色"),
    "clean": ("有异味，地面未冲洗", "垃圾外溢，周边散落", "桶体污渍较多"),
    "structure_sound": ("屋面一角渗漏", "门扇损坏", "池壁有裂缝"),
    "equipment_runs": ("风机不转", "压缩设备液压漏油", "提升泵停运"),
    "effluent_clear": ("出水发黄，有泡沫", "出水浑浊"),
    "no_black_odour": ("局部水面发黑，有异味", "发现一处新增生活排口"),
    "workroom_open": ("工作时间未开门",),
    "notices": ("公示内容未更新到本季度", "公示栏破损"),
    "exists": ("现场未见该资产，账实不符", "设备去向待查"),
    "in_use": ("已闲置数月，未见使用", "承租方退租后空置"),
    "undamaged": ("墙体开裂", "路面塌陷约 5 米", "棚膜破损"),
    "custodian_known": ("公示牌缺失", "管护责任人信息未更新"),
    "contract_kept": ("租金逾期未到账", "合同到期未续签"),
}
_REMARKS = (
    "一切正常。",
    "已提醒管护员做好日常清扫。",
    "运行平稳。",
    "资料齐全。",
    "较上次有改善。",
)


@dataclass(frozen=True)
class Finding:
    """What one call told; ``given`` is what was sent, ``checked`` what follows from it."""

    given: Given
    checked: Checked


def find(
    place: Place, purpose: str, uuid: UUID, meter: int | None, chance: np.random.Generator
) -> Finding:
    """Answer every question that is asked at a place, most of them well."""
    broken = _broken(place, chance)
    answers = [
        Answer(item.name, *_answer(place, item.name, broken, chance))
        for item in place.asked.checklist
    ]
    asked = {item.name for item in place.asked.readings}
    read = _read(place, broken, meter, chance)
    readings = [Read(name, value) for name, value in read if name in asked]
    given = Given(
        uuid=uuid,
        layer=place.layer,
        code=place.code,
        purpose=purpose,
        answers=answers,
        readings=readings,
        condition=_condition(place, broken, chance),
        use_status=_use(place),
        note=_note(broken, chance),
    )
    checked, problems = check_answers(place.asked, given)
    if problems:
        raise ValueError(f"{place.code}: {problems}")
    return Finding(given, checked)


def _broken(place: Place, chance: np.random.Generator) -> set[str]:
    """Return the questions and readings that turn out wrong."""
    lasting = LASTING.get((place.layer, place.use_status))
    found = {lasting} if lasting else set()
    if chance.uniform() >= _WRONG * _OFTENER.get(place.layer, 1.0):
        return found
    may = {
        item.name: _WEIGHTS[item.severity]
        for item in place.asked.checklist
        # That something is idle or lost shows in its use status as well, which stays as it is.
        if item.name not in ("exists", "in_use")
    }
    may |= {
        item.name: 0.6 * _WEIGHTS[item.severity]
        for item in place.asked.readings
        if item.name in _LIMITED
    }
    weights = np.fromiter(may.values(), dtype=np.float64)
    number = min(len(may), 2 if chance.uniform() < 0.15 else 1)
    drawn = chance.choice(len(may), number, replace=False, p=weights / weights.sum())
    return found | {list(may)[n] for n in drawn.tolist()}


def _answer(
    place: Place, name: str, broken: set[str], chance: np.random.Generator
) -> tuple[str, str | None]:
    if name in broken:
        notes = NOTES.get(name, ("现场不符合要求",))
        return "fail", f"{notes[int(chance.integers(len(notes)))]}（虚构）"
    if name == "disinfection" and place.fields.get("disinfection") is False:
        return "na", None
    return "ok", None


def _read(
    place: Place, broken: set[str], meter: int | None, chance: np.random.Generator
) -> Iterator[tuple[str, float]]:
    if place.layer == "water_projects":
        wrong = next((name for name in _LIMITED if name in broken), None)
        yield from water(place, wrong, chance)
        if meter is not None:
            yield "meter_m3", meter
    elif place.layer == "pv_stations" and meter is not None:
        yield "meter_kwh", meter
    elif place.kind == "wastewater":
        yield (
            "inflow_m3d",
            round(place.number("design_m3d", 20) * float(chance.uniform(0.5, 0.9)), 1),
        )


def _condition(place: Place, broken: set[str], chance: np.random.Generator) -> str:
    if place.use_status in ("damaged", "lost"):
        return "poor"
    good = 0.35 if broken else 0.82
    return "good" if chance.uniform() < good else "fair"


def _use(place: Place) -> str | None:
    """Return what the asset was found to be; one that was disposed of later was still there."""
    told = place.layer == "assistance_assets" and place.use_status in FINDABLE
    return place.use_status if told else None


def _note(broken: set[str], chance: np.random.Generator) -> str | None:
    if broken or chance.uniform() > 0.12:
        return None
    return _REMARKS[int(chance.integers(len(_REMARKS)))]
