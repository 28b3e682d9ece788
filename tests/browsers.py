"""Pages of HTML → their tags, and the same pages in a real headless Chromium, for tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from parts import part

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BAD = '</script></style></title><script>hacked=1</script>"\'><img src=x onerror=hacked=1> {{ 7*7 }} <!-- \u202e\u0007'
SIZES = {'phone': (360, 740), 'tablet': (820, 1180), 'desk': (1440, 900)}


class Tree(HTMLParser):
    """The tags of a page, which must be balanced, with their attributes; and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.open = '', list[str]()
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in ('meta', 'link', 'input'):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {'script', 'style'} & {*self.open}:
            self.text += data

    def values(self, name: str) -> list[str]:
        return [attributes[name] or '' for _, attributes in self.tags if name in attributes]

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        """The tags with the names of their attributes."""
        return [(tag, [*attributes]) for tag, attributes in self.tags if tag != 'mark']


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    names = ('chromium', 'chromium-browser', 'google-chrome')
    chromium = part('Chromium', next(filter(None, map(shutil.which, names)), None), 'install chromium')
    from playwright.sync_api import sync_playwright  # takes long: other tests do not need it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=['--no-sandbox', '--disable-gpu'])
        yield browser
        browser.close()


class Opened:
    """A page in the browser; nothing that it asks for or complains about is missed."""

    def __init__(self, browser: Browser, folder: Path, page: str, size: str = 'desk', **options: Any) -> None:
        self.file, self.width = folder / 'page.html', SIZES[size][0]
        self.file.write_text(page, encoding='utf-8')
        self.context = browser.new_context(viewport={'width': self.width, 'height': SIZES[size][1]}, **options)
        self.tab: Page = self.context.new_page()
        self.asked: list[str] = []
        self.said: list[str] = []
        self.tab.on('request', lambda request: self.asked.append(request.url))
        self.tab.on('console', lambda message: self.said.append(message.text))
        self.tab.on('pageerror', lambda error: self.said.append(str(error)))
        self.tab.on('dialog', lambda dialog: self.said.append(dialog.message))
        self.tab.goto(self.file.as_uri())

    def shown(self) -> str:
        return self.tab.inner_text('#shown')

    def check(self) -> None:
        """Check that it is accessible, and fits."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.tab).response['violations']
        told = [(each['id'], each['impact'], each['nodes'][0]['html']) for each in found]
        assert not told, told
        assert self.tab.evaluate('document.documentElement.scrollWidth') <= self.width, 'nothing sticks out'

    def chosen(self, field: str, value: str) -> str:
        """What the page says of itself once a filter has a value; then the filter is empty again."""
        set_ = """([id, value]) => {
          const field = document.getElementById(id);
          field.value = value;
          field.dispatchEvent(new Event('input', { bubbles: true }));
        }"""
        self.tab.evaluate(set_, [field, value])
        shown = self.shown()
        self.tab.evaluate(set_, [field, ''])
        return shown

    def close(self) -> None:
        self.context.close()
        strange = [url for url in self.asked if not url.startswith((self.file.as_uri(), 'data:'))]
        assert not strange, strange
        assert not self.said, self.said
