// Colours that mean the same on every map.

/** Fill by number of open cases; the steps stand in the legend. */
export function fillFor(count) {
  if (count > 10) return '#d13a48';
  if (count > 5) return '#d8702c';
  if (count > 2) return '#c79a2e';
  return count > 0 ? '#2f6f9f' : '#1c3157';
}

/** Colour of a camera by the code of its state; the style sheet has the same. */
export const stateColors = {
  unwatched: '#8fa3c4', connecting: '#5aa7ff', online: '#34d27f', patrol: '#1fa8a0', stalled: '#ffc94a',
  frozen: '#a5f0ff', offline: '#ff5d6c', refused: '#ff9a4a', quarantined: '#b79bff', blind: '#ff8fc7',
};

/** States in which nobody sees what the camera should show. */
export const brokenStates = new Set(['offline', 'refused', 'stalled', 'frozen', 'quarantined', 'blind']);
