// Puts the map of this phone first: geo: links are understood by Android, Apple's maps are on iPhones.
const own = /iPhone|iPad|Macintosh/.test(navigator.userAgent) ? 'apple' : /Android/.test(navigator.userAgent) ? 'geo' : '';

function sort() {
  for (const maps of document.querySelectorAll('.maps')) {
    const first = maps.querySelector(`[data-app="${own}"]`);
    if (first) maps.querySelector('a').before(first);
    for (const link of maps.querySelectorAll('a')) {
      const isOther = own && ['apple', 'geo'].includes(link.dataset.app) && link !== first;
      link.hidden = Boolean(isOther);
      link.classList.toggle('primary', link === first);
    }
  }
}

sort();
document.addEventListener('gridwatch-refreshed', sort);
