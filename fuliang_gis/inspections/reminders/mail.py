"""The daily mail: plain text in Chinese with counts, the most urgent rows and links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.headerregistry import Address
from email.message import EmailMessage

from fuliang_gis.inspections.reminders.queries import Counts, Duty, Problem

#: Name of each count, in the order of the mail.
LINES: dict[str, str] = {
    "my_overdue": "我的巡查已逾期",
    "my_due_soon": "我的巡查即将到期",
    "overdue": "本辖区巡查已逾期",
    "due_soon": "本辖区巡查即将到期",
    "to_fix": "待我整改的问题",
    "late_defects": "整改已超期的问题",
    "to_assign": "待交办的问题",
    "to_verify": "待验收的问题",
    "to_close": "待销号的问题",
    "reports": "待审核的群众反映",
    "disposals": "待审批的资产处置",
}
PLANS = "待我办理的村庄规划"


@dataclass(frozen=True)
class Letter:
    """What one post is told on one day; ``plans`` counts plans that wait, some told in lines."""

    name: str
    to: str
    counts: Counts
    duties: Sequence[Duty]
    problems: Sequence[Problem]
    plans: int = 0
    plan_lines: Sequence[str] = ()


def compose(letter: Letter, *, sender: str, site: str, day: date, account_id: int) -> EmailMessage:
    """Return the mail; sent twice, it carries the same identifier, and mail programs show one."""
    message = EmailMessage()
    message["From"] = Address("乡村空间与资产管理", addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    told = {
        label: number for name, label in LINES.items() if (number := getattr(letter.counts, name))
    }
    if letter.plans:
        told[PLANS] = letter.plans
    first = "，".join(f"{label}{number}" for label, number in list(told.items())[:3])
    message["Subject"] = f"待办提醒 {day:%m-%d}：{first}"
    domain = sender.rpartition("@")[2]
    message["Message-ID"] = f"<reminder-{account_id}-{day:%Y%m%d}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_body(letter, told, site)) + "\n", cte="base64")
    return message


def _body(letter: Letter, told: Mapping[str, int], site: str) -> Iterator[str]:
    yield f"{letter.name}，您好："
    yield ""
    yield from (f"· {label} {number} 项" for label, number in told.items())
    if letter.duties:
        yield ""
        yield "我的巡查任务："
        yield from (
            f"· {each.name}（{each.code}），{each.due_on:%m-%d} 前" for each in letter.duties
        )
    if letter.problems:
        yield ""
        yield "待我整改："
        yield from (
            f"· {each.number} {each.title}，{each.due_on:%m-%d} 前" for each in letter.problems
        )
    if letter.plan_lines:
        yield ""
        yield f"{PLANS}："
        yield from (f"· {each}" for each in letter.plan_lines)
    yield ""
    yield f"详情：{site}/reminders" if site else "请登录系统，在“提醒”页查看详情。"
    yield "如不再需要此邮件，请在“我的账号”中清空提醒邮箱。"
