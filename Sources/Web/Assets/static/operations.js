// Operations: the form of sampling overrides, and forms that are filled from a row of a list.
import { submit } from './forms.js';

const override = document.getElementById('override-form');

/** What the API takes: a camera or a tag, and a window only where one was given. */
function overrideOf({ kind, target, interval, days, from, to }) {
  const body = { [kind]: target, interval };
  if (from || to) body.schedule = [{ days: [...days].map(Number), from: from ?? '', to: to ?? '' }];
  return body;
}

override.addEventListener('submit', (event) => {
  event.preventDefault();
  // The listener of all forms would send the fields as they are.
  event.stopPropagation();
  submit(override, (values) => Promise.resolve(overrideOf(values)));
});
override.elements.kind.addEventListener('change', () => {
  const isTag = override.elements.kind.value === 'tag';
  override.elements.target.setAttribute('list', isTag ? 'tags' : '');
});

// The rows are replaced as they change, so the click is heard here.
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-fill]');
  if (!button) return;
  const form = document.getElementById(button.dataset.fill);
  const { host, name, sessions, note } = button.dataset;
  form.elements.host.value = host;
  form.elements.name.value = name;
  form.elements.patrol_sessions.value = sessions;
  form.elements.note.value = note;
  form.scrollIntoView({ block: 'nearest' });
  form.elements.patrol_sessions.focus();
});
