// The worker's report: photos are made smaller on the phone, kept there until the server has the report, and sent one by
// one before it. The form comes and goes with the state of the task, so everything is looked up when it is needed.
import { call } from './api.js';
import { draftTexts, forgetDraft, forgetPhoto, keepPhoto, keptPhotos } from './drafts.js';
import { submit } from './forms.js';

const longSide = 1600;
const form = () => document.getElementById('report');
/** Photos of this report: `{blob, key, sha256, figure}`. */
const photos = [];

function problem(text) {
  const place = form().querySelector('.problem');
  place.textContent = text;
  place.hidden = !text;
}

/** A JPEG of at most 1600 px on its long side; throws when the browser cannot read the picture. */
async function shrink(file) {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, longSide / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', 0.78));
}

function picture(blob) {
  const image = document.createElement('img');
  image.alt = '';
  image.src = URL.createObjectURL(blob);
  return image;
}

function addCard(photo) {
  const figure = document.createElement('figure');
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = form().dataset.remove;
  button.addEventListener('click', () => {
    photos.splice(photos.indexOf(photo), 1);
    forgetPhoto(photo.key);
    figure.remove();
    problem('');
    // One that arrived would keep its place among those that a task may have. What fails here costs nothing else.
    const isElsewhere = photos.some((other) => other.sha256 === photo.sha256);
    if (photo.sha256 && !isElsewhere) call('DELETE', `${form().dataset.photos}/${photo.sha256}`).catch(() => {});
  });
  figure.append(picture(photo.blob), button);
  photo.figure = figure;
  document.getElementById('chosen').append(figure);
}

async function choose(input) {
  problem('');
  const said = new Set();
  for (const file of input.files) {
    if (photos.length >= Number(form().dataset.maximum)) { said.add(form().dataset.tooMany); break; }
    try {
      const blob = await shrink(file);
      const photo = { blob, key: await keepPhoto(form().dataset.draft, blob), sha256: null };
      photos.push(photo);
      addCard(photo);
    } catch {
      said.add(`${form().dataset.unreadable}（${file.name}）`);
    }
  }
  problem([...said].join(' '));
  input.value = '';
}

/** Sends what has not arrived yet; a photo that arrived is not sent again when the report fails. */
async function sendPhotos(values) {
  if (!values.note?.trim() && photos.length === 0) throw new Error(form().dataset.empty);
  for (const [index, photo] of photos.entries()) {
    if (photo.sha256) continue;
    problem(form().dataset.sendingPhoto.replace('{n}', index + 1).replace('{all}', photos.length));
    try {
      photo.sha256 = (await call('POST', form().dataset.photos, photo.blob, 'image/jpeg')).sha256;
      photo.figure.classList.remove('failed');
    } catch (failure) {
      photo.figure.classList.add('failed');
      failure.message = form().dataset.failed.replace('{n}', index + 1).replace('{why}', failure.message);
      throw failure;
    }
  }
  problem('');
  return { ...values, photos: [...new Set(photos.map((photo) => photo.sha256))] };
}

document.addEventListener('change', ({ target }) => { if (target.id === 'photos') choose(target); });
document.addEventListener('submit', (event) => {
  if (event.target.id !== 'report') return;
  event.preventDefault();
  submit(event.target, sendPhotos);
});

/** Photos that were chosen before the page was loaded anew. */
async function restorePhotos() {
  if (!form() || photos.length) return;
  for (const { key, blob } of await keptPhotos(form().dataset.draft)) {
    const photo = { blob, key, sha256: null };
    photos.push(photo);
    addCard(photo);
  }
}

/** A task that is over while something was written for it: the person keeps what he wrote. */
async function showLeftover() {
  const place = document.getElementById('leftover');
  if (!place) return;
  const name = place.dataset.draft;
  const texts = [draftTexts(name).note, draftTexts(`${name}-false`).note].filter(Boolean);
  const kept = await keptPhotos(name);
  if (!texts.length && !kept.length) return;
  place.querySelector('[data-text]').textContent = texts.join('\n');
  place.querySelector('[data-text]').hidden = !texts.length;
  place.querySelector('[data-photos]').replaceChildren(...kept.map(({ blob }) => picture(blob)));
  place.querySelector('[data-discard]').addEventListener('click', async () => {
    await forgetDraft(name);
    await forgetDraft(`${name}-false`);
    place.hidden = true;
  });
  place.hidden = false;
}

restorePhotos();
showLeftover();
document.addEventListener('gridwatch-refreshed', () => { restorePhotos(); showLeftover(); });
