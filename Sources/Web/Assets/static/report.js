// The worker's report. The form comes and goes with the state of the task, so its parts are listened to from above.
import { submit } from './forms.js';
import { chooseOrigin, choosePhotos, restorePhotos, sendPhotos } from './photos.js';

document.addEventListener('change', ({ target }) => {
  if (target.id === 'photos') choosePhotos(target);
  if (target.matches('[data-origin]')) chooseOrigin(target);
});
document.addEventListener('submit', (event) => {
  if (event.target.id !== 'report') return;
  event.preventDefault();
  submit(event.target, sendPhotos);
});

restorePhotos();
document.addEventListener('gridwatch-refreshed', restorePhotos);
