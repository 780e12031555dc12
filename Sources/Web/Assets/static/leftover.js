// What somebody wrote for a form that is no longer there: shown with what happened. An answer may have been lost on its way,
// so the server is asked what it has before anybody is told that something was not submitted.
import { call } from './api.js';
import { askedNote, draftTexts, forgetDraft, keptPhotos } from './drafts.js';

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

/** Notes, with the events that they came by, and photos that stand in a task or case; null when the server does not say. */
async function submitted(path) {
  try {
    const answer = await call('GET', path);
    const parts = [answer, ...(answer.events ?? []), ...(answer.tasks ?? [])];
    // A task has one note, its report's; the notes of a case come by its events.
    const notes = answer.events ?? [{ id: Infinity, note: answer.note }];
    return {
      notes: notes.map(({ id, note }) => ({ id, note: (note ?? '').trim() })),
      hashes: new Set(parts.flatMap(({ photos }) => photos ?? []).map(({ sha256 }) => sha256)),
    };
  } catch { return null; }
}

/**
 * Whether the server has the text of a draft: it was sent, no answer came, and the server knows of it since. That somebody
 * wrote the same words before says nothing.
 */
function isTaken({ name, text }, notes) {
  const asked = askedNote(name);
  return asked?.note === text && notes.some(({ id, note }) => note === text && id > asked.newest);
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
      if (isTaken(draft, known.notes)) draft.text = '';
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
