// Forms marked with data-api="METHOD /path" send their fields as JSON and show what came of it beside the button.
import { call } from './api.js';
import { askDraft, forgetDraft, refuseDraft } from './drafts.js';
import { notice } from './live.js';

function fieldsOf(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.value === '') continue;
    values[field.name] = 'number' in field.dataset ? Number(field.value) : field.value;
  }
  // What the person saw: the server refuses when somebody else was faster.
  const seen = form.closest('[data-version]')?.dataset.version;
  if (seen) values.version = Number(seen);
  return values;
}

function say(form, selector, text) {
  const place = form.querySelector(selector);
  if (place) {
    place.textContent = text;
    place.hidden = !text;
  } else if (text && selector === '.problem') {
    alert(text);
  }
}

function repeatDiffers(form) {
  const repeat = form.querySelector('[data-repeat]');
  return repeat && repeat.value !== form.elements[repeat.dataset.repeat].value;
}

/** Sends one form; `prepare` may change the values before. */
export async function submit(form, prepare) {
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
  const [method, path] = form.dataset.api.split(' ');
  const buttons = form.querySelectorAll('button');
  say(form, '.problem', '');
  say(form, '.success', '');
  if (repeatDiffers(form)) return say(form, '.problem', form.dataset.differ);
  for (const button of buttons) button.disabled = true;
  form.setAttribute('aria-busy', 'true');
  try {
    let values = fieldsOf(form);
    if (prepare) values = await prepare(values);
    if (form.dataset.draft) askDraft(form.dataset.draft, Number(form.closest('[data-newest]')?.dataset.newest ?? 0));
    const answer = await call(method, path, method === 'DELETE' ? undefined : values);
    // Before the page is loaded anew: what is forgotten then would come back.
    if (form.dataset.draft) await forgetDraft(form.dataset.draft);
    form.dispatchEvent(new CustomEvent('sent', { detail: answer, bubbles: true }));
    if ('issue' in form.dataset) return;
    if (form.dataset.then) return location.assign(form.dataset.then);
    if (form.dataset.done) {
      form.reset();
      return say(form, '.success', form.dataset.done);
    }
    location.reload();
  } catch (problem) {
    // Other failures are no answer: the server may have taken it all the same.
    if (form.dataset.draft && problem.status >= 400 && problem.status < 500) refuseDraft(form.dataset.draft);
    say(form, '.problem', problem.message);
    if (problem.status === 409 && form.closest('[data-version]')) notice(problem.message);
  } finally {
    form.removeAttribute('aria-busy');
    for (const button of buttons) button.disabled = false;
  }
}

/** Takes over all such forms of the page, also those that come later. */
export function listenForms() {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.dataset?.api || form.id === 'report') return;
    event.preventDefault();
    submit(form);
  });
}
