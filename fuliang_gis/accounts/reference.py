"""The reference page of roles and permissions."""

from __future__ import annotations

from fuliang_gis.accounts.roles import (
    COUNTY_PERMISSIONS,
    PERMISSION_NAMES,
    ROLE_NAMES,
    ROLE_PERMISSIONS,
    Permission,
    Role,
)

_HEAD = """# 角色与权限 Roles and permissions

<!-- Written by `./fuliang docs write`; a test fails when it drifts. -->

每个账号有一个角色，并绑定一个行政区划。角色决定能做什么，行政区划决定在哪里能做：编码以本区划编码开头的
一切都在其内（县 6 位 ⊂ 乡镇 9 位 ⊂ 村 12 位），读和写都以此为界。

An account has one role and is bound to one division. The role says what may be done, the division
where: everything whose code starts with the division's own is inside, for reading and for writing.

"""

_TAIL = """
带 * 的权限针对全县，只有绑定县级区划的账号才有。
Permissions marked * concern the county as a whole; only accounts of the county itself hold them.

同一规则实施三次：`accounts.policies.may` 判断一个区划，`accounts.policies.within` 过滤查询，
数据库自身（`db.guard`，行级安全与触发器）再次拒绝越界的写入（SQLSTATE 42501）。测试证明三者一致。
The same rule is enforced three times: as a predicate, as a query filter, and by the database itself
for every write of the service's role. Tests prove that the three agree.

数据库拒绝的语句见 `./fuliang accounts refusals` 和审计页面。
使用外部数据库时，它们记录在该数据库服务器自己的日志中。
Statements that the database refused are listed by `./fuliang accounts refusals` and on the audit
page; an external server keeps them in its own log.
"""


def roles_page() -> str:
    """Return the page: a row a permission, a column a role."""
    titles = [f"{ROLE_NAMES[role][0]}<br>`{role.value}`" for role in Role]
    lines = [f"| 权限 Permission | {' | '.join(titles)} |", "|---" * (len(Role) + 1) + "|"]
    lines += [_line(permission) for permission in Permission]
    return _HEAD + "\n".join(lines) + "\n" + _TAIL


def _line(permission: Permission) -> str:
    zh, en = PERMISSION_NAMES[permission]
    mark = " *" if permission in COUNTY_PERMISSIONS else ""
    held = ["✓" if permission in ROLE_PERMISSIONS[role] else "" for role in Role]
    return f"| {zh}{mark}<br>{en} `{permission.value}` | {' | '.join(held)} |"
