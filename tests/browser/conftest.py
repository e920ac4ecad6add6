"""A real headless Chromium, where there is one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from leakguard.report.html import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webelement import WebElement

    from leakguard.model import Result

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Browser:
    """One browser that is driven as a person would drive it."""

    driver: Any
    downloads: Path
    folder: Path
    made: int = 0

    def show(
        self, *results: Result, width: int = 1400, height: int = 900, dark: bool = False, show_secrets: bool = False
    ) -> None:
        """Write the page of `results` and open it from its file."""
        self.made += 1
        path = self.folder / f"page-{self.made}.html"
        path.write_bytes(render(results, show_secrets=show_secrets, colour=False))
        self.size(width, height)
        theme = _media("prefers-color-scheme", "dark" if dark else "light")
        self.cdp("Emulation.setEmulatedMedia", features=[theme, _media("prefers-reduced-motion", "reduce")])
        self.driver.get(path.as_uri())

    def size(self, width: int, height: int) -> None:
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def cdp(self, command: str, **parameters: object) -> Any:
        return self.driver.execute_cdp_cmd(command, parameters)

    def js(self, code: str, *arguments: object) -> Any:
        return self.driver.execute_script(code, *arguments)

    def find(self, selector: str) -> WebElement:
        found: WebElement = self.driver.find_element("css selector", selector)
        return found

    def all(self, selector: str) -> list[WebElement]:
        found: list[WebElement] = self.driver.find_elements("css selector", selector)
        return found

    def text(self, selector: str) -> str:
        """The text content, whether it is on the screen or not."""
        return str(self.js("return document.querySelector(arguments[0]).textContent", selector))

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def focused(self) -> str:
        """The text of what has the focus."""
        return str(self.js("return document.activeElement.textContent"))

    def choose(self, label: str, value: str) -> None:
        """Choose from the list with this label."""
        self.js(
            "const s=document.querySelector(`select[aria-label='${arguments[0]}']`);"
            "s.value=arguments[1]; s.dispatchEvent(new Event('change'))",
            label,
            value,
        )

    def until(self, claim: Callable[[], object]) -> None:
        """Wait for a claim to come true."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 10, poll_frequency=0.05).until(lambda _: claim())

    def until_opened_again(self, claim: Callable[[], object]) -> None:
        """Open the page once more until a claim comes true: what a page keeps, a busy browser writes a little later."""
        self.until(lambda: self.driver.refresh() or claim())

    def complaints(self) -> list[dict[str, Any]]:
        """What the console says since the last question."""
        found: list[dict[str, Any]] = self.driver.get_log("browser")
        return found


def _media(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


@pytest.fixture(scope="session")
def _session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed (pip install .[test])")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("there is no chromium with its chromedriver here")
    downloads, profile = tmp_path_factory.mktemp("downloads"), tmp_path_factory.mktemp("profile")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Browser(started, downloads, tmp_path_factory.mktemp("pages"))
    finally:
        started.quit()


@pytest.fixture
def browser(_session: Browser) -> Iterator[Browser]:
    """The browser, without anything that another test left in it. A test that leaves an error in the console fails."""
    for old in _session.downloads.iterdir():
        old.unlink()
    _session.complaints()
    yield _session
    assert _session.complaints() == []
    _session.js("try { localStorage.clear() } catch (problem) {}")
