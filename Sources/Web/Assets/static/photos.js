// The photos of a report: made smaller on the phone, kept there until the server has the report, and sent one by one, each
// with what became of it. The form comes and goes with the state of the task, so it is looked up when it is needed.
import { call } from './api.js';
import { button } from './dom.js';
import { choose, forgetPhoto, isChosen, keepPhoto, keptPhotos, markPhoto } from './drafts.js';
import { exifOf, withExif } from './exif.js';

const longSide = 1600;
/** How often a photo is tried again while the server has no room. */
const patience = 24;
const form = () => document.getElementById('report');
const origin = () => form().querySelector('[data-origin]');
/** Photos of this report: `{blob, exif, key, marks, state, why, figure}`; a state is waiting, sending, sent or failed. */
const photos = [];
/** Photos that were taken away here and that the server may still hold. */
const gone = [];
let restoring = false;
let settling = Promise.resolve();

/** Says what is wrong with the photos, above the button. */
export function problem(text) {
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

/** How many wait, were sent, and failed. */
function count() {
  const place = form()?.querySelector('[data-count]');
  if (!place) return;
  const of = (...states) => photos.filter((photo) => states.includes(photo.state)).length;
  place.textContent = place.dataset.count.replace('{waiting}', of('waiting', 'sending')).replace('{sent}', of('sent'))
    .replace('{failed}', of('failed'));
  place.hidden = !photos.length;
}

function show(photo, state, why = '') {
  Object.assign(photo, { state, why });
  photo.figure.className = state;
  photo.figure.querySelector('figcaption').textContent = why || form().dataset[state];
  const [remove, retry] = photo.figure.querySelectorAll('button');
  // One on its way may arrive after its removal.
  remove.disabled = state === 'sending' || form().hasAttribute('aria-busy');
  retry.hidden = state !== 'failed';
  count();
}

function addCard(photo) {
  const figure = document.createElement('figure');
  const image = document.createElement('img');
  image.alt = '';
  image.src = URL.createObjectURL(photo.blob);
  figure.append(image, button(form().dataset.remove, () => remove(photo)),
    button(form().dataset.retry, () => retry(photo)), document.createElement('figcaption'));
  figure.querySelectorAll('button')[1].classList.add('retry');
  photo.figure = figure;
  photos.push(photo);
  document.getElementById('chosen').append(figure);
  show(photo, photo.marks.sha256 ? 'sent' : 'waiting');
}

async function remove(photo) {
  photos.splice(photos.indexOf(photo), 1);
  photo.figure.remove();
  problem('');
  count();
  if (!photo.marks.isAsked) return forgetPhoto(photo.key);
  // It would keep its place among those that a task may have, also when the page is loaded anew before the server knows.
  gone.push(photo);
  // First: a page that is loaded anew before it is written down would show the photo again.
  await markPhoto(photo.key, { isGone: true });
  return settle();
}

/** Takes away at the server what was taken away here; what fails is tried again with the next photo or page. */
function settle() {
  settling = settling.then(async () => {
    for (const photo of [...gone]) {
      try {
        await takeBack(photo);
      } catch (failure) {
        // Without an answer, or with none that is about the photo, the server may still hold it.
        const isAboutIt = failure.status >= 400 && failure.status < 500 && ![401, 408, 429].includes(failure.status);
        if (!isAboutIt) continue;
      }
      gone.splice(gone.indexOf(photo), 1);
      await forgetPhoto(photo.key);
    }
  });
  return settling;
}

async function takeBack(photo) {
  const path = form().dataset.photos;
  // The answer that told its name was lost: the same bytes are the same photo there, and have the same name.
  photo.marks.sha256 ??= (await call('POST', path, photo.blob, 'image/jpeg')).sha256;
  const isElsewhere = photos.some((other) => other.marks.sha256 === photo.marks.sha256);
  if (!isElsewhere) await call('DELETE', `${path}/${photo.marks.sha256}`);
}

function mark(photo, marks) {
  Object.assign(photo.marks, marks);
  return markPhoto(photo.key, marks);
}

/** Sends bytes; a server that has no room just now is tried again by itself for a few minutes. */
async function upload(path, body) {
  for (let left = patience; ; left -= 1) {
    try {
      return await call('POST', path, body, 'image/jpeg');
    } catch (failure) {
      if (![429, 503].includes(failure.status) || !failure.retryAfter || !left) throw failure;
      // Those that were turned away together must not come back together.
      const seconds = Math.min(failure.retryAfter, 30) * (0.75 + Math.random() / 2);
      await new Promise((done) => { setTimeout(done, 1000 * seconds); });
    }
  }
}

/** Sends one photo, unless it is there already. */
async function send(photo) {
  const hasOrigin = Boolean(origin().checked && photo.exif);
  if (photo.marks.sha256 && (!hasOrigin || photo.marks.hasOrigin)) return;
  show(photo, 'sending');
  await mark(photo, { isAsked: true });
  try {
    const body = hasOrigin ? withExif(photo.blob, photo.exif) : photo.blob;
    const path = form().dataset.photos + (hasOrigin ? '?origin=1' : '');
    const { sha256 } = await upload(path, body);
    await mark(photo, { sha256, hasOrigin });
    show(photo, 'sent');
  } catch (failure) {
    show(photo, 'failed', failure.message);
    throw failure;
  }
}

async function retry(photo) {
  problem('');
  await settle();
  try { await send(photo); } catch { /* its figure says why */ }
}

/** Sends what has not arrived yet; a photo that arrived is not sent again when the report fails. */
export async function sendPhotos(values) {
  if (!values.note?.trim() && photos.length === 0) throw new Error(form().dataset.empty);
  await settle();
  let failures = 0;
  for (const [index, photo] of photos.entries()) {
    problem(form().dataset.sendingPhoto.replace('{n}', index + 1).replace('{all}', photos.length));
    try {
      await send(photo);
    } catch (failure) {
      failures += 1;
      // Without the network, the session or the task no other one fares better.
      const isLast = [0, 401, 403, 404, 409].includes(failure.status);
      if (!isLast && photos.length > 1) continue;
      failure.message = form().dataset.failedPhoto.replace('{n}', index + 1).replace('{why}', failure.message);
      throw failure;
    }
  }
  if (failures) throw new Error(form().dataset.failedSome.replace('{n}', failures));
  problem('');
  return { ...values, photos: [...new Set(photos.map((photo) => photo.marks.sha256))], origin: origin().checked };
}

/** Takes the files that were chosen. */
export async function choosePhotos(input) {
  problem('');
  const said = new Set();
  for (const file of input.files) {
    if (photos.length >= Number(form().dataset.maximum)) { said.add(form().dataset.tooMany); break; }
    try {
      const [blob, exif] = [await shrink(file), await exifOf(file)];
      addCard({ blob, exif, key: await keepPhoto(form().dataset.draft, blob, exif), marks: {} });
    } catch {
      said.add(`${form().dataset.unreadable}（${file.name}）`);
    }
  }
  problem([...said].join(' '));
  input.value = '';
}

/** Photos that were chosen before the page was loaded anew, and the tick of the last report. */
export async function restorePhotos() {
  if (!form()) return;
  origin().checked = isChosen('photo-origin');
  if (photos.length || restoring) return;
  restoring = true;
  for (const photo of await keptPhotos(form().dataset.draft)) {
    if ([...photos, ...gone].some(({ key }) => key === photo.key)) continue;
    if (photo.marks.isGone) gone.push(photo); else addCard(photo);
  }
  restoring = false;
  if (gone.length) settle();
}

/** Remembers the tick for the next report. */
export function chooseOrigin(input) {
  choose('photo-origin', input.checked);
}
