"""What a person would see at a glance: text cut, covered or outside, parts that are empty, targets too small."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import Screen

LOOK = """() => {
  const found = [];
  const say = (what, element) => found.push(`${what}: ${(element.id || element.className || element.tagName)} "${
    element.textContent.trim().slice(0, 40)}"`);
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`the page is ${wide} px wide`);
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !element.closest('.visually-hidden, .skip, [hidden], .map-stage, .js-plotly-plot');

  // what an element shows after all that cut it off
  const clipped = (element) => {
    const own = element.getBoundingClientRect();
    let [left, top, right, bottom] = [own.left, own.top, own.right, own.bottom];
    for (let at = element.parentElement; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
      const box = at.getBoundingClientRect();
      [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
      [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
    }
    return { left, top, right, bottom, is: right - left > 1 && bottom - top > 1 };
  };
  const texts = [...document.querySelectorAll(':is(.leader, .status) *')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) && seen(element));

  const boxes = [];
  for (const element of texts) {
    const style = getComputedStyle(element);
    const hides = style.overflowX !== 'visible' && style.display !== 'inline';
    const minor = element.closest('.note, .before'); // beside a figure: the sentence for screen readers has it whole
    const over = element.scrollWidth > element.clientWidth + 2 || element.scrollHeight > element.clientHeight + 3;
    if (hides && !minor && over) {
      say('cut', element);
    }
    const box = clipped(element);
    if (!box.is) continue;
    if (box.right > innerWidth + 1 || box.left < -1) say('outside', element);
    const fixed = element.closest('.tabs') && getComputedStyle(element.closest('.tabs')).position === 'fixed';
    if (!fixed) boxes.push([element, box]);
  }
  for (let a = 0; a < boxes.length; a += 1) {
    for (let b = a + 1; b < boxes.length; b += 1) {
      const [one, p] = boxes[a];
      const [other, q] = boxes[b];
      if (one.contains(other) || other.contains(one)) continue;
      if (one.closest('.flow-box') && other.closest('.flow-box')) continue; // names of lines keep apart by themselves
      const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (x > 3 && y > 4) say(`covered by "${other.textContent.trim().slice(0, 30)}"`, one);
    }
  }
  for (const panel of document.querySelectorAll(':is(.leader, .status) .panel')) {
    const error = panel.querySelector('.panel-error');
    if (error && error.textContent) say('broken', panel);
    if (seen(panel) && !panel.textContent.trim()) say('empty', panel);
  }
  for (const target of document.querySelectorAll('.leader a, .leader button')) {
    if (!seen(target) || target.closest('.map')) continue;
    target.scrollIntoView({ block: 'center', behavior: 'instant' });
    const box = target.getBoundingClientRect();
    if (!box.width) continue;
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const miss = [[0, -21], [0, 21], [-21, 0], [21, 0]].map(([dx, dy]) => document.elementFromPoint(x + dx, y + dy))
      .find((hit) => hit !== null && target !== hit && !target.contains(hit));
    const under = miss && (miss.id || miss.className || miss.tagName);
    if (miss) say(`less than 44 px, ${Math.round(x)} ${Math.round(y)}, under ${under}`, target);
  }
  scrollTo({ top: 0, behavior: 'instant' });
  return found;
}"""


def faults(screen: Screen) -> list[str]:
    """Everything of a tablet's page or of `/status` that is cut, covered, outside, empty or broken; of a tablet also
    what is too small for a finger."""
    found: Any = screen.tab.evaluate(LOOK)
    return [str(fault) for fault in found]
