// The small map beside a case or camera: its grid, the neighbours, the point. No tiles, so no internet.
import { call } from './api.js';

async function draw(place) {
  const L = window.L;
  if (!L) return;
  const point = [Number(place.dataset.latitude), Number(place.dataset.longitude)];
  const map = L.map(place, { zoomControl: false, attributionControl: false, scrollWheelZoom: false, zoomSnap: 0.25 });
  map.setView(point, 15);
  const grids = await call('GET', `/api/v1/grids/${place.dataset.grid}/surroundings`);
  const layer = L.geoJSON(grids, {
    interactive: false,
    style: (feature) => feature.properties.is_self
      ? { color: '#38b6ff', weight: 2.5, fillColor: '#38b6ff', fillOpacity: 0.22 }
      : { color: '#5d789f', weight: 1, fillColor: '#5d789f', fillOpacity: 0.08 },
  }).addTo(map);
  layer.eachLayer((one) => {
    if (!one.feature.properties.is_self) return;
    map.fitBounds(one.getBounds(), { padding: [14, 14] });
    // A text given to Leaflet is HTML to it: the name must stay a text.
    const name = document.createElement('span');
    name.textContent = one.feature.properties.name;
    one.bindTooltip(name, { permanent: true, direction: 'center', className: 'grid-label' });
  });
  L.circleMarker(point, { radius: 7, color: '#fff', weight: 2, fillColor: '#ff5d6c', fillOpacity: 1 }).addTo(map);
}

for (const place of document.querySelectorAll('.snippet')) draw(place);
