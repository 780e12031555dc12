// Says what truly happens in a recording: marks events on the timeline and saves them as its labels.
import { call } from './api.js';

const at = (id) => document.getElementById(id);
const round = (seconds) => Math.round(seconds * 100) / 100;

/** Takes over the buttons; the functions tell what is shown and chosen now, `saved` is called when labels were written. */
export function startLabels({ words, attempt, say, clip, rules, chosen, seconds, report, saved }) {
  /** Events by rule; null until somebody marks one. */
  let marked = null;
  let begin = null;

  const rule = () => rules()[chosen()] ?? rules()[0];

  /** What the clip's own labels say, to go on from. */
  function known() {
    const events = {};
    for (const side of report()?.sides ?? []) {
      for (const one of side.rules) if (one.truth) events[one.id] = structuredClone(one.truth.events);
    }
    return events;
  }

  function tell() {
    const list = rule() ? marked?.[rule().id] ?? known()[rule().id] ?? [] : [];
    const parts = list.map(([from, to]) => `${from.toFixed(1)}–${to.toFixed(1)} s`);
    if (begin !== null) parts.push(`${begin.toFixed(1)} s …`);
    at('label-says').textContent = rule() ? `${rule().name || rule().id}: ${parts.join(', ') || words('tw_no_events')}` : '';
    at('label-save').disabled = marked === null;
  }

  function events() {
    marked ??= known();
    return marked[rule().id] ??= [];
  }

  at('label-begin').addEventListener('click', () => {
    if (!rule()) return say(words('tw_mask_needs_rule'));
    begin = round(seconds());
    events();
    return tell();
  });
  at('label-end').addEventListener('click', () => {
    if (begin === null || round(seconds()) <= begin) return say(words('tw_label_end'));
    // Events that touch are one.
    let span = [begin, round(seconds())];
    marked[rule().id] = events().filter(([from, to]) => {
      if (to < span[0] || from > span[1]) return true;
      span = [Math.min(from, span[0]), Math.max(to, span[1])];
      return false;
    });
    marked[rule().id].push(span);
    marked[rule().id].sort((a, b) => a[0] - b[0]);
    begin = null;
    return tell();
  });
  at('label-remove').addEventListener('click', () => {
    if (!rule()) return;
    const now = seconds();
    const kept = events().filter(([from, to]) => now < from || now > to);
    marked[rule().id] = kept;
    begin = null;
    tell();
  });
  at('label-save').addEventListener('click', () => attempt(async () => {
    const list = rules().map((one) => ({ ...one, events: marked[one.id] ?? [] }));
    await call('PUT', `/api/v1/tuner/footage/${clip().id}/labels`, { rules: list });
    say(words('tw_labels_saved'));
    await saved();
  }));

  /** Another clip, rule or report is shown. */
  function show(isOther) {
    if (isOther) {
      marked = null;
      begin = null;
    }
    at('label-tools').hidden = !clip()?.camera || !rules().length;
    tell();
  }

  return { show };
}
