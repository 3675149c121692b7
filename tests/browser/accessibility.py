"""Check a page with axe-core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.server import REPOSITORY
from tests.tools import without

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = REPOSITORY / "node_modules/axe-core/axe.min.js"

_RUN = """async ([include, impacts]) => {
  const { violations } = await window.axe.run({ include }, { resultTypes: ["violations"] });
  return violations.filter(({ impact }) => impacts.includes(impact)).flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}"""


def findings(
    page: Page, *within: str, impacts: tuple[str, ...] = ("serious", "critical")
) -> list[str]:
    """Return what axe-core finds in the elements that match these selectors.

    Args:
        page: The page.
        within: CSS selectors; each must match something.
        impacts: The impacts that count.
    """
    if not AXE.exists():
        without("axe-core (npm ci)", consequence="no page was checked for accessibility")
    page.evaluate(AXE.read_text())
    return list(page.evaluate(_RUN, [[[one] for one in within], list(impacts)]))
