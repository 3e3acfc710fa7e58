"""Roles, what each may do, and the person acting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The county's posts."""

    VIEWER = "viewer"
    VILLAGE_INFORMANT = "village_informant"
    TOWNSHIP_STAFF = "township_staff"
    COUNTY_STAFF = "county_staff"
    REVIEWER = "reviewer"
    PLANNER = "planner"
    INSPECTOR = "inspector"
    ADMINISTRATOR = "administrator"


ROLE_NAMES: dict[Role, tuple[str, str]] = {
    Role.VIEWER: ("查看员", "viewer"),
    Role.VILLAGE_INFORMANT: ("村级信息员", "village informant"),
    Role.TOWNSHIP_STAFF: ("乡镇工作人员", "township staff"),
    Role.COUNTY_STAFF: ("县级工作人员", "county staff"),
    Role.REVIEWER: ("审核员", "reviewer"),
    Role.PLANNER: ("规划员", "planner"),
    Role.INSPECTOR: ("巡查员", "inspector"),
    Role.ADMINISTRATOR: ("系统管理员", "administrator"),
}


class Permission(StrEnum):
    """Acts that a role allows or not; where an act may happen is the division's matter."""

    READ = "read"
    EDIT_LOCATIONS = "edit_locations"
    REVIEW_TOWNSHIP = "review_township"
    REVIEW_COUNTY = "review_county"
    RECORD_VISITS = "record_visits"
    MANAGE_ROUNDS = "manage_rounds"
    MANAGE_RULES = "manage_rules"
    GRANT_EXCEPTIONS = "grant_exceptions"
    HANDLE_DEFECTS = "handle_defects"
    FIX_DEFECTS = "fix_defects"
    VERIFY_DEFECTS = "verify_defects"
    CLOSE_DEFECTS = "close_defects"
    PROPOSE_DISPOSAL = "propose_disposal"
    APPROVE_DISPOSAL = "approve_disposal"
    DRAFT_PLANS = "draft_plans"
    REVIEW_PLANS = "review_plans"
    IMPORT_DIVISIONS = "import_divisions"
    MANAGE_ACCOUNTS = "manage_accounts"
    READ_AUDIT = "read_audit"


PERMISSION_NAMES: dict[Permission, tuple[str, str]] = {
    Permission.READ: ("查看数据", "read data"),
    Permission.EDIT_LOCATIONS: ("新增和修改点位", "add and change locations"),
    Permission.REVIEW_TOWNSHIP: ("乡镇审核", "review for the township"),
    Permission.REVIEW_COUNTY: ("县级复核", "recheck for the county"),
    Permission.RECORD_VISITS: ("填报巡查记录", "record visits"),
    Permission.MANAGE_ROUNDS: ("安排巡查路线", "manage rounds"),
    Permission.MANAGE_RULES: ("制定巡查规则", "make inspection rules"),
    Permission.GRANT_EXCEPTIONS: (
        "批准个别点位免检或调整周期",
        "except single locations from rules",
    ),
    Permission.HANDLE_DEFECTS: (
        "登记、交办问题，审核群众反映",
        "enter and assign defects, review reports",
    ),
    Permission.FIX_DEFECTS: ("整改问题", "fix defects"),
    Permission.VERIFY_DEFECTS: ("验收整改", "verify what was fixed"),
    Permission.CLOSE_DEFECTS: ("问题销号", "close defects"),
    Permission.PROPOSE_DISPOSAL: ("提出资产处置", "propose disposals"),
    Permission.APPROVE_DISPOSAL: ("审批资产处置", "approve disposals"),
    Permission.DRAFT_PLANS: ("编制村庄规划", "draft village plans"),
    Permission.REVIEW_PLANS: ("审查村庄规划", "review village plans"),
    Permission.IMPORT_DIVISIONS: ("导入行政区划边界", "import division boundaries"),
    Permission.MANAGE_ACCOUNTS: ("管理账号", "manage accounts"),
    Permission.READ_AUDIT: ("查看审计记录", "read the audit record"),
}

_P = Permission
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({_P.READ}),
    Role.VILLAGE_INFORMANT: frozenset(
        {_P.READ, _P.EDIT_LOCATIONS, _P.RECORD_VISITS, _P.FIX_DEFECTS}
    ),
    Role.TOWNSHIP_STAFF: frozenset(
        {
            _P.READ,
            _P.EDIT_LOCATIONS,
            _P.REVIEW_TOWNSHIP,
            _P.RECORD_VISITS,
            _P.MANAGE_ROUNDS,
            _P.GRANT_EXCEPTIONS,
            _P.HANDLE_DEFECTS,
            _P.FIX_DEFECTS,
            _P.VERIFY_DEFECTS,
            _P.PROPOSE_DISPOSAL,
        }
    ),
    Role.COUNTY_STAFF: frozenset(
        {
            _P.READ,
            _P.EDIT_LOCATIONS,
            _P.REVIEW_TOWNSHIP,
            _P.REVIEW_COUNTY,
            _P.RECORD_VISITS,
            _P.MANAGE_ROUNDS,
            _P.MANAGE_RULES,
            _P.GRANT_EXCEPTIONS,
            _P.HANDLE_DEFECTS,
            _P.FIX_DEFECTS,
            _P.VERIFY_DEFECTS,
            _P.CLOSE_DEFECTS,
            _P.PROPOSE_DISPOSAL,
            _P.APPROVE_DISPOSAL,
            _P.IMPORT_DIVISIONS,
            _P.READ_AUDIT,
        }
    ),
    Role.REVIEWER: frozenset(
        {
            _P.READ,
            _P.REVIEW_TOWNSHIP,
            _P.REVIEW_COUNTY,
            _P.REVIEW_PLANS,
            _P.VERIFY_DEFECTS,
            _P.CLOSE_DEFECTS,
            _P.APPROVE_DISPOSAL,
        }
    ),
    Role.PLANNER: frozenset({_P.READ, _P.DRAFT_PLANS}),
    Role.INSPECTOR: frozenset({_P.READ, _P.RECORD_VISITS, _P.FIX_DEFECTS}),
    Role.ADMINISTRATOR: frozenset(Permission),
}

#: Acts on the county as a whole: only accounts of the county itself hold them.
COUNTY_PERMISSIONS: frozenset[Permission] = frozenset(
    {_P.IMPORT_DIVISIONS, _P.MANAGE_RULES, _P.APPROVE_DISPOSAL}
)


@dataclass(frozen=True)
class Actor:
    """The person acting: an account, reduced to what decisions need.

    ``scope`` is the code of the account's division; everything whose code starts with it is inside.
    """

    account_id: int
    username: str
    display_name: str
    role: Role
    scope: str
    scope_name: str

    @property
    def role_name(self) -> str:
        """The role in Chinese."""
        return ROLE_NAMES[self.role][0]
