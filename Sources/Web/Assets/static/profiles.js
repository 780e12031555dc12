// Saves what was tried as a version of a profile, puts versions to work, and takes that back.
import { call } from './api.js';
import { button } from './dom.js';

const at = (id) => document.getElementById(id);

/** Takes over the form and list of profiles; `show` reads them anew. */
export function startProfiles({ words, attempt, say, camera, draft, rulesDiffer, load, changed }) {
  const form = at('save');
  const fields = form.elements;
  let known = '';

  function fillKeys() {
    const one = camera();
    const keys = { camera: one ? [one.id] : [], grid: one?.grid ? [one.grid.code] : [], tag: one?.tags ?? [] }[fields.scope.value];
    at('keys').replaceChildren(...keys.map((key) => new Option(key, key)));
    fields.key.value = keys[0] ?? '';
  }

  /** What to ask before a version is put to work: it misses labelled events, or nobody knows whether it does. */
  async function doubt(version) {
    // Rules that are drawn anew are no question of thresholds, and one that held before is known.
    if (!version.is_draft || !Object.keys(version.settings).length) return '';
    const verdict = await call('GET', `/api/v1/profiles/${version.id}/verdict`);
    if (!verdict.is_evaluated) return words('tw_ask_unevaluated');
    if (verdict.missed <= verdict.missed_now) return '';
    return words('tw_ask_misses').replace('{missed}', verdict.missed).replace('{of}', verdict.events).replace('{now}', verdict.missed_now);
  }

  function line(version) {
    const item = document.createElement('li');
    item.dataset.version = version.version;
    if (version.is_active) item.className = 'active';
    const title = document.createElement('b');
    title.textContent = `v${version.version}`;
    const chip = document.createElement('span');
    chip.className = version.is_active ? 'chip ok' : 'chip done';
    chip.textContent = words(version.is_active ? 'tw_active' : version.is_draft ? 'tw_is_draft' : 'tw_former');
    const about = document.createElement('span');
    about.className = 'muted small';
    const settings = Object.entries(version.settings).map(([key, value]) => `${words(`setting_${key}`)} ${value}`).join(words('tw_comma'));
    const count = version.rules ? `${words('tw_rules')} ${version.rules.length}` : '';
    about.textContent = [version.note, version.author ?? words('tw_found'),
      new Date(version.created_at).toLocaleString(document.documentElement.lang), settings, count].filter(Boolean).join(' · ');
    const acts = document.createElement('span');
    acts.className = 'row';
    acts.append(button(words('tw_load'), () => load(version)));
    if (!version.is_active) {
      acts.append(button(words('tw_activate'), () => attempt(async () => {
        const question = await doubt(version);
        if (question && !confirm(question)) return;
        await call('POST', `/api/v1/profiles/${version.id}/activation`, { note: fields.note.value, despite: true });
        await changed();
        say(words('tw_activated').replace('{n}', version.version));
      })));
    }
    item.append(title, ' ', chip, ' ', about, acts);
    return item;
  }

  async function show() {
    const one = camera();
    // A camera that was opened is what one wants to save for.
    if ((one?.id ?? '') !== known) {
      known = one?.id ?? '';
      fields.scope.value = 'camera';
      fillKeys();
    }
    await read();
  }

  async function read() {
    const key = fields.key.value.trim();
    const one = camera();
    at('scope-says').textContent = one?.profile
      ? words('tw_holds').replace('{scope}', `${words(`tw_${one.profile.scope}`)} ${one.profile.key}`).replace('{n}', one.profile.version)
      : words('tw_none_holds');
    if (!key) { at('versions').replaceChildren(); at('roll-back').disabled = true; return; }
    const query = new URLSearchParams({ scope: fields.scope.value, key });
    const history = await call('GET', `/api/v1/profiles?${query}`);
    at('versions').replaceChildren(...history.versions.map(line));
    at('roll-back').disabled = !history.may_roll_back;
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(async () => {
      const scope = fields.scope.value;
      const body = { scope, key: fields.key.value.trim(), settings: draft().settings, note: fields.note.value };
      if (scope === 'camera' && rulesDiffer()) body.rules = draft().rules ?? [];
      const saved = await call('POST', '/api/v1/profiles', body);
      await read();
      say(words('tw_saved').replace('{n}', saved.version));
    });
  });
  fields.scope.addEventListener('change', () => { fillKeys(); attempt(read); });
  fields.key.addEventListener('change', () => attempt(read));
  at('roll-back').addEventListener('click', () => attempt(async () => {
    const answer = await call('POST', '/api/v1/profiles/roll-back', {
      scope: fields.scope.value, key: fields.key.value.trim(), note: fields.note.value,
    });
    await changed();
    say(answer.version ? words('tw_rolled_back').replace('{n}', answer.version) : words('tw_rolled_back_none'));
  }));
  fillKeys();
  return { show: () => attempt(show) };
}
