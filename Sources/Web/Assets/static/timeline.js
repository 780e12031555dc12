// Curves, alerts and truth of a trial over time, one band for each rule.
import { element } from './dom.js';

const width = 1200, curve = 84, band = 12;
/** Where the curve ends at the top, in multiples of the threshold. */
const most = 3;

/** The root shows what stays far below the threshold, too. */
const level = (strength) => curve - Math.sqrt(Math.min(strength, most) / most) * (curve - 4);

function path(values) {
  const step = width / values.length;
  return values.map((value, index) => `${index ? 'L' : 'M'}${(index * step).toFixed(1)} ${level(value).toFixed(1)}`).join('');
}

function spans(list, seconds, y, kind, title) {
  return list.map(([start, end]) => element('rect', {
    x: start / seconds * width, y, width: Math.max(3, (end - start) / seconds * width), height: band - 2, class: kind,
  }, element('title', {}, `${title} ${start.toFixed(1)}–${end.toFixed(1)} s`)));
}

function overlaps(a, list) {
  return list.some((b) => a[0] === b[0] && a[1] === b[1]);
}

function alerts(rule, seconds, y, kind, title) {
  const wrong = rule.truth?.false_alerts ?? [];
  return rule.alerts.flatMap((span) =>
    spans([span], seconds, y, overlaps(span, wrong) ? `${kind} wrong` : kind, title));
}

/** One rule: its curves, its threshold, then truth, live and draft, one below the other. */
function row(report, id, words, seek) {
  const [live, draft] = report.sides.length > 1
    ? report.sides.map((side) => side.rules.find((rule) => rule.id === id))
    : [undefined, report.sides[0].rules.find((rule) => rule.id === id)];
  const truth = draft?.truth ?? live?.truth;
  const parts = [element('line', { x1: 0, x2: width, y1: level(1), y2: level(1), class: 'threshold' })];
  if (live) parts.push(element('path', { d: path(live.strength), class: 'curve live' }));
  if (draft) parts.push(element('path', { d: path(draft.strength), class: 'curve draft' }));
  let y = curve + 4;
  if (truth) {
    parts.push(...spans(truth.ignored, report.seconds, y, 'ignored', words('tw_ignored')));
    parts.push(...truth.events.flatMap((event) => spans([event], report.seconds, y,
      draft && overlaps(event, draft.truth.missed) ? 'truth missed' : 'truth', words('tw_event'))));
  }
  y += band;
  if (live) parts.push(...alerts(live, report.seconds, y, 'alert live', words('tw_live_alert')));
  y += band;
  if (draft) parts.push(...alerts(draft, report.seconds, y, 'alert draft', words('tw_draft_alert')));
  y += band;
  parts.push(element('line', { y1: 0, y2: y, class: 'now' }));
  const svg = element('svg', { viewBox: `0 0 ${width} ${y}`, class: 'band', 'data-rule': id, preserveAspectRatio: 'none' }, ...parts);
  svg.addEventListener('pointerdown', (event) => {
    const frame = svg.getBoundingClientRect();
    seek((event.clientX - frame.left) / frame.width * report.seconds);
  });
  return svg;
}

function summary(rule, words) {
  if (!rule) return '—';
  const count = `${words('tw_alerts')} ${rule.alerts.length}`;
  if (!rule.truth) return count;
  return `${count} · ${words('tw_missed')} ${rule.truth.missed.length}/${rule.truth.events.length} · ${words('tw_false')} ${rule.truth.false_alerts.length}`;
}

/** Shows a report; `name` tells a rule's name, `seek` is called with the seconds that were clicked. */
export function drawTimeline(place, report, { words, name, seek }) {
  const ids = [...new Set(report.sides.flatMap((side) => side.rules.map((rule) => rule.id)))];
  place.replaceChildren(...ids.map((id) => {
    const block = document.createElement('div');
    block.className = 'rule-band';
    const head = document.createElement('p');
    head.className = 'small';
    const title = document.createElement('b');
    title.textContent = name(id);
    const sides = report.sides.map((side) => summary(side.rules.find((rule) => rule.id === id), words));
    const figures = sides.length > 1
      ? ` ${words('tw_live')}: ${sides[0]} → ${words('tw_draft')}: ${sides[1]}` : ` ${sides[0]}`;
    head.append(title, figures);
    block.append(head, row(report, id, words, seek));
    return block;
  }));
}

/** Marks a moment, and tells what decided about each rule then. */
export function markTime(place, report, seconds, { words, name }) {
  for (const line of place.querySelectorAll('.now')) {
    line.setAttribute('x1', seconds / report.seconds * width);
    line.setAttribute('x2', seconds / report.seconds * width);
  }
  const side = report.sides[report.sides.length - 1];
  return side.rules.map((rule) => {
    const point = Math.min(rule.decided.length - 1, Math.floor(seconds / report.seconds * rule.decided.length));
    const layer = words(`layer_${report.layers[rule.decided[point]]}`);
    return `${name(rule.id)}: ${layer} (${rule.strength[point].toFixed(2)} ×)`;
  }).join(' · ');
}
