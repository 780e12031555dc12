// Every page: forms that speak JSON, the live stream, and the clocks.
import { listenForms } from './forms.js';
import { startLive } from './live.js';
import { startClocks } from './clock.js';

listenForms();
startClocks();
if (document.getElementById('live')) startLive();

// The language switch comes back to the page that it was on.
for (const link of document.querySelectorAll('a[data-language]')) {
  link.href += '?back=' + encodeURIComponent(location.pathname + location.search);
}
