"""What stands above and below the map in a saved file: title, date, marks, legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import jinja2
from markupsafe import Markup

from fuliang_gis.cartography.village_features import (
    LEAST_PER_CELL,
    VillageFeatures,
    household_rule,
)


@dataclass(frozen=True)
class Sheet:
    """Title, what the village belongs to, its level if it is a key village, the map's day."""

    title: str
    path: Sequence[str]
    level: str | None
    on: date
    maker: str


#: Stands for the file's size until that is known.
SIZE_MARK = "@size@"

_ABOVE = """<header class="saved__head">
<h1>{{ sheet.title }}</h1>
<p>{{ sheet.path | join(" › ") }}{% if sheet.level %} · {{ sheet.level }}{% endif %} ·
制图日期 <time datetime="{{ sheet.on }}">{{ sheet.on }}</time></p>
</header>
{% if features.invented %}
<p class="saved__invented">演示数据：村界、道路和全部点位均为虚构，不得用于实际工作。
<span lang="en">Invented demo data.</span></p>
{% endif %}
"""

_BELOW = """<footer class="saved__legend">
<h2>图例</h2>
<ul>
<li><span class="key key--area"></span>村界</li>
<li><span class="key key--next"></span>邻村</li>
{% for line in features.roads %}
<li><span class="key key--line"></span>{{ line.title }} {{ "%.1f"|format(line.km) }} km</li>
{% endfor %}
{% for group in features.groups if not group.grid %}
<li><span class="key key--{{ group.layer.name }}"></span>{{ group.title }}
{{ "{:,}".format(group.count) }}</li>
{% endfor %}
{% for group in features.groups if group.grid %}
<li>{{ group.title }} {{ "{:,}".format(group.count) }}（每格：
{% for step in steps %}
<span class="key key--cell key--cell-{{ loop.index0 }}"></span>{{ step }}
{% endfor %}）</li>
{% endfor %}
</ul>
<p>{{ rule }}坐标系 CGCS2000（EPSG:4490）。{{ sheet.maker }}生成，文件 {{ size }}，
无需联网即可打开。</p>
</footer>
"""

_environment = jinja2.Environment(autoescape=True, trim_blocks=True)


def sheet_above(sheet: Sheet, features: VillageFeatures) -> Markup:
    """Return the heading."""
    text = _environment.from_string(_ABOVE).render(sheet=sheet, features=features)
    return Markup(text)  # noqa: S704  # Escaped by the template.


def sheet_below(sheet: Sheet, features: VillageFeatures) -> Markup:
    """Return the legend and the notes."""
    steps = (f"{LEAST_PER_CELL}～9", "10～19", "20～39", "40 以上")
    text = _environment.from_string(_BELOW).render(
        sheet=sheet, features=features, steps=steps, rule=household_rule(), size=SIZE_MARK
    )
    return Markup(text)  # noqa: S704  # Escaped by the template.


def with_size(document: str) -> bytes:
    """Return the document as a file that tells its own size."""
    size = len(document.encode()) / 1000
    return document.replace(SIZE_MARK, f"{size:,.0f} kB", 1).encode()
