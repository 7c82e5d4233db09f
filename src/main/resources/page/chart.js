// A loss curve as SVG: one line and three labels.

const SVG = 'http://www.w3.org/2000/svg';

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

/**
 * @param points [iteration, loss], iterations rising
 * @param end the last iteration of the training
 */
export function lossChart(points, end) {
  const width = 640;
  const height = 180;
  const left = 52;
  const bottom = 24;
  const svg = s('svg', {viewBox: `0 0 ${width} ${height}`, class: 'chart', role: 'img'});
  if (points.length < 2) {
    svg.setAttribute('aria-label', 'No loss yet');
    return svg;
  }
  const logs = points.map(p => Math.log10(Math.max(p[1], 1e-9)));
  const low = Math.min(...logs);
  const high = Math.max(...logs, low + 0.05);
  const x = i => left + ((width - left - 8) * i) / Math.max(end, points[points.length - 1][0]);
  const y = v => 10 + ((height - bottom - 18) * (high - v)) / (high - low);
  const last = points[points.length - 1];
  svg.setAttribute('aria-label',
      `Loss from ${points[0][1].toPrecision(3)} to ${last[1].toPrecision(3)} at step ${last[0]} of ${end}`);
  for (const value of [high, (high + low) / 2, low]) {
    svg.append(s('line', {x1: left, x2: width - 8, y1: y(value), y2: y(value), class: 'rule'}));
    svg.append(s('text', {x: left - 8, y: y(value) + 4, class: 'tick end'}, (10 ** value).toPrecision(2)));
  }
  svg.append(s('text', {x: left, y: height - 6, class: 'tick'}, '0'));
  svg.append(s('text', {x: width - 8, y: height - 6, class: 'tick end'}, end.toLocaleString()));
  const line = points.map((p, i) => `${i ? 'L' : 'M'}${x(p[0]).toFixed(1)} ${y(logs[i]).toFixed(1)}`);
  svg.append(s('path', {d: line.join(''), class: 'line'}));
  svg.append(s('circle', {cx: x(last[0]), cy: y(logs[logs.length - 1]), r: 3, class: 'dot'}));
  return svg;
}
