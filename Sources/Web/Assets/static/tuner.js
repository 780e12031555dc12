// The tuner: pick a camera or clip, draw regions, move thresholds, see at once what would have come of it.
import { call } from './api.js';
import { Regions, area, drawHeat } from './regions.js';
import { drawTimeline, markTime } from './timeline.js';
import { startProfiles } from './profiles.js';
import { startLearning } from './learning.js';
import { startLabels } from './labels.js';
import { startEvaluation } from './evaluation.js';

const at = (id) => document.getElementById(id);
const texts = Object.fromEntries([...document.querySelectorAll('#words [data-word]')]
  .map((one) => [one.dataset.word, one.textContent]));
const words = (key) => texts[key] ?? key;
const root = at('tuner');
const source = at('source').elements;

/** Everything that the page knows; `live` is in force, `draft` is tried. */
const state = {
  settings: [], footage: [], camera: null, clip: '',
  lived: [], live: { rules: null, settings: {} }, draft: { rules: null, settings: {} },
  chosen: -1, undo: [], redo: [], report: null, seconds: 0,
};

function say(text) {
  at('say').textContent = text ?? '';
  at('say').hidden = !text;
}

async function attempt(body) {
  try {
    say('');
    return await body();
  } catch (problem) {
    say(problem.message);
    return undefined;
  }
}

// ---- Rules

const rules = () => state.draft.rules ?? [];
const ruleName = (id) => rules().find((rule) => rule.id === id)?.name || id;

/** Remembers the rules as they were before a change. */
function remember(before) {
  state.undo.push(before);
  if (state.undo.length > 100) state.undo.shift();
  state.redo = [];
}

function change(body) {
  remember(JSON.stringify(rules()));
  state.draft.rules ??= [];
  body(state.draft.rules);
  rulesChanged();
}

function travel(from, to) {
  if (!from.length) return;
  to.push(JSON.stringify(rules()));
  state.draft.rules = JSON.parse(from.pop());
  state.chosen = Math.min(state.chosen, rules().length - 1);
  rulesChanged();
}

function rulesChanged() {
  at('undo').disabled = !state.undo.length;
  at('redo').disabled = !state.redo.length;
  showRules();
  regions.draw();
  trySoon();
}

const regions = new Regions(at('canvas'), {
  rules,
  chosenIndex: () => state.chosen,
  chosen: choose,
  changed: (index, before) => {
    const all = structuredClone(rules());
    all[index] = before;
    remember(JSON.stringify(all));
    rulesChanged();
  },
  sized: showSize,
});
regions.drawn = (kind, points) => {
  if (kind === 'mask' && !rules()[state.chosen]) {
    say(words('tw_mask_needs_rule'));
    use('select');
    return;
  }
  change((list) => {
    let rule = list[state.chosen];
    if (kind === 'mask') {
      rule.masks = [...(rule.masks ?? []), points];
      return;
    }
    if (!rule || (kind === 'line') !== (rule.kind === 'line')) {
      rule = newRule(kind === 'line' ? 'line' : 'intrusion');
      list.push(rule);
      state.chosen = list.length - 1;
    }
    delete rule.polygon;
    delete rule.line;
    rule[kind] = points;
  });
  use('select');
};

function newRule(kind) {
  let number = rules().length + 1;
  while (rules().some((rule) => rule.id === `rule-${number}`)) number += 1;
  const hazard = at('rule').elements.hazard_type.options[0]?.value ?? '';
  const rule = { id: `rule-${number}`, kind, name: '', hazard_type: rules()[0]?.hazard_type || hazard, severity: 3, dispatch: 'triage' };
  if (['stationary', 'object_removed', 'loitering'].includes(kind)) rule.min_seconds = 60;
  if (kind === 'crowd') rule.min_count = 8;
  return rule;
}

function choose(index) {
  state.chosen = index;
  showRules();
  labels.show(false);
  regions.draw();
}

function showRules() {
  at('rules').replaceChildren(...rules().map((rule, index) => {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = `${rule.name || rule.id} · ${words(`kind_${rule.kind}`)}`;
    button.setAttribute('aria-pressed', index === state.chosen);
    button.addEventListener('click', () => choose(index));
    item.append(button);
    return item;
  }));
  const rule = rules()[state.chosen];
  const form = at('rule');
  form.hidden = !rule;
  if (!rule) return;
  const fields = form.elements;
  for (const name of ['name', 'kind', 'hazard_type', 'min_seconds', 'min_count', 'direction']) {
    if (document.activeElement !== fields[name]) fields[name].value = rule[name] ?? '';
  }
  for (const name of ['min_share', 'dwell']) {
    if (document.activeElement !== fields[name]) fields[name].value = rule.thresholds?.[name] ?? '';
    fields[name].placeholder = valueOf(name);
  }
  for (const name of ['near', 'far']) {
    if (document.activeElement !== fields[name]) fields[name].value = rule.size ? Math.round(rule.size[name] * 1000) / 10 : '';
  }
  for (const name of ['only_if', 'not_if']) {
    fields[name].replaceChildren(new Option('—', ''), ...rules()
      .filter((other) => other !== rule && !other.only_if && !other.not_if).map((other) => new Option(other.name || other.id, other.id)));
    fields[name].value = rule[name] ?? '';
  }
  fields.silent.checked = rule.silent === true;
  at('clear-masks').hidden = !rule.masks?.length;
  for (const label of form.querySelectorAll('[data-of]')) {
    const kinds = label.dataset.of.split(' ');
    label.hidden = !(kinds.includes(rule.kind) || (kinds.includes('thresholds') && !['line', 'loitering'].includes(rule.kind)));
  }
}

/** Sets how tall a person is at one edge; the other edge follows where it would make no sense. */
function setSize(rule, name, value) {
  if (value === '') {
    delete rule.size;
    return;
  }
  const share = Math.min(1, Math.max(0.005, Number(value) / 100));
  const size = { near: share, far: share, ...rule.size, [name]: share };
  if (size.far > size.near) size[name === 'far' ? 'near' : 'far'] = share;
  rule.size = size;
}

at('rule').addEventListener('submit', (event) => event.preventDefault());
at('rule').addEventListener('input', (event) => {
  const { name, value } = event.target;
  change((list) => {
    const rule = list[state.chosen];
    if (name === 'min_share' || name === 'dwell') {
      rule.thresholds = { ...rule.thresholds, [name]: Number(value) };
      if (value === '') delete rule.thresholds[name];
    } else if (name === 'min_seconds' || name === 'min_count') {
      rule[name] = Number(value);
      if (value === '') delete rule[name];
    } else if (name === 'near' || name === 'far') {
      setSize(rule, name, value);
    } else if (name === 'silent') {
      if (event.target.checked) rule.silent = true; else delete rule.silent;
    } else if (name === 'kind') {
      const made = newRule(value);
      Object.assign(rule, { kind: value, min_seconds: made.min_seconds, min_count: made.min_count });
      if (value === 'line') delete rule.polygon; else delete rule.line;
    } else if (value === '') delete rule[name];
    else rule[name] = value;
  });
});
at('add-rule').addEventListener('click', () => {
  change((list) => { list.push(newRule('intrusion')); state.chosen = list.length - 1; });
  use('polygon');
});
at('remove-rule').addEventListener('click', () => change((list) => {
  list.splice(state.chosen, 1);
  state.chosen = Math.min(state.chosen, list.length - 1);
}));
at('clear-region').addEventListener('click', () => change((list) => { delete list[state.chosen].polygon; }));
at('clear-masks').addEventListener('click', () => change((list) => { delete list[state.chosen].masks; }));
at('undo').addEventListener('click', () => { if (!regions.takeBack()) travel(state.undo, state.redo); });
at('redo').addEventListener('click', () => travel(state.redo, state.undo));
document.addEventListener('keydown', (event) => {
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if ((event.ctrlKey || event.metaKey) && event.key === 'z') { event.preventDefault(); at(event.shiftKey ? 'redo' : 'undo').click(); }
  if (event.key === 'Escape') use('select');
  if (event.key === 'Enter') regions.close();
});

function use(tool) {
  regions.use(tool);
  for (const button of document.querySelectorAll('[data-tool]')) {
    button.setAttribute('aria-pressed', button.dataset.tool === tool);
  }
  at('tool-hint').textContent = words(`tw_hint_${tool}`);
  if (tool !== 'size') at('size-says').textContent = '';
}
for (const button of document.querySelectorAll('[data-tool]')) button.addEventListener('click', () => use(button.dataset.tool));
at('snap').addEventListener('change', () => { regions.snaps = at('snap').checked; });
at('heat').addEventListener('change', showHeat);

function showHeat() {
  drawHeat(at('heat-map'), at('heat').checked ? state.report?.motion ?? state.lived : []);
}

/** How big a box is, against what the chosen rule asks for. */
function showSize([[x1, y1], [x2, y2]]) {
  const share = Math.abs(x2 - x1) * Math.abs(y2 - y1);
  const region = area(rules()[state.chosen]?.polygon);
  const needed = rules()[state.chosen]?.thresholds?.min_share ?? valueOf('min_share');
  const percent = (value) => `${(value * 100).toFixed(2)} %`;
  at('size-says').textContent = words('tw_size')
    .replace('{picture}', percent(share)).replace('{region}', percent(Math.min(1, share / region)))
    .replace('{needed}', percent(needed)).replace('{height}', percent(Math.abs(y2 - y1)));
}

// ---- Thresholds

const standard = (key) => state.settings.find((one) => one.key === key)?.value;
const valueOf = (key) => state.draft.settings[key] ?? standard(key);

/** A slider runs over the logarithm where the range is wide. */
function scale({ low, high }) {
  const isWide = low > 0 && high / low > 50;
  return {
    toSlider: (value) => 1000 * (isWide ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)),
    toValue: (place) => Number((isWide ? low * (high / low) ** (place / 1000) : low + (high - low) * place / 1000).toPrecision(3)),
  };
}

function setThreshold(key, value) {
  const { low, high } = state.settings.find((one) => one.key === key);
  if (!(value >= low && value <= high)) return;
  if (value === standard(key)) delete state.draft.settings[key]; else state.draft.settings[key] = value;
  showThresholds();
  trySoon();
}

function showThresholds() {
  for (const label of document.querySelectorAll('[data-setting]')) {
    const tunable = state.settings.find((one) => one.key === label.dataset.setting);
    const [slider, number] = label.querySelectorAll('input');
    const value = valueOf(tunable.key);
    slider.value = scale(tunable).toSlider(Math.max(value, tunable.low));
    if (document.activeElement !== number) number.value = value;
    const isOther = value !== (state.live.settings[tunable.key] ?? tunable.value);
    label.classList.toggle('changed', isOther);
  }
}

for (const label of document.querySelectorAll('[data-setting]')) {
  const [slider, number] = label.querySelectorAll('input');
  const key = label.dataset.setting;
  slider.addEventListener('input', () => setThreshold(key, scale(state.settings.find((one) => one.key === key)).toValue(Number(slider.value))));
  number.addEventListener('change', () => setThreshold(key, Number(number.value)));
}
at('reset').addEventListener('click', () => {
  state.draft.settings = { ...state.live.settings };
  showThresholds();
  trySoon();
});

// ---- Trials

let timer = 0, isTrying = false, isStale = false;

function trySoon() {
  clearTimeout(timer);
  timer = setTimeout(tryNow, 250);
}

async function tryNow() {
  if (!state.clip) return;
  if (isTrying) { isStale = true; return; }
  isTrying = true;
  at('timeline-panel').setAttribute('aria-busy', 'true');
  const side = ({ rules: list, settings }) => (list ? { rules: list, settings } : { settings });
  await attempt(async () => {
    state.report = await call('POST', '/api/v1/tuner/trials', {
      clip: state.clip, sampling: source.sampling.value, sides: [side(state.live), side(state.draft)],
    });
    showReport();
  });
  at('timeline-panel').removeAttribute('aria-busy');
  isTrying = false;
  if (isStale) { isStale = false; tryNow(); }
}

function showReport() {
  at('no-trial').hidden = true;
  document.querySelector('.timeline-legend').hidden = false;
  drawTimeline(at('timeline'), state.report, { words, name: ruleName, seek });
  mark();
  showHeat();
}

function mark() {
  if (state.report) at('decided').textContent = markTime(at('timeline'), state.report, state.seconds, { words, name: ruleName });
}

function seek(seconds) {
  state.seconds = seconds;
  mark();
  at('frame').setAttribute('href', `/api/v1/tuner/footage/${state.clip}/picture?at=${seconds.toFixed(2)}`);
}

// ---- Where the pictures come from

async function openCamera(id) {
  state.camera = id ? await call('GET', `/api/v1/cameras/${encodeURIComponent(id)}/tuning`) : null;
  at('record').hidden = !state.camera;
  if (!state.camera) return;
  const { profile } = state.camera;
  state.live = { rules: state.camera.rules, settings: profile?.settings ?? {} };
  at('templates-say').hidden = !state.camera.are_templates;
  if (state.camera.picture) at('frame').setAttribute('href', `/evidence/${state.camera.picture}`);
  if (state.camera.refused.length) say(state.camera.refused.join('; '));
}

async function open() {
  await attempt(async () => {
    const id = source.camera.value.trim();
    await openCamera(id);
    const own = state.footage.find((one) => id && one.camera === id);
    if (!source.clip.value && own) source.clip.value = own.id;
    state.clip = source.clip.value;
    if (!state.camera) {
      const labels = state.clip ? await call('GET', `/api/v1/tuner/footage/${state.clip}`) : { rules: null };
      state.live = { rules: labels.rules, settings: {} };
    }
    state.draft = structuredClone(state.live);
    Object.assign(state, { undo: [], redo: [], report: null, seconds: 0, chosen: state.live.rules?.length ? 0 : -1 });
    at('undo').disabled = at('redo').disabled = true;
    at('timeline').replaceChildren();
    at('no-trial').hidden = Boolean(state.clip);
    const clip = state.footage.find((one) => one.id === state.clip);
    at('subject').textContent = [state.camera?.name, clip?.name].filter(Boolean).join(' · ') || '—';
    if (clip?.problem) say(clip.problem);
    if (state.clip) seek(0);
    const query = new URLSearchParams({ ...(id && { camera: id }), ...(state.clip && { clip: state.clip }) });
    history.replaceState(null, '', `/tuner?${query}`);
    showRules();
    showThresholds();
    regions.draw();
    profiles.show();
    at('noisy').hidden = Boolean(state.camera);
    state.lived = await learning.outlook(state.camera?.id);
    showHeat();
    await tryNow();
    labels.show(true);
  });
}

async function readFootage() {
  const answer = await call('GET', '/api/v1/tuner');
  state.footage = answer.footage;
  state.settings = answer.settings;
  const chosen = source.clip.value || root.dataset.clip;
  source.clip.replaceChildren(new Option('—', ''), ...answer.footage.map((one) => new Option(
    `${one.camera ? `● ${one.camera} ` : ''}${one.name}${one.is_labelled ? ` ${words('tw_labelled')}` : ''}`, one.id,
  )));
  source.clip.value = chosen;
}

at('source').addEventListener('submit', (event) => { event.preventDefault(); open(); });
source.clip.addEventListener('change', open);
source.sampling.addEventListener('change', tryNow);
source.camera.addEventListener('input', async () => {
  const text = source.camera.value.trim();
  if (text.length < 2) return;
  const found = await call('GET', `/api/v1/cameras?limit=20&q=${encodeURIComponent(text)}`).catch(() => ({ items: [] }));
  at('cameras').replaceChildren(...found.items.map((one) => {
    const option = new Option(one.name, one.id);
    option.label = one.name;
    return option;
  }));
});

at('record').addEventListener('click', () => attempt(async () => {
  const path = `/api/v1/cameras/${encodeURIComponent(state.camera.id)}/recording`;
  await call('POST', path, { seconds: 60 });
  at('record').disabled = true;
  try {
    for (;;) {
      await new Promise((done) => setTimeout(done, 1000));
      const status = await call('GET', path);
      say(`${words('tw_recording')} ${status.recorded.toFixed(0)} / ${status.wanted.toFixed(0)} s`);
      if (status.problem) throw new Error(status.problem);
      if (!status.is_running) break;
    }
  } finally {
    at('record').disabled = false;
  }
  await readFootage();
  source.clip.value = '';
  await open();
}));

startEvaluation({
  words, attempt,
  sampling: () => source.sampling.value,
  live: () => state.live.settings,
  draft: () => state.draft.settings,
  openClip: (id) => {
    source.clip.value = id;
    open();
  },
});

const profiles = startProfiles({
  words, attempt, say,
  camera: () => state.camera,
  draft: () => state.draft,
  rulesDiffer: () => JSON.stringify(state.draft.rules) !== JSON.stringify(state.live.rules),
  load: (version) => {
    state.draft.settings = { ...version.settings };
    if (version.rules) change((list) => list.splice(0, list.length, ...structuredClone(version.rules)));
    showThresholds();
    trySoon();
  },
  changed: open,
});

const learning = startLearning({
  words, attempt, say, name: ruleName,
  openCamera: async (id) => {
    source.camera.value = id;
    source.clip.value = '';
    await open();
  },
  proposed: async (version) => {
    await profiles.show();
    document.querySelector(`#versions [data-version="${version}"]`)?.scrollIntoView({ block: 'nearest' });
  },
});

const labels = startLabels({
  words, attempt, say, rules,
  clip: () => state.footage.find((one) => one.id === state.clip),
  chosen: () => state.chosen,
  seconds: () => state.seconds,
  report: () => state.report,
  saved: async () => {
    await readFootage();
    await tryNow();
    labels.show(true);
  },
});

use('select');
attempt(() => learning.noisy());
attempt(async () => {
  await readFootage();
  await open();
  root.dataset.ready = 'true';
});
