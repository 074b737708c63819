// What does not fit on a wall: text outside its panel, cut, or on other text; labels on labels; empty or broken
// panels; panels on panels. Evaluated in the page; gives a sentence for each fault.
() => {
  const shown = e => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden' && !e.closest('.visually-hidden');
  const leaves = [...document.querySelectorAll('main *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && shown(e) && !e.closest('svg'));
  const found = [];
  const say = (what, e) => found.push(`${what} ${e.closest('[data-panel]')?.dataset.panel} .${e.className}: ${e.textContent.trim().slice(0, 40)}`);
  const ends = new Set(['place', 'severity']);  // may end in an ellipsis: long places
  const within = new Map();
  const pads = e => ['paddingLeft', 'paddingRight'].reduce((sum, side) => sum + parseFloat(getComputedStyle(e)[side]), 0);
  // what is left of a box after all that cut it off on its way up to its panel
  const clipped = (e, panel, box) => {
    let {left, right, top, bottom} = box;
    for (let at = e; at && at !== panel.parentElement; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.display === 'inline' || style.overflowX === 'visible' && style.overflowY === 'visible') continue;
      const own = at.getBoundingClientRect();
      [left, right, top, bottom] = [Math.max(left, own.left), Math.min(right, own.right), Math.max(top, own.top), Math.min(bottom, own.bottom)];
    }
    return {left, right, top, bottom, none: right - left < 2 || bottom - top < 2};
  };
  for (const e of leaves) {
    const panel = e.closest('[data-panel]');
    if (!panel) continue;
    const range = document.createRange();
    range.selectNodeContents(e);
    const box = range.getBoundingClientRect(), room = panel.getBoundingClientRect();
    const line = e.closest('.heading, .feed') && (e.matches('.note') || e.matches('.age'));  // parts without room go to a line unseen
    const long = panel.dataset.fresh !== 'live' || e.dataset.fresh === 'behind';  // an age of more words, or a tag of doubt, may take the room
    if (line && long && e.scrollHeight > e.clientHeight + 3) continue;
    if (line && e.scrollHeight > e.clientHeight + 3) say('left out', e);
    if (!box.width || box.left >= room.right - 1 || box.top >= room.bottom - 1) continue;  // a row that did not fit
    const tabs = e.closest('.wall-tabs');
    if (tabs && box.top >= tabs.getBoundingClientRect().bottom - 4) continue;  // a tab that gave way to a notice
    const ellipsis = getComputedStyle(e).textOverflow === 'ellipsis' && ([...e.classList].some(c => ends.has(c)) || e.closest('.ticker'));
    const own = e.getBoundingClientRect();
    const rect = line ? own : box;
    const side = ellipsis ? own : rect, half = 0.37 * parseFloat(getComputedStyle(e).fontSize);
    const lines = rect.height > 3.2 * half * 1.9 ? [rect.top + half * 0.5, rect.bottom - half * 0.5] : [(rect.top + rect.bottom) / 2 - half, (rect.top + rect.bottom) / 2 + half];
    if (getComputedStyle(e).textOverflow === 'ellipsis' && !ellipsis && !line && box.width > own.width - pads(e) + 0.3) say('ends in dots', e);
    const wide = {left: side.left, right: side.right, top: lines[0], bottom: lines[1]};  // what capitals reach
    const left = clipped(e, panel, wide);
    if (left.none) continue;  // a row or a part that has no room and is not seen at all
    if (!line && (wide.right - left.right > 2 || left.left - wide.left > 2 || wide.bottom - left.bottom > 2 || left.top - wide.top > 2)) say('cut off', e);
    if (wide.right > room.right + 2 || wide.bottom > room.bottom + 2 || wide.left < room.left - 2 || wide.top < room.top - 2) say('outside', e);
    if (e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflowX !== 'visible' && !ellipsis) say('cut', e);
    for (const bar of e.parentElement.querySelectorAll(':scope > :is(.bar, .error-bar, .load, .parts-bar, .i)')) {
      const other = bar.getBoundingClientRect();
      if (other.width && Math.min(box.right, other.right) - Math.max(box.left, other.left) > 3
        && Math.min(wide.bottom, other.bottom) - Math.max(wide.top, other.top) > 3) say(`over its ${bar.className}`, e);
    }
    if (!e.closest('.map-label') && !e.closest('.connection')) {
      if (!within.has(panel)) within.set(panel, []);
      within.get(panel).push([e, {left: wide.left, right: Math.min(wide.right, own.right + 1), top: wide.top, bottom: wide.bottom}]);
    }
  }
  for (const own of within.values()) for (let a = 0; a < own.length; a++) for (let b = a + 1; b < own.length; b++) {
    const [e, one] = own[a], [f, two] = own[b];
    if (e.contains(f) || f.contains(e)) continue;
    const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
    const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
    const line = Math.min(one.bottom - one.top, two.bottom - two.top);
    if (wide > 3 && high > line * 0.3) say(`over ${f.textContent.trim().slice(0, 20)}:`, e);
  }
  const labels = [...document.querySelectorAll('.map-label')].filter(shown).map(e => e.getBoundingClientRect());
  for (let a = 0; a < labels.length; a++) for (let b = a + 1; b < labels.length; b++) {
    const [one, two] = [labels[a], labels[b]];
    const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
    const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
    if (wide > 4 && high > 4 && labels[a].left > 0) {
      const same = document.querySelectorAll('.map-label')[a];
      if (wide * high > 0.12 * one.width * one.height) found.push(`label over label ${Math.round(wide)}x${Math.round(high)} ${same.textContent}`);
    }
  }
  for (const row of document.querySelectorAll('.bars > li:not(.hidden)')) {  // a list counts what it does not show
    const own = row.getBoundingClientRect(), list = row.parentElement.getBoundingClientRect();
    if (own.width && (own.left > list.right - 2 || own.bottom > list.bottom + 3)) say('a row without room', row);
  }
  for (const panel of document.querySelectorAll('[data-panel]')) {
    if (!shown(panel)) continue;
    if (panel.innerText.trim().length < 3) found.push(`empty ${panel.dataset.panel}`);
    for (const part of panel.querySelectorAll('.panel-error')) if (part.textContent) found.push(`broken ${panel.dataset.panel}: ${part.textContent}`);
  }
  const tiles = [...document.querySelectorAll('[data-panel]')].filter(shown).map(e => [e.dataset.panel, e.getBoundingClientRect()]);
  for (let a = 0; a < tiles.length; a++) for (let b = a + 1; b < tiles.length; b++) {
    const [[one, r], [two, s]] = [tiles[a], tiles[b]];
    if (Math.min(r.right, s.right) - Math.max(r.left, s.left) > 1 && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 1)
      found.push(`${one} over ${two}`);
  }
  return found;
}
