"""Numbers of a plan as they are read: the same in findings, tables, the text and the sheet."""

from __future__ import annotations


def figure(value: float, digits: int, *, signed: bool = False) -> str:
    """Return a number with its decimals and its thousands apart.

    Args:
        signed: It is a change; a gain has its sign as well as a loss.

    >>> figure(12_345.678, 2), figure(-0.001, 2), figure(-1_200.0, 1)
    ('12,345.68', '0.00', '−1,200.0')
    >>> figure(3.0, 2, signed=True), figure(0.0, 2, signed=True)
    ('+3.00', '0.00')
    """
    told = f"{abs(value):,.{digits}f}"
    # No table shows a change of nothing as more or less than nothing.
    if not any(each in told for each in "123456789"):
        return told
    if value < 0:
        return f"−{told}"
    return f"+{told}" if signed else told
