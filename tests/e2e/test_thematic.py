"""Thematic maps in a real browser: drawn, chosen, played, compared, printed; on a phone too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Watched
from tests.e2e.test_pages import grave_faults

pytestmark = pytest.mark.browser

TOILETS = (
    "/thematic?level=township&layer=sanitation_facilities&where=is_problem:true"
    "&base=kind:household_toilet&denominator=locations"
)
ASSETS = "/thematic?layer=assistance_assets&measure=sum:original_value_yuan&time=formed_year"


def drawn(watched: Watched, path: str) -> None:
    """Open a thematic map and wait until it is drawn."""
    with watched.page.expect_response(re.compile(r"/thematic/areas\.json")):
        watched.open(path)
    expect(watched.page.locator(".thematic__canvas canvas").first).to_be_visible()
    watched.page.wait_for_timeout(800)


@pytest.mark.parametrize(
    "path",
    [TOILETS, ASSETS, TOILETS + "&compare=beside&b.layer=villages", TOILETS + "&compare=swipe"],
)
def test_maps_have_no_grave_fault(desktop: Watched, path: str) -> None:
    """Axe finds nothing serious, the policy is kept and nothing leaves the machine."""
    drawn(desktop, path)
    assert grave_faults(desktop) == []


def test_areas_are_painted_in_the_colours_of_the_legend(desktop: Watched) -> None:
    """The canvas holds every colour that the legend shows."""
    drawn(desktop, TOILETS)
    stated = desktop.page.locator(".thematic__swatch rect").evaluate_all(
        "found => found.map(each => each.getAttribute('fill'))"
    )
    painted = desktop.page.locator(".thematic__canvas canvas").first.evaluate(
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            const found = {};
            for (let at = 0; at < data.length; at += 4) {
                const parts = [data[at], data[at + 1], data[at + 2]];
                const name = '#' + parts.map(part => part.toString(16).padStart(2, '0')).join('');
                found[name] = (found[name] ?? 0) + 1;
            }
            return found;
        }"""
    )
    assert len(stated) == 5
    assert all(painted.get(colour, 0) > 200 for colour in stated)


def test_choosing_another_number_changes_map_table_and_address(desktop: Watched) -> None:
    """Without loading the page anew; going back brings the former map."""
    drawn(desktop, TOILETS)
    page = desktop.page
    with page.expect_response(re.compile(r"/thematic/numbers\.json")):
        page.get_by_label("除以（分母）").select_option("area")
    expect(page.locator("#thematic-result h2")).to_contain_text("÷ 面积")
    assert "denominator=area" in page.url
    with page.expect_response(re.compile(r"/thematic/numbers\.json")):
        page.get_by_label("图层").select_option("villages")
    expect(page.locator("#thematic-result h2")).to_have_text("行政村数")
    assert "is_problem" not in page.url
    page.go_back()
    expect(page.locator("#thematic-result h2")).to_contain_text("÷ 面积")


def test_the_table_leads_to_the_map_by_keyboard(desktop: Watched) -> None:
    """Focusing an area tells its value; Enter goes there and marks its row."""
    drawn(desktop, TOILETS)
    page = desktop.page
    page.get_by_role("button", name="瑶里").focus()
    expect(page.locator("#thematic-hover")).to_contain_text("瑶里")
    expect(page.locator("#thematic-hover")).to_contain_text("%")
    page.keyboard.press("Enter")
    expect(page.locator("tr.thematic__chosen")).to_contain_text("瑶里")
    page.get_by_role("link", name="查看点位").click()
    expect(page).to_have_url(re.compile(r"/locations/sanitation_facilities\?.*township=360222105"))


def test_the_slider_moves_map_and_address(desktop: Watched) -> None:
    """A year chosen by keyboard recolours, and the table and the address follow."""
    drawn(desktop, ASSETS)
    page = desktop.page
    slider = page.get_by_label("截至年份")
    last = int(slider.input_value())
    slider.focus()
    with page.expect_response(re.compile(r"/thematic/numbers\.json")):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("#thematic-year-now")).to_have_text(f"{last - 1} 年")
    expect(page.locator("#thematic-result h2")).to_contain_text(f"截至 {last - 1} 年")
    assert f"until={last - 1}" in page.url


def test_two_maps_move_together(desktop: Watched) -> None:
    """Side by side there are two maps on one view."""
    drawn(desktop, TOILETS + "&compare=beside&b.layer=villages")
    canvases = desktop.page.locator(".thematic__canvas")
    expect(canvases).to_have_count(2)
    bars = desktop.page.locator(".ol-scale-line-inner")
    before = bars.all_inner_texts()
    assert before[0] == before[1]
    desktop.page.locator(".ol-zoom-in").first.click()
    desktop.page.wait_for_timeout(800)
    after = bars.all_inner_texts()
    assert after[0] == after[1]
    assert after != before


def test_the_swipe_shows_one_map_on_each_side(desktop: Watched) -> None:
    """Moved to an end, only the other map is seen."""
    drawn(desktop, TOILETS + "&compare=swipe&b.layer=villages&b.ramp=kiln")
    page = desktop.page
    canvas = page.locator(".thematic__canvas canvas").first
    slider = page.get_by_label("卷帘")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(300)
    left = canvas.screenshot()
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    assert canvas.screenshot() != left


def test_a_sheet_is_printed_and_the_button_rests_meanwhile(desktop: Watched) -> None:
    """The file comes as a download; the page says how it goes."""
    drawn(desktop, TOILETS)
    page = desktop.page
    page.get_by_label("图名").fill("问题厕所分布图")
    button = page.get_by_role("button", name="打印图幅")
    with page.expect_download() as waiting:
        button.click()
        expect(button).to_be_disabled()
    assert waiting.value.suggested_filename.endswith(".pdf")
    expect(page.locator("#thematic-printing")).to_have_text("已生成。")
    expect(button).to_be_enabled()


def test_a_view_is_saved_and_opened(desktop: Watched) -> None:
    """From the map to the list and back to the same address."""
    drawn(desktop, TOILETS)
    page = desktop.page
    page.get_by_text("保存与共享").click()
    page.get_by_label("名称").fill("问题厕所占比")
    page.get_by_role("button", name="保存专题图").click()
    expect(page).to_have_url(re.compile(r"/thematic/views$"))
    assert grave_faults(desktop) == []
    page.get_by_role("link", name="问题厕所占比", exact=True).click()
    expect(page).to_have_url(re.compile(re.escape(TOILETS) + "$"))


def test_a_phone_shows_the_map_first(phone: Watched) -> None:
    """No sideways scrolling; the map comes before the form."""
    drawn(phone, TOILETS)
    page = phone.page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    places = page.evaluate(
        "['.thematic__map', '.thematic__form'].map("
        "name => document.querySelector(name).getBoundingClientRect().top)"
    )
    assert places[0] < places[1]
    assert grave_faults(phone) == []
