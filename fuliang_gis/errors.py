"""Every refusal of the service: one tree, each class with a code and Chinese and English text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Problem:
    """One fault in one given value; ``row`` and ``column`` are for sheets, ``field`` for forms."""

    code: str
    zh: str
    en: str
    field: str | None = None
    row: int | None = None
    column: str | None = None


class FuliangError(Exception):
    """A refusal that a person is told about.

    Subclasses set ``code`` and the two templates; keyword arguments become attributes in ``facts``
    and fill the templates.
    """

    code: ClassVar[str] = "internal"
    zh: ClassVar[str] = "服务内部出错，已记录。请稍后重试；若仍出现，请把请求编号告诉管理员。"
    en: ClassVar[str] = "Internal error; it has been logged. Try again, then report the request id."
    field: str | None = None

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        self.facts = facts
        self.field = field
        super().__init__(self.text_en)

    @property
    def text_zh(self) -> str:
        """The sentence shown to people, in Chinese."""
        return self.zh.format(**self.facts)

    @property
    def text_en(self) -> str:
        """The sentence shown to people, in English."""
        return self.en.format(**self.facts)


class Invalid(FuliangError):
    """Given values break rules; ``problems`` lists each of them."""

    code = "invalid"
    zh = "提交的内容有 {count} 处需要改正，未保存。"
    en = "{count} value(s) need correction; nothing was saved."

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(count=len(self.problems))


class NotFound(FuliangError):
    """The thing named does not exist, or not for this person."""

    code = "not_found"
    zh = "没有找到{what}“{key}”。请检查编码，或从列表中选择。"
    en = "No {what} '{key}'. Check the code, or choose from the list."


class Forbidden(FuliangError):
    """The role does not allow the act."""

    code = "forbidden"
    zh = "您的角色“{role}”无权{act}。如确有需要，请联系县级管理员。"
    en = "Your role '{role}' may not do this: {act}. Ask the county administrator if you need to."


class OutsideDivision(FuliangError):
    """The act lies outside the person's own division."""

    code = "outside_division"
    zh = "“{division}”不在您的管辖范围“{scope}”内，未保存。请由该地工作人员办理，或联系县级人员。"
    en = "Division '{division}' lies outside yours ('{scope}'); nothing was saved."


class OwnAccount(Forbidden):
    """Administrators may not take away their own access."""

    code = "own_account"
    zh = "不能停用自己的账号或更改自己的角色和行政区划。请由另一位管理员办理。"
    en = "You may not deactivate your own account or change its role. Ask another administrator."


class LastAdministrator(Forbidden):
    """The county must keep one active administrator."""

    code = "last_administrator"
    zh = "这是最后一位在用的县级管理员，不能停用或更改。请先新建另一位县级管理员。"
    en = "This is the last active county administrator. Create another one first."


class PasswordChangeRequired(Forbidden):
    """A one-time password signs in, and then only changes itself."""

    code = "password_change_required"
    zh = "您正在使用一次性密码。请先在网页上登录并修改密码。"
    en = "You use a one-time password. Sign in on the website and change it first."


class SignInRequired(FuliangError):
    """The act needs a known person."""

    code = "sign_in_required"
    zh = "请先登录。"
    en = "Sign in first."


class SignInFailed(FuliangError):
    """Name, password or one-time code do not fit; which of them is never told."""

    code = "sign_in_failed"
    zh = "用户名、密码或动态验证码不正确。请核对后重试；忘记密码请联系管理员重置。"
    en = "User name, password or one-time code is not right. Ask the administrator to reset it."


class LockedOut(FuliangError):
    """Too many failed sign-ins; the account rests for a while."""

    code = "locked_out"
    zh = "登录失败次数过多，账号已暂时锁定，请在 {minutes} 分钟后重试，或联系管理员解锁。"
    en = "Too many failed sign-ins; try again in {minutes} minutes or ask the administrator."


class TooManyRequests(FuliangError):
    """The address asks more often than the throttle allows."""

    code = "too_many_requests"
    zh = "操作过于频繁，请稍候再试。"
    en = "Too many requests; wait a moment."


class Conflict(FuliangError):
    """Somebody else saved first; ``facts['current']`` carries the other's row version."""

    code = "conflict"
    zh = (
        "“{name}”刚被他人修改（现为第 {current} 版，您依据的是第 {expected} 版），"
        "您的内容未保存。请对照最新内容后重新提交。"
    )
    en = (
        "'{name}' was changed meanwhile (now version {current}, yours {expected}); "
        "nothing was saved."
    )


class VersionRequired(FuliangError):
    """A write came without the row version it is based on."""

    code = "version_required"
    zh = "缺少所依据的版本号（If-Match）。请重新打开该记录后再保存。"
    en = "The row version is missing (If-Match). Open the record again, then save."


class Duplicate(FuliangError):
    """A value that must be unique is taken."""

    code = "duplicate"
    zh = "{label}“{value}”已被使用。请换一个。"
    en = "{label} '{value}' is taken. Choose another."


class VisitDiffers(Duplicate):
    """Another visit, or another telling of it, is stored under this UUID."""

    code = "visit_differs"
    zh = (
        "编号为“{uuid}”的巡查记录已经保存，内容与这次的不同，这次未保存。"
        "如需更正，请打开该记录后点“更正”；如是另一次巡查，请重新填报。"
    )
    en = "Another visit is stored under {uuid}; nothing was saved. Correct that one, or make a new."


class KeyReused(FuliangError):
    """An Idempotency-Key came again with another request."""

    code = "key_reused"
    zh = "同一个 Idempotency-Key 用于了不同的请求，未保存。"
    en = "This Idempotency-Key was used for another request; nothing was saved."


class CsrfFailed(FuliangError):
    """A form came without its token, or too late."""

    code = "csrf_failed"
    zh = "页面已过期，未保存。请刷新页面后重新提交。"
    en = "The page expired; nothing was saved. Reload it and submit again."


class BadRequest(FuliangError):
    """The request cannot be read."""

    code = "bad_request"
    zh = "请求无法识别：{reason}。"
    en = "The request cannot be read: {reason}."


class BadParameter(BadRequest):
    """One parameter of a query cannot be used; ``name`` says which."""

    code = "bad_parameter"
    zh = "参数 {name} 有误：{reason}。"
    en = "Parameter '{name}': {reason_en}."


class FilterRefused(BadRequest):
    """A CQL2 filter cannot be read, or asks for what the collection does not offer."""

    code = "bad_filter"
    zh = "筛选条件无法使用：{reason}。"
    en = "The filter cannot be used: {reason_en}."


class NotAcceptable(FuliangError):
    """The form asked for is not on offer."""

    code = "not_acceptable"
    zh = "不提供“{given}”格式，可用：{offered}。"
    en = "No '{given}' here; choose one of {offered}."


class MethodNotAllowed(FuliangError):
    """The address exists but not for this method."""

    code = "method_not_allowed"
    zh = "此地址不支持 {method} 操作。请返回上一页，用页面上的按钮操作。"
    en = "This address does not take {method}."


class UnsupportedMedia(FuliangError):
    """The request body comes in a form that is not understood."""

    code = "unsupported_media_type"
    zh = "不支持的内容类型“{given}”，请使用 {wanted}。"
    en = "Content type '{given}' is not supported; send {wanted}."


class TooLarge(FuliangError):
    """The request body is larger than allowed."""

    code = "too_large"
    zh = "上传内容超过 {limit_mb} MB 上限，未保存。请压缩文件，或分几次提交。"
    en = "The upload exceeds {limit_mb} MB; nothing was saved. Compress it or send it in parts."


class Unavailable(FuliangError):
    """The database does not answer."""

    code = "unavailable"
    zh = "数据库暂时无法连接，未保存。请稍后重试。"
    en = "The database does not answer; nothing was saved. Try again shortly."


class SheetError(FuliangError):
    """A layer's sheet and its class differ, or the sheet breaks its schema."""

    code = "sheet_error"
    zh = "图层“{layer}”的配置有误：{reason}"
    en = "Layer '{layer}': {reason}"


class WrongState(FuliangError):
    """The act does not fit the state that the thing is in; ``reason`` tells what would."""

    code = "wrong_state"
    zh = "“{name}”现在是“{state}”，不能{act}。{advice}"
    en = "'{name}' is in state '{state}'; this is not possible now: {act}."


class MeasuresOpen(WrongState):
    """A problem closes only when each of its measures is verified."""

    code = "measures_open"
    zh = "问题“{name}”还有 {count} 条整改措施未验收，不能销号。请先逐条验收。"
    en = "'{name}' has {count} measure(s) not verified yet; it cannot be closed."


class PeriodClosed(WrongState):
    """What a closed period owed never changes."""

    code = "period_closed"
    zh = "该巡查任务所在的周期“{period}”已结束，不能再更改。"
    en = "The period '{period}' of this obligation is closed; it cannot be changed."


class PlanStepRefused(Invalid):
    """A plan may not take this step yet; each problem has its code and names the article of law."""

    code = "plan_step_refused"
    zh = "“{name}”现在不能{act}。{why}"
    en = "'{name}' cannot take this step now ({act}): {why_en}"

    def __init__(self, name: str, act: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        why = "".join(each.zh for each in problems)
        why_en = " ".join(each.en for each in problems)
        FuliangError.__init__(self, name=name, act=act, why=why, why_en=why_en)


class SelfApproval(Forbidden):
    """Nobody judges their own work."""

    code = "self_approval"
    zh = "不能{act}自己经办的事项。请由另一位有权限的人员办理。"
    en = "You may not do this for your own work: {act}. Ask another authorised person."


class FileRefused(FuliangError):
    """A file that came with a record cannot be kept; ``reason`` tells why."""

    code = "file_refused"
    zh = "文件“{name}”无法保存：{reason}"
    en = "File '{name}' cannot be kept: {reason_en}"


class ImportRefused(FuliangError):
    """A file cannot be taken in; ``reason`` tells why and what to do."""

    code = "import_refused"
    zh = "文件“{file}”未导入：{reason}"
    en = "File '{file}' was not imported: {reason}"


class DemoPresent(FuliangError):
    """A demo county is loaded already."""

    code = "demo_present"
    zh = "演示县已装载。请先运行 fuliang demo drop，或加 --replace 重新生成。"
    en = "A demo county is loaded already. Run 'fuliang demo drop' first, or add --replace."


class SetUpError(FuliangError):
    """The installation cannot start; ``reason`` tells what to do."""

    code = "set_up"
    zh = "{reason}"
    en = "{reason_en}"


def all_errors() -> list[type[FuliangError]]:
    """Return every class of the tree, parents first."""
    found: list[type[FuliangError]] = [FuliangError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found
