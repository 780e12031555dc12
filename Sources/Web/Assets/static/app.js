// Every page: forms that speak JSON, what was written in them, the live stream, the clocks, and copying.
import { listenCopies } from './copy.js';
import { keepDrafts } from './drafts.js';
import { listenForms } from './forms.js';
import { startLive } from './live.js';
import { startClocks } from './clock.js';

listenForms();
listenCopies();
keepDrafts();
startClocks();
if (document.getElementById('live')) startLive();

document.querySelector('#notice button')?.addEventListener('click', () => location.reload());

// The language switch comes back to the page that it was on.
for (const link of document.querySelectorAll('a[data-language]')) {
  link.href += '?back=' + encodeURIComponent(location.pathname + location.search);
}
