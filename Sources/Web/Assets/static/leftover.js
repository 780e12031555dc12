// What somebody wrote for a form that is no longer there: shown with what happened. An answer may have been lost on its way,
// so the server is asked what it has before anybody is told that something was not submitted.
import { call } from './api.js';
import { draftTexts, forgetDraft, keptPhotos } from './drafts.js';

/** Of these drafts what is on this device and has no form any more: `{name, text, photos}`. */
async function found(names) {
  const left = [];
  for (const name of names) {
    if ([...document.forms].some((form) => form.dataset.draft === name)) continue;
    const text = (draftTexts(name).note ?? '').trim();
    const photos = (await keptPhotos(name)).filter(({ marks }) => !marks.isGone);
    if (text || photos.length) left.push({ name, text, photos });
  }
  return left;
}

/** Notes and photos that stand in a task or case; null when the server does not say. */
async function submitted(path) {
  try {
    const answer = await call('GET', path);
    const parts = [answer, ...(answer.events ?? []), ...(answer.tasks ?? [])];
    return {
      notes: new Set(parts.map(({ note }) => (note ?? '').trim())),
      hashes: new Set(parts.flatMap(({ photos }) => photos ?? []).map(({ sha256 }) => sha256)),
    };
  } catch { return null; }
}

function picture({ blob }) {
  const image = document.createElement('img');
  image.alt = '';
  image.src = URL.createObjectURL(blob);
  return image;
}

async function show() {
  const place = document.getElementById('leftover');
  if (!place) return;
  let left = await found(place.dataset.drafts.split(' '));
  const known = left.length ? await submitted(place.dataset.ask) : null;
  if (known) {
    for (const draft of left) {
      if (known.notes.has(draft.text)) draft.text = '';
      draft.photos = draft.photos.filter(({ marks }) => !known.hashes.has(marks.sha256));
      if (!draft.text && !draft.photos.length) await forgetDraft(draft.name);
    }
    left = left.filter(({ text, photos }) => text || photos.length);
  }
  place.hidden = !left.length;
  if (!left.length) return;
  const part = (name) => place.querySelector(`[data-${name}]`);
  part('text').textContent = left.map(({ text }) => text).filter(Boolean).join('\n');
  part('text').hidden = !part('text').textContent;
  part('photos').replaceChildren(...left.flatMap(({ photos }) => photos).map(picture));
  part('told').textContent = known ? place.dataset.notSent : place.dataset.unknown;
  part('discard').onclick = async () => {
    for (const { name } of left) await forgetDraft(name);
    place.hidden = true;
  };
}

show();
document.addEventListener('gridwatch-refreshed', show);
window.addEventListener('online', show);
