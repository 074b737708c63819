"""When something first showed, by the page's own clock: how busy the machine is that asks does not count."""

from __future__ import annotations

from playwright.sync_api import Page

NOTE = """() => {
  const seen = new MutationObserver(look);
  window.noted = null;
  function look() {
    if (!(CONDITION)) return;
    seen.disconnect();
    window.noted = { at: Date.now(), text: document.body.innerText };
  }
  seen.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  look();
}"""


def note(tab: Page, condition: str) -> None:
    """From now on the page waits for a condition by itself, with each change of its elements."""
    tab.evaluate(NOTE.replace("CONDITION", condition))


def noted(tab: Page, patience_ms: float = 60_000) -> tuple[float, str]:
    """Waits for it; when it came, in seconds since 1970, and the words of the page at that moment."""
    tab.wait_for_function("() => window.noted", timeout=patience_ms)
    found = tab.evaluate("() => window.noted")
    return found["at"] / 1000, str(found["text"])
