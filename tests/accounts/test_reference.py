"""The reference page of roles says what the code says."""

from __future__ import annotations

from fuliang_gis.accounts.audit import ACTION_NAMES
from fuliang_gis.accounts.reference import PAGE, roles_page
from fuliang_gis.accounts.roles import PERMISSION_NAMES, ROLE_NAMES, Permission, Role


def test_the_page_is_up_to_date() -> None:
    """Run ``python -m fuliang_gis.accounts.reference`` after changing a role."""
    assert PAGE.read_text("utf-8") == roles_page()


def test_everything_has_its_name_in_both_languages() -> None:
    """Nothing is shown to people under its code's name."""
    assert set(ROLE_NAMES) == set(Role)
    assert set(PERMISSION_NAMES) == set(Permission)
    assert all(all(pair) for pair in [*ROLE_NAMES.values(), *PERMISSION_NAMES.values()])
    assert all(ACTION_NAMES.values())
