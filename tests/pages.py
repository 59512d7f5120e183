"""Reading generated pages as a browser's parser would, and opening them in a browser."""

from __future__ import annotations

import base64
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

# Names of XML vocabularies: constants that no program ever fetches.
VOCABULARIES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
_ADDRESS = re.compile(r"""(?:[a-z][a-z0-9+.-]*:)?//[\w\[][^\s"'<>()\\]*""", re.IGNORECASE)
_LOADING = {"src", "href", "srcset", "action", "data", "poster", "formaction", "background"}


class Reader(HTMLParser):
    """Elements of a page: tags with attributes, contents of scripts and styles, plain text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag == "style":
            self.styles.append("")
        self._inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self._inside == "style":
            self.styles[-1] += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All text outside scripts and styles."""
        return "".join(self.words)

    @property
    def running_scripts(self) -> list[str]:
        """Scripts that a browser would run, not those that hold data."""
        return [
            content for attrs, content in self.scripts if "json" not in (attrs.get("type") or "")
        ]

    def data(self, name: str = "map-data") -> Any:
        """Values of a data script."""
        return next(
            json.loads(content) for attrs, content in self.scripts if attrs.get("id") == name
        )


def outside_addresses(html: str) -> set[str]:
    """Addresses anywhere in a page: in markup, styles, scripts and data, comments included."""
    # Base64 is a font or a picture; its letters may spell anything.
    visible = re.sub(r"base64,[A-Za-z0-9+/=]+", "base64,", html)
    found = {match.group().rstrip(".,;") for match in _ADDRESS.finditer(visible)}
    return {address for address in found if "://" in address or _loads(visible, address)} - (
        VOCABULARIES
    )


def _loads(html: str, address: str) -> bool:
    """Tell whether an address without a scheme is loaded; elsewhere ``//`` opens a comment."""
    return bool(re.search(rf"""(?:["'(]\s*|=){re.escape(address)}""", html))


def loaded(html: str) -> list[str]:
    """Values of attributes that make a browser load something, data and fragments apart."""
    return [
        value
        for _, attrs in Reader(html).tags
        for name, value in attrs.items()
        if name.lower().split(":")[-1] in _LOADING
        and value
        and not value.startswith(("#", "data:"))
    ]


class Browser:
    """A headless Chromium with the network off.

    `errors` and `requests` tell what went wrong and what was asked for since the last `open`.
    """

    def __init__(self, driver: Any, folder: Path) -> None:
        self.driver, self._folder = driver, folder

    def open(self, html: str, *, width: int = 1280, height: int = 900) -> None:
        """Open a page from a file, at a size of the window."""
        self.size(width, height)
        self.errors(), self.requests()
        path = self._folder / "page.html"
        path.write_text(html, encoding="utf-8")
        self.driver.get(path.as_uri())
        self.run("return document.fonts.ready.then(() => 1)")

    def size(self, width: int, height: int) -> None:
        """Set the size of the window."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )

    def run(self, script: str) -> Any:
        """Run a script in the page and return its value."""
        return self.driver.execute_script(script)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def command(self, name: str, options: dict[str, Any]) -> Any:
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, options)

    def errors(self) -> list[str]:
        """Return messages of the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return addresses that were asked for, besides the page itself, since the last call."""
        asked = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        own = ("data:", "chrome:", self._folder.as_uri())
        return [address for address in asked if not address.startswith(own)]

    def picture(self) -> bytes:
        """Return a PNG of the window."""
        shot = self.command("Page.captureScreenshot", {"format": "png"})
        return base64.b64decode(shot["data"])

    def printed(self) -> bytes:
        """Return the page as a PDF."""
        paper = {"printBackground": True, "preferCSSPageSize": True}
        return base64.b64decode(self.command("Page.printToPDF", paper)["data"])


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium; skips the test where there is none."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("needs chromium and chromedriver on the path")
    from selenium import webdriver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={folder}/profile",
        ):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
        try:
            driver.execute_cdp_cmd("Network.enable", {})
            offline = {
                "offline": True,
                "latency": 0,
                "downloadThroughput": 0,
                "uploadThroughput": 0,
            }
            driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
            driver.get("about:blank")
            yield Browser(driver, Path(folder))
        finally:
            driver.quit()
