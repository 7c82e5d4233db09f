// A loss curve as SVG: one line, round ticks, and a mark at a step that is pointed at.

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 640;
const HEIGHT = 200;
const LEFT = 52;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 28;

function s(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  if (text !== undefined) {
    element.textContent = text;
  }
  return element;
}

/** Values 1, 2 and 5 times powers of ten, and others in between if there are too few. */
function logTicks(low, high) {
  const all = mantissas => {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      for (const mantissa of mantissas) {
        const value = mantissa * 10 ** power;
        if (value >= low * 0.999 && value <= high * 1.001) {
          ticks.push(value);
        }
      }
    }
    return ticks;
  };
  const every = step => Array.from({length: Math.round(9 / step)}, (_, i) => 1 + i * step);
  const choices = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9], every(0.2), every(0.1), every(0.05)];
  return choices.map(all).find(ticks => ticks.length >= 3) || all(choices[choices.length - 1]);
}

/** About five round values from 0 to the end. */
function linearTicks(end) {
  const rough = end / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map(m => m * power).find(m => m >= rough));
  return Array.from({length: Math.floor(end / step) + 1}, (_, i) => i * step);
}

/**
 * @param points [iteration, loss], iterations rising
 * @param end the last iteration of the training
 * @return the chart, with a method mark(step) that shows the loss there
 */
export function lossChart(points, end) {
  const svg = s('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart', role: 'img'});
  svg.mark = () => {};
  if (points.length < 2) {
    svg.setAttribute('aria-label', 'No loss yet');
    return svg;
  }
  const losses = points.map(p => Math.max(p[1], 1e-9));
  // Few points at the start are far above all others: they leave the curve half of the height.
  const sorted = [...losses].sort((a, b) => a - b);
  const low = sorted[0];
  const most = sorted[Math.floor(0.97 * (sorted.length - 1))];
  const high = Math.max(Math.min(sorted[sorted.length - 1], most * (most / low) ** 0.6), low * 1.12);
  const last = points[points.length - 1];
  const until = Math.max(end, last[0]);
  const x = i => LEFT + ((WIDTH - LEFT - RIGHT) * i) / until;
  const y = v => TOP + ((HEIGHT - BOTTOM - TOP) * (Math.log(high) - Math.log(Math.min(v, high)))) / (Math.log(high) - Math.log(low));
  svg.setAttribute('aria-label',
      `Loss from ${points[0][1].toPrecision(3)} to ${last[1].toPrecision(3)} at step ${last[0]} of ${end}`);
  for (const value of logTicks(low, high)) {
    svg.append(s('line', {x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: 'rule'}));
    svg.append(s('text', {x: LEFT - 8, y: y(value) + 4, class: 'tick end'}, String(Number(value.toPrecision(3)))));
  }
  for (const step of linearTicks(until)) {
    svg.append(s('line', {x1: x(step), x2: x(step), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4, class: 'rule'}));
    svg.append(s('text', {x: x(step), y: HEIGHT - 6, class: `tick ${step === 0 ? '' : step > 0.95 * until ? 'end' : 'middle'}`}, step.toLocaleString()));
  }
  const line = points.map((p, i) => `${i ? 'L' : 'M'}${x(p[0]).toFixed(1)} ${y(losses[i]).toFixed(1)}`);
  svg.append(s('path', {d: line.join(''), class: 'line'}));
  svg.append(s('circle', {cx: x(last[0]), cy: y(losses[losses.length - 1]), r: 3, class: 'dot'}));

  const rule = s('line', {y1: TOP, y2: HEIGHT - BOTTOM, class: 'mark'});
  const dot = s('circle', {r: 3.5, class: 'dot'});
  const text = s('text', {y: TOP + 12, class: 'tick reading'});
  const mark = s('g', {visibility: 'hidden'});
  mark.append(rule, dot, text);
  svg.append(mark);
  svg.mark = step => {
    const nearest = points.reduce((a, b) => (Math.abs(b[0] - step) < Math.abs(a[0] - step) ? b : a));
    const at = x(nearest[0]);
    rule.setAttribute('x1', at);
    rule.setAttribute('x2', at);
    dot.setAttribute('cx', at);
    dot.setAttribute('cy', y(nearest[1]));
    text.setAttribute('x', at > WIDTH / 2 ? at - 8 : at + 8);
    text.setAttribute('text-anchor', at > WIDTH / 2 ? 'end' : 'start');
    text.textContent = `step ${nearest[0].toLocaleString()}, loss ${nearest[1].toPrecision(3)}`;
    mark.setAttribute('visibility', 'visible');
  };
  svg.addEventListener('pointermove', event => {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * WIDTH;
    svg.mark(((at - LEFT) / (WIDTH - LEFT - RIGHT)) * until);
  });
  svg.addEventListener('pointerleave', () => mark.setAttribute('visibility', 'hidden'));
  return svg;
}
