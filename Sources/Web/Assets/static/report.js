// The worker's report: photos are made smaller on the phone and sent one by one before the report itself.
import { call } from './api.js';
import { submit } from './forms.js';

const longSide = 1600;
const form = document.getElementById('report');
const chosen = document.getElementById('chosen');
const photos = [];

function problem(text) {
  const place = form.querySelector('.problem');
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

function addCard(photo) {
  const figure = document.createElement('figure');
  const image = document.createElement('img');
  image.alt = '';
  image.src = URL.createObjectURL(photo.blob);
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = form.dataset.remove;
  button.addEventListener('click', () => {
    photos.splice(photos.indexOf(photo), 1);
    URL.revokeObjectURL(image.src);
    figure.remove();
  });
  figure.append(image, button);
  chosen.append(figure);
}

document.getElementById('photos').addEventListener('change', async (event) => {
  problem('');
  for (const file of event.target.files) {
    if (photos.length >= Number(form.dataset.maximum)) break;
    try {
      const photo = { blob: await shrink(file), sha256: null };
      photos.push(photo);
      addCard(photo);
    } catch {
      problem(form.dataset.unreadable);
    }
  }
  event.target.value = '';
});

/** Sends what has not arrived yet; a photo that arrived is not sent again when the report fails. */
async function sendPhotos(values) {
  for (const [index, photo] of photos.entries()) {
    if (photo.sha256) continue;
    problem(form.dataset.sendingPhoto.replace('{n}', index + 1).replace('{all}', photos.length));
    photo.sha256 = (await call('POST', form.dataset.photos, photo.blob, 'image/jpeg')).sha256;
  }
  problem('');
  return { ...values, photos: [...new Set(photos.map((photo) => photo.sha256))] };
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  submit(form, sendPhotos);
});
