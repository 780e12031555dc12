// Draws and changes regions and lines on the picture, with mouse, pen and finger. Points are shares of the picture, 0 to 1.
import { element } from './dom.js';

const width = 1600, height = 900;
/** Shares of the picture within which a point is taken for an edge or for a corner that is there already. */
const reach = 0.015;

const text = (points) => points.map(([x, y]) => `${(x * width).toFixed(1)},${(y * height).toFixed(1)}`).join(' ');
const round = (value) => Math.round(Math.min(1, Math.max(0, value)) * 10000) / 10000;

/** Area of a polygon as a share of the picture. */
export function area(points) {
  if (!points) return 1;
  let sum = 0;
  points.forEach(([x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length];
    sum += x * nextY - nextX * y;
  });
  return Math.abs(sum) / 2;
}

/** The editor; `changed` is called when a shape was completed or moved, `chosen` when a rule was clicked. */
export class Regions {
  constructor(canvas, { rules, chosenIndex, changed, chosen, sized }) {
    this.canvas = canvas;
    this.shapes = canvas.querySelector('#shapes');
    Object.assign(this, { rules, chosenIndex, changed, chosen, sized });
    this.tool = 'select';
    this.snaps = true;
    this.pending = [];
    this.drag = null;
    this.box = null;
    canvas.addEventListener('pointerdown', (event) => this.down(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    canvas.addEventListener('pointerup', (event) => this.up(event));
    canvas.addEventListener('pointercancel', () => { this.drag = null; });
    canvas.addEventListener('dblclick', () => this.close());
  }

  use(tool) {
    this.tool = tool;
    this.pending = [];
    if (tool !== 'size') this.box = null;
    this.draw();
  }

  /** The point of an event, snapped to edges and corners. */
  point(event, except) {
    const frame = this.canvas.getBoundingClientRect();
    let x = (event.clientX - frame.left) / frame.width;
    let y = (event.clientY - frame.top) / frame.height;
    if (this.snaps) {
      if (x < reach) x = 0;
      if (x > 1 - reach) x = 1;
      if (y < reach) y = 0;
      if (y > 1 - reach) y = 1;
      for (const rule of this.rules()) {
        for (const corner of [...(rule.polygon ?? []), ...(rule.line ?? []), ...(rule.masks ?? []).flat()]) {
          if (corner !== except && Math.hypot(corner[0] - x, corner[1] - y) < reach) [x, y] = corner;
        }
      }
    }
    return [round(x), round(y)];
  }

  down(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    const point = this.point(event);
    if (this.tool === 'polygon' || this.tool === 'mask') {
      const first = this.pending[0];
      if (this.pending.length > 2 && Math.hypot(point[0] - first[0], point[1] - first[1]) < reach * 1.5) return this.close();
      this.pending.push(point);
    } else if (this.tool === 'line') {
      this.pending.push(point);
      if (this.pending.length === 2) return this.finish('line', this.pending);
    } else if (this.tool === 'size') {
      this.box = [point, point];
      this.drag = { box: true };
    } else {
      this.grab(event);
    }
    this.draw();
  }

  grab(event) {
    const { rule, corner, between, mask } = event.target.dataset;
    if (rule === undefined) return;
    const index = Number(rule);
    if (index !== this.chosenIndex()) this.chosen(index);
    const one = this.rules()[index];
    const points = mask !== undefined ? one.masks[Number(mask)] : one.polygon ?? one.line;
    const before = structuredClone(one);
    if (between !== undefined) {
      points.splice(Number(between) + 1, 0, this.point(event));
      this.drag = { points, corner: Number(between) + 1, index, before };
    } else if (corner !== undefined) {
      this.drag = { points, corner: Number(corner), index, before };
    }
  }

  move(event) {
    if (this.drag?.box) {
      this.box[1] = this.point(event);
      this.sized(this.box);
    } else if (this.drag) {
      const { points, corner } = this.drag;
      points[corner] = this.point(event, points[corner]);
    } else if (this.pending.length) {
      this.hover = this.point(event);
    } else {
      return;
    }
    this.draw();
  }

  up() {
    const drag = this.drag;
    this.drag = null;
    if (drag && !drag.box) this.changed(drag.index, drag.before);
  }

  /** Ends the polygon that is being drawn. */
  close() {
    if (!['polygon', 'mask'].includes(this.tool) || this.pending.length < 3) return;
    this.finish(this.tool, this.pending);
  }

  finish(kind, points) {
    this.pending = [];
    this.hover = null;
    // A double click puts its point twice.
    const distinct = points.filter((point, index) => index === 0 || point.join() !== points[index - 1].join());
    this.drawn(kind, distinct);
  }

  /** Removes the corner that was last touched or drawn. */
  takeBack() {
    if (!this.pending.length) return false;
    this.pending.pop();
    this.draw();
    return true;
  }

  draw() {
    const chosen = this.chosenIndex();
    const parts = this.rules().flatMap((rule, index) => this.shape(rule, index, index === chosen));
    if (this.pending.length) {
      const points = this.hover ? [...this.pending, this.hover] : this.pending;
      parts.push(element('polyline', { points: text(points), class: 'pending' }));
      for (const point of this.pending) parts.push(this.handle(point, 'corner', {}));
    }
    if (this.box) {
      const [[x1, y1], [x2, y2]] = this.box;
      parts.push(element('rect', {
        x: Math.min(x1, x2) * width, y: Math.min(y1, y2) * height,
        width: Math.abs(x2 - x1) * width, height: Math.abs(y2 - y1) * height, class: 'ruler',
      }));
    }
    this.shapes.replaceChildren(...parts);
  }

  shape(rule, index, isChosen) {
    const parts = [];
    const points = rule.polygon ?? rule.line;
    const isLine = !rule.polygon;
    if (points) {
      parts.push(element(isLine ? 'polyline' : 'polygon', {
        points: text(points), class: isChosen ? 'shape chosen' : 'shape', 'data-rule': index,
      }));
    }
    // The masks of the other rules would only be in the way.
    const masks = isChosen ? rule.masks ?? [] : [];
    masks.forEach((mask, number) => parts.push(element('polygon', {
      points: text(mask), class: 'mask', 'data-rule': index, 'data-mask': number,
    })));
    if (!isChosen || this.tool !== 'select') return parts;
    if (points) parts.push(...this.handles(points, !isLine, { 'data-rule': index }));
    masks.forEach((mask, number) => parts.push(...this.handles(mask, true, { 'data-rule': index, 'data-mask': number })));
    return parts;
  }

  /** What one takes hold of: the corners, and between them where a new one comes. */
  handles(points, isClosed, data) {
    return points.flatMap((point, corner) => {
      const next = points[(corner + 1) % points.length];
      const middle = [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2];
      const between = isClosed ? [this.handle(middle, 'between', { ...data, 'data-between': corner })] : [];
      return [...between, this.handle(point, 'corner', { ...data, 'data-corner': corner })];
    });
  }

  handle([x, y], kind, data) {
    // As large as a finger needs, however small the picture is shown.
    const unit = width / (this.canvas.clientWidth || width);
    const r = Math.max(kind === 'corner' ? 13 : 8, (kind === 'corner' ? 8 : 5) * unit);
    return element('circle', { cx: x * width, cy: y * height, r: r.toFixed(1), class: kind, ...data });
  }
}

/** Shows where things move, 16 by 16, each 0 to 255. */
export function drawHeat(place, cells) {
  const parts = cells.flatMap((level, index) => level < 8 ? [] : [element('rect', {
    x: index % 16 * 100, y: Math.floor(index / 16) * 56.25, width: 100, height: 56.25,
    class: 'heat', 'fill-opacity': (level / 255 * 0.7).toFixed(2),
  })]);
  place.replaceChildren(...parts);
}
