"""The page in a real browser: search, filters, groups, keys, decisions, themes, phones, paper, and no way out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from leakguard.model import Advice
from leakguard.store.baseline import parse_baseline
from tests.browser.made import HOSTILE, finding, result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.conftest import Browser
    from tests.conftest import GitRepo, Ran

DOWN, UP, ENTER, ESCAPE, END, HOME, LEFT, RIGHT = (
    "\ue015",
    "\ue013",
    "\ue007",
    "\ue00c",
    "\ue010",
    "\ue011",
    "\ue012",
    "\ue014",
)

CONTRAST = """
const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
const light = (c) => { const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); };
const ground = (e) => {
  const chain = [];
  for (; e; e = e.parentElement) chain.unshift(parse(getComputedStyle(e).backgroundColor));
  return chain.reduce((under, top) => over(top, under), [255, 255, 255]); };
const poor = new Set();
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walk.nextNode(); node; node = walk.nextNode()) {
  const e = node.parentElement;
  if (!node.textContent.trim() || /SCRIPT|STYLE|TITLE|DESC|NOSCRIPT/i.test(e.tagName) || !e.checkVisibility()) continue;
  const style = getComputedStyle(e), back = ground(e);
  const fore = over(parse(e.closest("svg") ? style.fill : style.color), back);
  const [a, b] = [light(fore), light(back)].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  const name = `${e.tagName}.${e.className.baseVal ?? e.className}`;
  if (ratio < 4.5) poor.add(`${ratio.toFixed(2)} ${name}: ${node.textContent.trim().slice(0, 40)}`);
}
return [...poor];
"""

SMUGGLE = """
const attempt = (action) => { try { action(); return "done" } catch (problem) { return problem.name } };
const script = document.createElement("script");
return [attempt(() => { script.text = "window.pwned = 1"; document.body.append(script) }),
  attempt(() => { document.body.innerHTML = "<b>x</b>" })];
"""

UNNAMED = """
const named = (e) => e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.textContent.trim()
  || (e.labels && e.labels.length);
const wanted = "button, a, input, select, textarea, [role=grid], [role=region], "
  + "svg:not([aria-hidden=true]), dialog, section";
return [...document.querySelectorAll(wanted)].filter((e) => !named(e)).map((e) => e.outerHTML.slice(0, 120));
"""


def rows(browser: Browser) -> list[str]:
    """The rows that exist, from the top of the list."""
    found: list[str] = browser.js(
        "return [...document.querySelectorAll('#rows .row')].sort((a, b) => a.dataset.at - b.dataset.at)"
        ".map((row) => row.textContent)"
    )
    return found


def first_row(browser: Browser) -> None:
    """Put the focus into the list as a person at the keyboard does: search, then down."""
    browser.press("/")
    browser.press(DOWN)


def search(browser: Browser, words: str) -> None:
    field = browser.find("#search")
    field.clear()
    field.send_keys(words)


def saved(browser: Browser) -> bytes:
    browser.until(lambda: [path for path in browser.downloads.iterdir() if path.suffix == ".json"])
    return next(path for path in browser.downloads.iterdir() if path.suffix == ".json").read_bytes()


def test_search_finds_by_path_author_commit_and_kind_whatever_the_case(browser: Browser) -> None:
    browser.show(result(60))
    wanted = (
        ("settings_17.PY", 1),
        ("ada 17 module17", 1),
        ("0" * 38 + "11", 1),
        ("MADE-rule-3", 8),
        ("nothing-like-it", 0),
    )
    for words, count in wanted:
        search(browser, words)
        told = f"{count} of 60 findings"
        browser.until(lambda told=told: browser.text("#count") == told)
    assert browser.find("#empty").is_displayed()


@pytest.mark.parametrize(
    ("label", "value", "count"),
    [
        ("Severity", "=critical", 15),
        ("Provider", "=GitHub", 8),
        ("Still there", "=yes", 20),
        ("Pushed", "=no", 20),
        ("Confidence", "=proven", 24),
    ],
)
def test_each_filter_keeps_what_fits_and_can_be_cleared(browser: Browser, label: str, value: str, count: int) -> None:
    browser.show(result(60))
    browser.choose(label, value)
    assert browser.text("#count") == f"{count} of 60 findings"
    browser.find("#clear").click()
    assert browser.text("#count") == "60 findings"


def test_the_answers_of_the_summary_lead_to_what_they_count(browser: Browser) -> None:
    browser.show(result(60))
    browser.find("[data-shows='head=yes']").click()
    assert browser.text("#count") == "20 of 60 findings"
    assert "in HEAD" in browser.focused()


@pytest.mark.parametrize(
    ("chart", "label", "count"),
    [("severity", "critical", 6), ("provider", "GitHub", 3), ("domain", "example.org", 8), ("span", "1 to 6 days", 6)],
)
def test_every_bar_of_a_chart_leads_to_the_findings_that_it_counts(
    browser: Browser, chart: str, label: str, count: int
) -> None:
    browser.show(result(24))
    bar = browser.find(f".bars [data-shows='{chart}={label}']")
    assert bar.text.split("\n") == [label, str(count)]
    bar.click()
    assert browser.text("#count").startswith(f"{count} of 24 findings")


def test_a_filter_that_a_chart_set_is_shown_and_can_be_taken_off(browser: Browser) -> None:
    browser.show(result(24))
    assert not any(chip.is_displayed() for chip in browser.all(".chip"))
    browser.find("[data-shows='domain=example.org']").click()
    (chip,) = [chip for chip in browser.all(".chip") if chip.is_displayed()]
    assert chip.text == "Author's domain: example.org ✕"
    chip.click()
    assert browser.text("#count").startswith("24 findings")


def test_commands_in_the_guidance_stand_out_and_stay_text(browser: Browser) -> None:
    steps = Advice("pushed", ("Run `git gc <b>--prune=now</b>` and ` nothing else.",), "")
    browser.show(msgspec.structs.replace(result(0), findings=(finding(0, advice=steps),)))
    first_row(browser)
    browser.press(ENTER)
    assert browser.text("#panel .steps code") == "git gc <b>--prune=now</b>"
    assert browser.text("#panel .steps").endswith("and ` nothing else.")


def test_sorting_by_a_column_says_so_and_goes_both_ways(browser: Browser) -> None:
    browser.show(result(60))
    dates = (
        "return [...document.querySelectorAll('#rows .row')].sort((a, b) => a.dataset.at - b.dataset.at)"
        ".map((row) => row.querySelector('.since').textContent)"
    )
    button = "[data-sort=since]"
    browser.find(button).click()
    up = browser.js(dates)
    assert up == sorted(up)
    assert browser.find("[aria-sort]").get_attribute("aria-sort") == "ascending"
    browser.find(button).click()
    down = browser.js(dates)
    assert down == sorted(down, reverse=True)
    assert browser.find("[aria-sort]").get_attribute("aria-sort") == "descending"


def test_the_whole_table_can_be_used_from_the_keyboard(browser: Browser) -> None:
    browser.show(result(60))
    first_row(browser)
    top = browser.focused()
    browser.press(DOWN, "j", UP)
    assert browser.focused() != top
    browser.press(END)
    assert browser.js("return document.activeElement.getAttribute('aria-rowindex')") == "61"
    browser.press(HOME)
    assert browser.focused() == top
    browser.press(ENTER)
    assert browser.js("return document.activeElement.id") == "panel"
    assert "What to do" in browser.text("#panel")
    browser.press(ESCAPE)
    assert not browser.find("#panel").is_displayed()
    assert browser.focused() == top


def test_the_focus_can_be_seen(browser: Browser) -> None:
    browser.show(result(5))
    first_row(browser)
    style = browser.js("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]")
    assert style == ["solid", "2px"]


def test_groups_fold_and_unfold_by_keys_and_count_their_members(browser: Browser) -> None:
    browser.show(result(60))
    first_row(browser)
    browser.choose("Group", "severity")
    assert re.sub(r"\W+", " ", rows(browser)[0]).strip() == "critical 15"
    first_row(browser)
    browser.press(LEFT)
    assert browser.js("return document.activeElement.getAttribute('aria-expanded')") == "false"
    assert "high" in rows(browser)[1]
    browser.press(RIGHT)
    assert browser.js("return document.activeElement.getAttribute('aria-expanded')") == "true"


def test_details_show_excerpt_life_proof_and_guidance(browser: Browser) -> None:
    browser.show(result(6))
    first_row(browser)
    browser.press(ENTER)
    words = browser.text("#panel")
    for part in (
        "made****",
        "came in 2017-",
        "Rotate it first.",
        "the checksum is right",
        "Fingerprint",
        "src/module0/",
    ):
        assert part in words
    assert browser.find("#panel a").get_attribute("rel") == "noopener noreferrer"


def test_ticked_steps_are_still_ticked_after_the_page_is_opened_again(browser: Browser) -> None:
    browser.show(result(6))
    first_row(browser)
    browser.press(ENTER)
    browser.find("#panel .steps input").click()

    def ticked() -> list[bool]:
        first_row(browser)
        browser.press(ENTER)
        return [box.is_selected() for box in browser.all("#panel .steps input")]

    browser.until_opened_again(lambda: ticked() == [True, False])


def test_a_browser_that_keeps_nothing_still_works_and_says_so(browser: Browser) -> None:
    blocked = browser.cdp(
        "Page.addScriptToEvaluateOnNewDocument",
        source="Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'X') } })",
    )
    try:
        browser.show(result(6))
        first_row(browser)
        browser.press("d")
        assert "keeps nothing" in browser.text("#panel")
        browser.find("#panel .steps input").click()
        browser.find("#theme").click()
    finally:
        browser.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=blocked["identifier"])


def decide(browser: Browser, kind: str, reason: str) -> None:
    browser.js(
        "const s=document.querySelector('#panel .decide select'); s.value=arguments[0];"
        "document.querySelector('#panel .decide input').value=arguments[1]; s.form.requestSubmit()",
        kind,
        reason,
    )


def test_decisions_are_saved_as_a_baseline_that_the_program_reads(browser: Browser) -> None:
    browser.show(result(6, " <b>é</b>"))
    first_row(browser)
    browser.press("d")
    decide(browser, "test value", "used by <the> tests")
    browser.press(ESCAPE)
    browser.find("#save").click()
    baseline = parse_baseline(saved(browser), "saved")
    (entry,) = baseline.entries
    assert (entry.fingerprint, entry.rule) == ("0" * 32, "made-rule-0")
    assert entry.reason == "test value: used by <the> tests"
    assert entry.path == "src/module0/settings_0.py <b>é</b>"


def test_a_sweep_heeds_the_baseline_that_was_saved_on_its_page(
    browser: Browser, repo: GitRepo, leakguard: Callable[..., Ran], token: Callable[[str], str], tmp_path: Path
) -> None:
    repo.commit(a__py=f"KEY = '{token('one')}'\n", b__py=f"KEY = '{token('two')}'\n")
    page = tmp_path / "page.html"
    assert leakguard("sweep", repo.path, "--format", "html", "--output", page).status == 1
    browser.driver.get(page.as_uri())
    assert browser.text("#count") == "2 findings"
    first_row(browser)
    browser.press("d")
    decide(browser, "test value", "it opens nothing")
    browser.press(ESCAPE)
    browser.find("#save").click()
    (repo.path / ".leakguard-baseline.json").write_bytes(saved(browser))
    ran = leakguard("sweep", repo.path, "--format", "json")
    found = json.loads(ran.out)["results"][0]
    assert [item["places"][0]["path"] for item in found["findings"]] == ["b.py"]
    held = [(item["reason"], item["justification"]) for item in found["suppressed"]]
    assert held == [("allowed", "test value: it opens nothing")]


def test_a_decision_on_many_selected_findings_is_saved_for_each(browser: Browser) -> None:
    browser.show(result(12))
    first_row(browser)
    browser.press(" ", DOWN, " ", DOWN, " ")
    assert "3 selected" in browser.text("#bulk")
    browser.choose("Decision on the selected findings", "accepted risk")
    browser.js("document.querySelector('#bulk button').click()")
    browser.find("#save").click()
    assert len(parse_baseline(saved(browser), "saved").entries) == 3


def test_decisions_are_added_to_a_baseline_that_is_there(browser: Browser) -> None:
    old = browser.folder / "old.json"
    entry = {"fingerprint": "e" * 32, "rule": "a-rule", "reason": "old", "keyed": True}
    old.write_text(json.dumps({"schema": "leakguard-baseline/1", "check": "12345678", "entries": [entry]}))
    wrong = browser.folder / "wrong.json"
    wrong.write_text('{"schema": "other"}')
    browser.show(result(6))
    first_row(browser)
    browser.press("d")
    decide(browser, "rotated", "")
    browser.js("document.getElementById('file').hidden = false")
    browser.find("#file").send_keys(str(wrong))
    browser.until(lambda: "no leakguard baseline" in browser.text("#said"))
    browser.find("#file").send_keys(str(old))
    made = parse_baseline(saved(browser), "saved")
    assert [item.reason for item in made.entries] == ["old", "rotated"]
    assert (made.check, made.entries[0].keyed) == ("12345678", True)


def test_hostile_values_in_every_field_run_nothing_and_break_nothing(browser: Browser) -> None:
    browser.show(result(12, HOSTILE))
    first_row(browser)
    for _ in range(4):
        browser.press(ENTER, ESCAPE, DOWN)
    for group in ("provider", "file", "domain", "kind"):
        browser.choose("Group", group)
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.js("return window.pwned") is None
    assert browser.js("return document.querySelectorAll('img, b, iframe').length") == 0
    assert browser.js("return document.scripts.length") == 2
    shown = browser.js("return document.body.innerText")
    assert "<img src=x" in shown
    assert not re.search("[\x1b\u202e\u2066\u2028]", shown)


def test_no_request_leaves_the_page(browser: Browser) -> None:
    browser.cdp("Network.enable")
    browser.driver.get_log("performance")
    browser.show(result(30))
    first_row(browser)
    browser.press(ENTER)
    asked = [json.loads(entry["message"])["message"] for entry in browser.driver.get_log("performance")]
    addresses = [item["params"]["request"]["url"] for item in asked if item["method"] == "Network.requestWillBeSent"]
    assert addresses
    assert [address for address in addresses if not address.startswith(("file:", "data:"))] == []


def test_the_policy_stops_a_script_that_got_in_all_the_same(browser: Browser) -> None:
    browser.show(result(2))
    assert browser.js(SMUGGLE) == ["TypeError", "TypeError"]
    assert browser.js("return window.pwned") is None
    assert len(browser.complaints()) == 2


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1400, 360])
def test_every_text_has_enough_contrast(browser: Browser, dark: bool, width: int) -> None:
    browser.show(result(40, " x"), width=width, dark=dark)
    browser.js("for (const e of document.querySelectorAll('details')) e.open = true")
    browser.choose("Group", "severity")
    assert browser.js(CONTRAST) == []
    browser.choose("Group", "")
    first_row(browser)
    browser.press(" ", ENTER)
    assert browser.js(CONTRAST) == []


def test_the_switch_overrides_the_system_s_theme_and_is_remembered(browser: Browser) -> None:
    browser.show(result(2))
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.js(ground)
    browser.find("#theme").click()
    browser.find("#theme").click()
    assert browser.text("#theme") == "Theme: dark"
    assert browser.js(ground) != light
    browser.until_opened_again(lambda: browser.text("#theme") == "Theme: dark")


def test_every_control_has_a_name_and_the_page_has_its_landmarks(browser: Browser) -> None:
    browser.show(result(40))
    first_row(browser)
    browser.press(ENTER)
    assert browser.js(UNNAMED) == []
    for landmark in ("header", "nav[aria-label]", "main", "section[aria-label]", "footer", "[role=search]"):
        assert browser.all(landmark)
    assert len(browser.all("h1")) == 1
    assert browser.js("return document.documentElement.lang") == "en"


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_nothing_is_wider_than_the_screen(browser: Browser, width: int) -> None:
    long = msgspec.structs.replace(result(0), findings=(finding(1, "x" * 400), *result(20).findings))
    browser.show(long, width=width, height=780)
    first_row(browser)
    browser.press(ENTER)
    assert browser.js("return document.documentElement.scrollWidth") <= width
    if width == 360:
        box = browser.find("#panel").rect
        assert (box["x"], box["width"]) == (0, browser.js("return document.documentElement.clientWidth"))


def test_filters_of_a_phone_open_by_a_button(browser: Browser) -> None:
    browser.show(result(20), width=360, height=780)
    assert not browser.find("#filters").is_displayed()
    browser.find("#filters-toggle").click()
    assert browser.find("#filters").is_displayed()
    assert browser.find("#filters-toggle").get_attribute("aria-expanded") == "true"


def test_paper_gets_every_finding_that_fits_the_filters(browser: Browser) -> None:
    browser.show(result(60), dark=True)
    browser.choose("Severity", "=high")
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    try:
        assert len(browser.all(".printed")) == 15
        assert browser.find("#print").is_displayed()
        assert not browser.find("#app").is_displayed()
        assert browser.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert browser.js(CONTRAST) == []
    finally:
        browser.cdp("Emulation.setEmulatedMedia", media="")


@pytest.fixture(scope="module")
def many() -> Any:
    return result(20_000)


def test_20_000_findings_keep_few_rows_in_the_page_wherever_one_scrolls(browser: Browser, many: Any) -> None:
    browser.show(many)
    assert browser.text("#count") == "20,000 findings"
    assert len(browser.all("#rows .row")) < 80
    first_row(browser)
    browser.press(END)
    assert browser.js("return document.activeElement.getAttribute('aria-rowindex')") == "20001"
    assert len(browser.all("#rows .row")) < 80
    search(browser, "settings_19999")
    browser.until(lambda: browser.text("#count") == "1 of 20,000 findings")
