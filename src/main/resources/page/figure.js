// The method in the plane: noise moves to a handful of points that can be dragged. The direction
// field is the exact one of these points, not a network's.

import {h} from './api.js';
import {bend, EVALUATIONS, exactField, normals, pairField, path, stages, uniform} from './iadb.js';

const SPAN = 2.8;
const SMOOTHING = 0.06;
const REFLOW_PAIRS = 260;
const REFLOW_WIDTH = 0.06;
const START = [[-1.6, 0.9], [-0.5, 1.6], [1.5, 1.2], [1.9, -0.7], [0.2, -1.5], [-1.7, -1.1]];

export class Figure {
  constructor(main) {
    this.main = main;
    this.points = START.map(p => [...p]);
    this.starts = normals(28, 7);
    this.alpha = 0.35;
    this.solver = 'euler';
    this.steps = 6;
    this.reflow = false;
    this.playing = false;
  }

  show() {
    this.canvas = h('canvas', {
      tabIndex: 0,
      role: 'application',
      'aria-label': 'Plane with points that can be dragged. With the keyboard: n chooses the next point, arrows move it.',
    });
    const choose = (name, values, key) => {
      const select = h('select', {id: `figure-${key}`, onchange: () => {
        this[key] = select.value;
        this.changed();
      }}, ...values.map(v => h('option', {selected: v === this[key]}, v)));
      return h('div.field', {}, h('label', {htmlFor: select.id}, name), select);
    };
    this.alphaInput = h('input', {type: 'range', id: 'figure-alpha', min: 0, max: 1, step: 0.005, value: this.alpha, oninput: () => {
      this.alpha = Number(this.alphaInput.value);
      this.playing = false;
      this.draw();
    }});
    this.alphaOut = h('output', {'aria-live': 'off'}); // the slider announces its own value
    const stepsOut = h('output', {}, String(this.steps));
    const steps = h('input', {type: 'range', id: 'figure-steps', min: 1, max: 32, value: this.steps, oninput: () => {
      this.steps = Number(steps.value);
      stepsOut.textContent = steps.value;
      this.changed();
    }});
    const reflow = h('input', {type: 'checkbox', id: 'figure-reflow', onchange: () => {
      this.reflow = reflow.checked;
      this.changed();
    }});
    this.read = h('p.reading', {'aria-live': 'polite'});
    const play = h('button', {type: 'button', onclick: () => this.play()}, 'From noise to data');
    const back = h('button.quiet', {type: 'button', onclick: () => {
      this.points = START.map(p => [...p]);
      this.changed();
    }}, 'Reset points');
    this.main.replaceChildren(
        h('h1', {tabIndex: -1}, 'How it works'),
        h('div.method', {},
            h('figure.plane', {}, this.canvas, h('figcaption', {}, 'Drag the large points. Thin: the exact flow. Dotted: the path of the solver.')),
            h('div.controls', {},
                h('div.field', {}, h('label', {htmlFor: 'figure-alpha'}, 'α, from noise to data'), this.alphaInput, this.alphaOut),
                choose('Solver', Object.keys(EVALUATIONS), 'solver'),
                h('div.field', {}, h('label', {htmlFor: 'figure-steps'}, 'Steps'), steps, stepsOut),
                h('label.check', {}, reflow, 'after one reflow'),
                h('div.actions', {}, play, back),
                this.read,
                ...EXPLANATION.map(text => h('p.prose', {}, ...text)))));
    this.canvas.addEventListener('pointerdown', e => this.grab(e));
    this.canvas.addEventListener('pointermove', e => this.drag(e));
    this.canvas.addEventListener('pointerup', () => this.release());
    this.canvas.addEventListener('pointercancel', () => this.release());
    this.canvas.addEventListener('keydown', e => this.key(e));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.canvas);
    this.scheme = matchMedia('(prefers-color-scheme: dark)');
    this.scheme.onchange = () => this.draw();
    this.changed();
  }

  hide() {
    this.observer?.disconnect();
    this.playing = false;
  }

  changed() {
    const exact = exactField(this.points, SMOOTHING);
    const fine = stages('heun', uniform(40));
    if (this.reflow) {
      // The pairs after the first flow: their field leads straight to the data.
      const pairs = normals(REFLOW_PAIRS, 11).map(x => {
        const way = path(exact, fine, x, 2);
        return [x, way[way.length - 1]];
      });
      this.field = pairField(pairs, REFLOW_WIDTH);
    } else {
      this.field = exact;
    }
    this.flow = this.starts.map(x => path(this.field, fine, x, 2));
    const list = stages(this.solver, uniform(this.steps));
    this.ways = this.starts.map(x => path(this.field, list, x, EVALUATIONS[this.solver]));
    this.draw();
  }

  draw() {
    const box = this.canvas.getBoundingClientRect();
    if (!box.width) {
      return;
    }
    const scale = devicePixelRatio || 1;
    const size = Math.round(box.width * scale);
    if (this.canvas.width !== size) {
      this.canvas.width = size;
      this.canvas.height = size;
    }
    const style = getComputedStyle(this.canvas);
    const colour = name => style.getPropertyValue(name).trim();
    const g = this.canvas.getContext('2d');
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, box.width, box.width);
    const to = p => [(box.width * (p[0] + SPAN)) / (2 * SPAN), (box.width * (SPAN - p[1])) / (2 * SPAN)];
    this.to = to;
    g.globalAlpha = 0.45;
    this.arrows(g, to, colour('--faint'));
    g.globalAlpha = 1;
    g.lineWidth = 1;
    g.strokeStyle = colour('--faint');
    for (const way of this.flow) {
      line(g, way.map(to));
    }
    g.strokeStyle = colour('--accent');
    g.fillStyle = colour('--accent');
    g.lineWidth = 1.6;
    g.setLineDash([2, 3]);
    for (const way of this.ways) {
      line(g, way.map(to));
    }
    g.setLineDash([]);
    for (const way of this.ways) {
      way.slice(1, -1).forEach(p => dot(g, to(p), 1.8));
      dot(g, to(at(way, this.alpha)), 4.2);
    }
    g.fillStyle = colour('--faint');
    this.starts.forEach(p => dot(g, to(p), 2));
    this.points.forEach((p, i) => {
      const [x, y] = to(p);
      g.fillStyle = colour('--ink');
      dot(g, [x, y], 7);
      if (i === this.held) {
        g.strokeStyle = colour('--accent');
        g.lineWidth = 3;
        g.beginPath();
        g.arc(x, y, 11, 0, 7);
        g.stroke();
      }
    });
    this.alphaInput.value = this.alpha;
    this.alphaOut.textContent = this.alpha.toFixed(2);
    this.describe();
  }

  arrows(g, to, colour) {
    g.strokeStyle = colour;
    g.lineWidth = 1;
    const n = 21;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const p = [-SPAN + (2 * SPAN * (i + 0.5)) / n, -SPAN + (2 * SPAN * (j + 0.5)) / n];
        const d = this.field(p, Math.min(this.alpha, 0.995));
        const norm = Math.hypot(d[0], d[1]);
        const length = (0.13 * Math.min(norm, 3)) / 3 + 0.03;
        const q = [p[0] + (d[0] / norm) * length * 1.6, p[1] + (d[1] / norm) * length * 1.6];
        line(g, [to(p), to(q)]);
      }
    }
  }

  describe() {
    const mean = values => values.reduce((a, b) => a + b, 0) / values.length;
    const error = mean(this.ways.map((way, i) => {
      const [a, b] = [way[way.length - 1], this.flow[i][this.flow[i].length - 1]];
      return Math.hypot(a[0] - b[0], a[1] - b[1]);
    }));
    const straight = mean(this.flow.map(bend));
    const evaluations = this.steps * EVALUATIONS[this.solver];
    this.read.textContent = `${evaluations} evaluations; ends ${error.toFixed(3)} from the exact flow; paths ${((straight - 1) * 100).toFixed(1)} % longer than straight`;
  }

  play() {
    const mine = {}; // a second press restarts it
    this.playing = mine;
    const begin = performance.now();
    const frame = now => {
      if (this.playing !== mine) {
        return;
      }
      this.alpha = Math.min(1, (now - begin) / 3500);
      this.draw();
      if (this.alpha < 1) {
        requestAnimationFrame(frame);
      } else {
        this.playing = false;
      }
    };
    requestAnimationFrame(frame);
  }

  from(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * 2 * SPAN - SPAN,
      SPAN - ((event.clientY - box.top) / box.width) * 2 * SPAN,
    ];
  }

  grab(event) {
    const p = this.from(event);
    const distance = q => Math.hypot(p[0] - q[0], p[1] - q[1]);
    const all = this.points.map((q, i) => [distance(q), i]).sort((a, b) => a[0] - b[0]);
    if (all[0][0] < 0.3) {
      this.held = all[0][1];
      this.dragging = true;
      this.canvas.setPointerCapture(event.pointerId);
    }
    this.draw();
  }

  drag(event) {
    if (this.dragging) {
      this.move(this.from(event));
    }
  }

  move(p) {
    this.points[this.held] = p.map(v => Math.max(-SPAN, Math.min(SPAN, v)));
    this.changed();
  }

  release() {
    this.dragging = false;
    this.held = undefined;
    this.draw();
  }

  key(event) {
    const moves = {ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1]};
    if (event.key === 'n') {
      this.held = ((this.held ?? -1) + 1) % this.points.length;
      this.draw();
    } else if (moves[event.key]) {
      event.preventDefault();
      this.held ??= 0;
      const p = this.points[this.held];
      this.move([p[0] + moves[event.key][0], p[1] + moves[event.key][1]]);
    }
  }
}

const EXPLANATION = [
  ['Take a point of noise x', h('sub', {}, '0'), ' and a point of data x', h('sub', {}, '1'), ' and blend them: x', h('sub', {}, 'α'), ' = (1 − α) x', h('sub', {}, '0'), ' + α x', h('sub', {}, '1'), '. Many pairs lead through the same blend; the arrows are the mean of x', h('sub', {}, '1'), ' − x', h('sub', {}, '0'), ' over all of them. That mean is all that the network learns.'],
  ['Follow it from α = 0 to 1 and noise becomes data. Far from the data the mean points to the middle of everything, so paths bend; few large Euler steps cut the bends. Better solvers look twice, or remember the step before.'],
  ['A reflow pairs each noise with the point that it arrived at, and learns again: now hardly any paths cross, so they are almost straight, and few steps are enough.'],
];

function line(g, points) {
  g.beginPath();
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.stroke();
}

function dot(g, [x, y], radius) {
  g.beginPath();
  g.arc(x, y, radius, 0, 7);
  g.fill();
}

/** The point of a path of even steps at α. */
function at(way, alpha) {
  const place = alpha * (way.length - 1);
  const i = Math.min(Math.floor(place), way.length - 2);
  const share = place - i;
  return [0, 1].map(k => way[i][k] * (1 - share) + way[i + 1][k] * share);
}
