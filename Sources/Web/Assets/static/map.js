// The grid map: boundaries coloured by open cases, cameras in clusters. Everything comes from this server.
import { call } from './api.js';
import { brokenStates, fillFor, stateColors } from './colors.js';

const L = window.L;
const place = document.getElementById('map');
let level = Number(place?.dataset.mapLevel ?? 3);
let grids = null;
let cameras = null;
const icons = new Map();

function text(tag, content, className) {
  const element = document.createElement(tag);
  element.textContent = content;
  if (className) element.className = className;
  return element;
}

function link(content, href) {
  const element = text('a', content);
  element.href = href;
  return element;
}

function gridPopup(properties) {
  const box = text('div', '', 'popup');
  const words = place.dataset;
  box.append(text('b', properties.name), text('span', `${properties.open_cases} ${words.open}`));
  if (properties.overdue) box.append(text('span', `${properties.overdue} ${words.overdue}`, 'problem'));
  box.append(link(words.seeCases, `/cases?grid=${properties.id}`));
  return box;
}

function styleOf(feature) {
  const count = feature.properties.open_cases;
  return { color: '#6f93c9', weight: 1.2, fillColor: fillFor(count), fillOpacity: count ? 0.62 : 0.5 };
}

function label(layer) {
  const { name, open_cases: count } = layer.feature.properties;
  const box = text('div', '');
  if (level <= 2) box.append(text('small', name));
  if (count) box.append(text('b', count));
  layer.unbindTooltip();
  if (box.childNodes.length) {
    layer.bindTooltip(box, { permanent: true, direction: 'center', className: 'grid-label', interactive: false });
  }
}

function showBusiest(features) {
  const busy = features.filter((one) => one.properties.open_cases > 0)
    .sort((a, b) => b.properties.open_cases - a.properties.open_cases).slice(0, 12);
  const rows = busy.map((feature) => {
    const row = document.createElement('li');
    const button = document.createElement('button');
    button.append(text('span', feature.properties.name), text('b', feature.properties.open_cases));
    button.addEventListener('click', () => {
      grids.eachLayer((layer) => {
        if (layer.feature.properties.id !== feature.properties.id) return;
        map.fitBounds(layer.getBounds(), { maxZoom: 16, padding: [80, 80] });
        layer.openPopup();
      });
    });
    row.append(button);
    return row;
  });
  if (!rows.length) rows.push(text('li', features.length ? place.dataset.none : place.dataset.noGrids, 'muted'));
  document.getElementById('busiest').replaceChildren(...rows);
}

async function loadGrids(fit) {
  const asked = level;
  const data = await call('GET', `/api/v1/grids/geojson?level=${level}`);
  if (asked !== level) return;
  grids?.remove();
  grids = L.geoJSON(data, {
    style: styleOf,
    onEachFeature: (feature, layer) => layer.bindPopup(() => gridPopup(feature.properties)),
  }).addTo(map);
  grids.eachLayer(label);
  grids.bringToBack();
  if (fit && data.features.length) map.fitBounds(grids.getBounds(), { padding: [20, 20] });
  showBusiest(data.features);
}

/** Takes new counts without drawing the boundaries again. */
async function refreshCounts() {
  if (!grids) return;
  const counts = new Map((await call('GET', `/api/v1/grids/counts?level=${level}`)).map((row) => [row[0], row]));
  const features = [];
  grids.eachLayer((layer) => {
    const row = counts.get(layer.feature.properties.id);
    features.push(layer.feature);
    if (!row || row[1] === layer.feature.properties.open_cases) return;
    layer.feature.properties.open_cases = row[1];
    layer.feature.properties.overdue = row[2];
    layer.setStyle(styleOf(layer.feature));
    label(layer);
  });
  showBusiest(features);
}

function cameraPopup([id, , , , open]) {
  const box = text('div', '', 'popup');
  const name = text('b', '…');
  box.append(name, text('code', id));
  call('GET', `/api/v1/cameras/${encodeURIComponent(id)}`).then((camera) => { name.textContent = camera.summary.name; });
  if (open) box.append(link(`${open} ${place.dataset.open}`, `/cases?camera=${encodeURIComponent(id)}`));
  box.append(link(place.dataset.seeCamera, `/cameras/${encodeURIComponent(id)}`));
  return box;
}

function iconOf(state, hasCase) {
  const key = state + (hasCase ? '!' : '');
  if (!icons.has(key)) {
    const ring = hasCase ? '<circle cx="8" cy="8" r="7" fill="none" stroke="#ff5d6c" stroke-width="2"/>' : '';
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><circle cx="8" cy="8" r="4.5" fill="${stateColors[state]}" stroke="#04121f"/>${ring}</svg>`;
    icons.set(key, L.icon({ iconUrl: 'data:image/svg+xml,' + encodeURIComponent(svg), iconSize: [16, 16] }));
  }
  return icons.get(key);
}

function clusterIcon(cluster) {
  const states = cluster.getAllChildMarkers().map((marker) => marker.options.state);
  const watched = states.filter((state) => state !== 'unwatched');
  const broken = watched.filter((state) => brokenStates.has(state));
  // A broken camera here and there is every day; a quarter of them is news.
  const className = !watched.length ? 'cluster' : broken.length * 4 > watched.length ? 'cluster bad' : 'cluster good';
  const size = Math.round(20 + 5 * Math.log10(states.length));
  return L.divIcon({ html: String(states.length), className, iconSize: [size, size] });
}

async function loadCameras() {
  const data = await call('GET', '/api/v1/cameras/map');
  const counts = {};
  const markers = data.cameras.map((camera) => {
    const state = data.states[camera[3]];
    counts[state] = (counts[state] ?? 0) + 1;
    const marker = L.marker([camera[2], camera[1]], { icon: iconOf(state, camera[4] > 0), state, keyboard: false });
    marker.bindPopup(() => cameraPopup(camera));
    return marker;
  });
  const wasShown = !cameras || map.hasLayer(cameras);
  cameras?.remove();
  cameras = L.markerClusterGroup({
    chunkedLoading: true, maxClusterRadius: 70, disableClusteringAtZoom: 18, showCoverageOnHover: false,
    spiderfyOnMaxZoom: false, iconCreateFunction: clusterIcon, animate: markers.length < 2000,
  });
  cameras.addLayers(markers);
  if (wasShown && document.getElementById('show-cameras').checked) cameras.addTo(map);
  document.getElementById('camera-total').textContent = data.total;
  for (const place of document.querySelectorAll('[data-state]')) place.textContent = counts[place.dataset.state] ?? 0;
}

let map;
if (place && L) {
  map = L.map(place, { attributionControl: false, preferCanvas: true, zoomSnap: 0.5, minZoom: 8, maxZoom: 19 });
  map.setView([26.73, 110.63], 13);
  loadGrids(true).then(loadCameras);
  for (const link of document.querySelectorAll('[data-level]')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      level = Number(link.dataset.level);
      document.querySelector('[data-level][aria-current]')?.removeAttribute('aria-current');
      link.setAttribute('aria-current', 'true');
      history.replaceState(null, '', link.href);
      loadGrids(false);
    });
  }
  document.getElementById('show-cameras').addEventListener('change', (event) => {
    if (event.target.checked) cameras?.addTo(map); else cameras?.remove();
  });
  let timer = 0;
  document.addEventListener('gridwatch-change', (event) => {
    if (timer || event.detail.every((change) => change.kind === 'camera') && event.detail.length) return;
    timer = setTimeout(() => { timer = 0; refreshCounts(); }, 2000);
  });
  // States of cameras change often and far apart: every five minutes is enough for a map.
  setInterval(() => { if (!document.hidden) loadCameras(); }, 300_000);
}
