// Counts deadlines down without asking the server.

function words(seconds) {
  const { day, hour, minute } = document.body.dataset;
  const minutes = Math.floor(seconds / 60);
  const units = [[Math.floor(minutes / 1440), day], [Math.floor(minutes / 60) % 24, hour], [minutes % 60, minute]];
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return `0 ${minute}`;
  return units.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(' ');
}

function tick() {
  for (const lamp of document.querySelectorAll('.lamp[data-deadline]')) {
    const left = (Date.parse(lamp.dataset.deadline) - Date.now()) / 1000;
    const pattern = left < 0 ? document.body.dataset.over : document.body.dataset.left;
    const text = pattern.replace('{time}', words(Math.abs(left)));
    if (lamp.textContent !== text) lamp.textContent = text;
    if (left < 0 && !lamp.classList.contains('red')) {
      lamp.classList.remove('green', 'blue', 'yellow');
      lamp.classList.add('red');
    }
  }
}

/** Starts the clocks; once every ten seconds is enough for minutes. */
export function startClocks() {
  setInterval(tick, 10_000);
}
