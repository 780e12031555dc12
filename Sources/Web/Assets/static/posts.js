// Finds posts while typing, the nearest to the case first; those without anybody are shown and cannot be chosen.
import { call } from './api.js';

const timers = new WeakMap();

function option(post, words) {
  const made = document.createElement('option');
  made.value = post.id;
  const note = post.has_person ? '' : `（${words.vacant}）`;
  made.textContent = post.title + note + (post.grid_path ? ` · ${post.grid_path}` : '');
  made.disabled = !post.has_person;
  return made;
}

async function search(place) {
  const text = place.querySelector('[data-find]').value;
  const list = place.querySelector('select');
  const query = new URLSearchParams({ q: text });
  if (Number(place.dataset.grid)) query.set('near_grid', place.dataset.grid);
  const posts = (await call('GET', `/api/v1/posts?${query}`)).items;
  // What was typed meanwhile has a search of its own.
  if (place.querySelector('[data-find]').value !== text) return;
  const chosen = list.value;
  list.replaceChildren(...posts.map((post) => option(post, place.dataset)));
  if (!posts.length) {
    const none = document.createElement('option');
    none.textContent = place.dataset.none;
    none.disabled = true;
    list.append(none);
  }
  if ([...list.options].some((one) => one.value === chosen && !one.disabled)) list.value = chosen;
}

document.addEventListener('input', ({ target }) => {
  if (!target.matches?.('.posts [data-find]')) return;
  const place = target.closest('.posts');
  clearTimeout(timers.get(place));
  timers.set(place, setTimeout(() => search(place), 250));
});
