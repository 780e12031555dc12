// What people said about alerts, and what other thresholds would have done: where to tune, and a draft to begin with.
import { call } from './api.js';
import { button, element } from './dom.js';

const at = (id) => document.getElementById(id);
/** Thresholds that are shown, of those from a sixteenth to eleven times the present one. */
const shown = [4, 14], present = 8;

/** One bar for each threshold: how many alerts it would have given. */
function chart(rule, factors, words) {
  const list = rule.alerts.slice(shown[0], shown[1] + 1);
  const most = Math.max(1, ...list);
  const width = 640, height = 170, base = 118, step = width / list.length;
  const parts = list.flatMap((count, index) => {
    const x = index * step, tall = count / most * 92;
    const factor = factors[shown[0] + index];
    const label = `×${factor.toFixed(2)}: ${count}`;
    return [
      element('rect', { x: x + 4, y: base - tall, width: step - 8, height: Math.max(1, tall), class: index + shown[0] === present ? 'column now' : 'column' }, element('title', {}, label)),
      element('text', { x: x + step / 2, y: base - tall - 5, class: 'count' }, String(count)),
      element('text', { x: x + step / 2, y: base + 24, class: 'factor' }, `×${factor.toFixed(2)}`),
    ];
  });
  parts.push(element('text', { x: (present - shown[0] + 0.5) * step, y: height - 6, class: 'factor' }, words('tw_now')));
  return element('svg', { viewBox: `0 0 ${width} ${height}`, class: 'outlook', role: 'img', 'aria-label': words('tw_outlook') }, ...parts);
}

/** Takes over the list of noisy cameras and the outlook of the chosen one. */
export function startLearning({ words, attempt, say, name, openCamera, proposed }) {
  async function propose(camera) {
    const draft = await call('POST', `/api/v1/cameras/${encodeURIComponent(camera)}/proposal`, {});
    await openCamera(camera);
    await proposed(draft.version);
    say(words('tw_proposed').replace('{n}', draft.version).replace('{note}', draft.note));
  }

  function line(one) {
    const item = document.createElement('li');
    const title = document.createElement('b');
    title.textContent = one.name;
    const about = document.createElement('span');
    about.className = 'muted small';
    about.textContent = [one.rule_name ?? one.rule, words('tw_verdicts').replace('{false}', one.false_alarms).replace('{true}', one.hazards),
      one.reason ? words(`reason_${one.reason}`) : '', one.reason ? words(`advice_${one.reason}`) : ''].filter(Boolean).join(' · ');
    const acts = document.createElement('span');
    acts.className = 'row';
    acts.append(button(words('tw_open'), () => attempt(() => openCamera(one.camera))));
    if (one.avoidable > 0) {
      const caption = words('tw_propose').replace('{n}', one.avoidable).replace('{of}', one.false_alarms);
      acts.append(button(caption, () => attempt(() => propose(one.camera))));
    }
    item.dataset.camera = one.camera;
    item.append(title, ' ', about, acts);
    return item;
  }

  /** Reads which cameras cry wolf. */
  async function noisy() {
    const { items } = await call('GET', '/api/v1/tuner/noisy');
    at('noisy-none').hidden = items.length > 0;
    at('noisy-list').replaceChildren(...items.map(line));
  }

  /** Shows what other thresholds would have done at a camera; returns where things moved. */
  async function outlook(camera) {
    at('outlook').hidden = !camera;
    if (!camera) return [];
    const history = await call('GET', `/api/v1/cameras/${encodeURIComponent(camera)}/scores?days=7`);
    at('outlook-none').hidden = history.rules.length > 0;
    at('outlook-charts').replaceChildren(...history.rules.map((rule) => {
      const figure = document.createElement('figure');
      const caption = document.createElement('figcaption');
      caption.textContent = name(rule.rule);
      figure.dataset.rule = rule.rule;
      figure.append(caption, chart(rule, history.factors, words));
      const told = [];
      if (rule.since) {
        told.push(words('tw_counted').replace('{from}', new Date(rule.since).toLocaleString(document.documentElement.lang, { dateStyle: 'short', timeStyle: 'short' }))
          .replace('{hours}', rule.hours).replace('{n}', rule.recorded));
      }
      if (rule.left_out > 0) told.push(words('tw_left_out').replace('{n}', rule.left_out));
      for (const text of told) {
        const note = document.createElement('p');
        note.className = 'muted small';
        note.textContent = text;
        figure.append(note);
      }
      return figure;
    }));
    return history.motion;
  }

  return { noisy, outlook };
}
