"""The audit record: who did, tried or was refused what, where and from which address."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.db.session import Database

#: Longest name kept of what somebody typed as a user name.
NAME_LENGTH = 63

#: What the audit record calls the owner of the database, who works on the host.
HOST = "cli"

#: What it calls somebody who has not signed in.
NOBODY = "—"

ACTION_NAMES: dict[str, str] = {
    "sign_in": "登录",
    "sign_out": "退出",
    "lock_out": "锁定账号",
    "create_account": "新建账号",
    "change_account": "修改账号",
    "activate_account": "启用账号",
    "deactivate_account": "停用账号",
    "unlock_account": "解锁账号",
    "reset_password": "重置密码",
    "change_password": "修改密码",
    "enrol_totp": "启用两步验证",
    "remove_totp": "关闭两步验证",
    "create_token": "签发令牌",
    "revoke_token": "吊销令牌",
    "create_location": "新增点位",
    "update_location": "修改点位",
    "delete_location": "删除点位",
    "restore_location": "恢复点位",
    "undo_location": "撤销修改",
    "import_divisions": "导入行政区划边界",
    "import_roads": "导入道路",
    "create_map_view": "保存专题图",
    "change_map_view": "修改专题图",
    "delete_map_view": "删除专题图",
    "create_rule": "新增巡查规则",
    "update_rule": "修改巡查规则",
    "withdraw_rule": "停用巡查规则",
    "restore_rule": "启用巡查规则",
    "grant_exception": "批准免检或调整周期",
    "revoke_exception": "取消免检或调整周期",
    "plan_obligation": "安排巡查任务",
    "excuse_obligation": "免除巡查任务",
    "reinstate_obligation": "撤销巡查任务的免除",
    "record_visit": "填报巡查记录",
    "correct_visit": "更正巡查记录",
    "find_defect": "登记问题",
    "assign_defect": "交办问题",
    "change_defect": "修改问题",
    "fix_defect": "反馈整改",
    "verify_defect": "验收整改",
    "reject_defect": "驳回整改",
    "return_defect": "退回问题",
    "close_defect": "问题销号",
    "reopen_defect": "重新打开问题",
    "comment_defect": "问题留言",
    "propose_disposal": "提出资产处置",
    "decide_disposal": "审批资产处置",
    "finish_disposal": "完成资产处置",
    "withdraw_disposal": "撤回资产处置",
    "attach_disposal": "添加资产处置附件",
    "review_report": "审核群众反映",
    "declare_closure": "登记道路管制",
    "lift_closure": "解除道路管制",
    "create_team": "新建巡查队伍",
    "change_team": "修改巡查队伍",
    "keep_apart": "设置不得同日的点位",
    "let_together": "解除不得同日的点位",
    "create_plan": "新建巡查路线方案",
    "solve_plan": "求解巡查路线方案",
    "change_plan": "调整巡查路线方案",
    "replan_own_day": "重排自己今天的路线",
    "publish_plan": "发布巡查路线方案",
    "withdraw_plan": "撤回巡查路线方案",
    "create_village_plan": "新建村庄规划",
    "change_village_plan": "修改村庄规划",
    "import_plan_base": "导入规划现状与管控边界",
    "save_scheme": "保存规划方案",
    "branch_scheme": "复制规划方案",
    "restore_scheme": "恢复规划方案的旧版本",
    "plan_step": "办理规划程序",
    "begin_plan_change": "启动规划修改",
    "record_participation": "登记村民参与",
    "remove_participation": "删除村民参与记录",
    "judge_opinion": "审核公示意见",
    "answer_opinion": "答复公示意见",
    "adopt_sites": "采纳站点为规划项目",
    "remove_facility": "删除规划设施",
    "change_projects": "修改规划项目",
    "change_goals": "修改规划目标",
    "grant_waiver": "批准规划例外",
    "revoke_waiver": "撤销规划例外",
    "make_feed": "生成日历订阅地址",
    "drop_feed": "停用日历订阅地址",
    "export": "导出文件",
    "request": "请求",
}
#: What pages call the parts of an event's detail that people are to read.
DETAIL_NAMES: dict[str, str] = {"file": "文件", "rows": "行数", "filter": "筛选条件"}
OUTCOME_NAMES: dict[str, str] = {"done": "完成", "refused": "拒绝", "failed": "失败"}


@dataclass(frozen=True)
class Origin:
    """Where an act came from."""

    request_id: str | None = None
    address: str | None = None


#: Set by the web edge for the request being answered; acts on the host have none.
origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039  # It is frozen.


def record(
    session: Session,
    actor: Actor | str,
    action: str,
    subject: str,
    *,
    outcome: str = "done",
    division_code: str | None = None,
    detail: Json | None = None,
) -> None:
    """Add one event to the session's transaction; it stands or falls with the act itself.

    Args:
        actor: Who acted; a plain string for a name typed at sign-in, or ``HOST``.
        subject: What it was done to, such as ``location:pv_stations/PV-0012``.
    """
    source = origin.get()
    known = actor if isinstance(actor, Actor) else None
    session.add(
        AuditEvent(
            actor_id=known.account_id if known else None,
            actor=known.username if known else _storable(str(actor))[:NAME_LENGTH],
            action=action,
            subject=_storable(subject),
            outcome=outcome,
            division_code=division_code,
            detail=detail or {},
            request_id=source.request_id,
            address=source.address,
        )
    )


def _storable(typed: str) -> str:
    """Leave out what PostgreSQL cannot store as text: the zero byte and lone surrogates."""
    return typed.replace("\0", "").encode("utf-8", "ignore").decode()


def refused(database: Database, actor: Actor | None, action: str, subject: str, code: str) -> None:
    """Record a refused act in a transaction of its own, since the act's is rolled back.

    The event names the account by its user name alone: an account switched off a moment ago could
    not sign for a row, and its refusals matter most.

    Args:
        code: The refusal's stable code, see ``errors``.
    """
    with database.session() as session:
        record(
            session,
            actor.username if actor else NOBODY,
            action,
            subject,
            outcome="refused",
            division_code=actor.scope if actor else None,
            detail={"code": code},
        )
