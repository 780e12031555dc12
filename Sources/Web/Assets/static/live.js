// Keeps the page true: hears of changes, fetches the page again, and swaps the parts that changed.
// A part says in data-live what it shows: "case task", or one thing only: "case:12 task"; with data-every the page is
// fetched again after so many seconds in any case.

import { restoreDrafts } from './drafts.js';

const quiet = 40_000;
let lastHeard = Date.now();
let isLive = false;
let isDirty = false;
let refreshing = false;
let timer = 0;

function show() {
  const fresh = isLive && Date.now() - lastHeard < quiet;
  const light = document.getElementById('live');
  light.classList.toggle('on', fresh);
  document.getElementById('live-text').textContent = fresh ? document.body.dataset.liveOn : document.body.dataset.liveOff;
  // A page that has just been opened is given a moment to connect.
  document.getElementById('stale').hidden = fresh || performance.now() < 6000;
}

/** Says above the page what happened meanwhile, with a button that shows it; what was written stays. */
export function notice(text) {
  const bar = document.getElementById('notice');
  bar.querySelector('span').textContent = text;
  bar.hidden = false;
}

function concerns(change) {
  return [...document.querySelectorAll('[data-live]')].some((part) =>
    part.dataset.live.split(' ').some((word) => word === change.kind || word === `${change.kind}:${change.id}`));
}

/** True while the person writes or has opened something in this part: it must not be pulled away. */
function isInUse(part) {
  const active = document.activeElement;
  if (part.contains(active) && /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName)) return true;
  if (part.querySelector('details[open], [aria-busy="true"], #chosen figure')) return true;
  const isChosen = (list) => [...list.options].some((option) => option.selected !== option.defaultSelected);
  if ([...part.querySelectorAll('select')].some(isChosen)) return true;
  return [...part.querySelectorAll('textarea, input[type="text"], input[type="search"]')].some((field) => field.value !== field.defaultValue);
}

async function refresh() {
  if (refreshing || document.hidden) { isDirty = true; return; }
  refreshing = true;
  isDirty = false;
  try {
    const response = await fetch(location.href, { headers: { 'X-Gridwatch-Live': '1', Accept: 'text/html' }, cache: 'no-store' });
    if (response.redirected) return location.reload();
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    // Somebody else has logged in beside this page: nothing of the one may be sent as the other.
    if (page.body.dataset.account !== document.body.dataset.account) return location.reload();
    for (const part of document.querySelectorAll('[data-live][id]')) {
      const next = page.getElementById(part.id);
      if (!next || next.innerHTML === part.innerHTML) continue;
      if (isInUse(part)) {
        isDirty = true;
        // The rest of a page may change under somebody who writes; what he acts upon may not, without a word.
        if (next.dataset.version !== part.dataset.version) notice(next.dataset.act || document.body.dataset.changed);
        continue;
      }
      // The little map is costly and does not change; the report has listeners of its own.
      const kept = ['.snippet', '#report'].map((what) => [what, part.querySelector(what)]);
      part.replaceChildren(...next.childNodes);
      Object.assign(part.dataset, next.dataset);
      for (const [what, node] of kept) if (node) part.querySelector(what)?.replaceWith(node);
    }
    restoreDrafts();
    document.dispatchEvent(new CustomEvent('gridwatch-refreshed'));
    const time = page.getElementById('asof');
    if (time) document.getElementById('asof').textContent = time.textContent;
  } catch {
    isDirty = true;
  } finally {
    refreshing = false;
  }
}

/** At most one refresh in two seconds, however much changes. */
function refreshSoon() {
  if (timer) return;
  timer = setTimeout(() => { timer = 0; refresh(); }, 1200 + Math.random() * 800);
}

/** Opens the stream and keeps it open. */
export function startLive() {
  const source = new EventSource('/api/v1/events');
  source.addEventListener('beat', (event) => {
    lastHeard = Date.now();
    isLive = JSON.parse(event.data).live;
    show();
    if (isDirty) refreshSoon();
  });
  source.addEventListener('change', (event) => {
    lastHeard = Date.now();
    const changes = JSON.parse(event.data);
    document.dispatchEvent(new CustomEvent('gridwatch-change', { detail: changes }));
    if (changes.some(concerns)) refreshSoon();
  });
  source.addEventListener('reload', () => {
    lastHeard = Date.now();
    document.dispatchEvent(new CustomEvent('gridwatch-change', { detail: [] }));
    if (document.querySelector('[data-live]')) refreshSoon();
  });
  source.addEventListener('error', () => { isLive = false; show(); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && isDirty) refreshSoon(); });
  setInterval(show, 3000);
  // Some of what a page tells grows old without a change that anybody announces.
  const seconds = Number(document.querySelector('[data-every]')?.dataset.every);
  if (seconds) setInterval(() => { if (!document.hidden) refresh(); }, seconds * 1000);
}
