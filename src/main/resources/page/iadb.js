// The method in the plane, as in the Java package iadb: solvers as lists of stages,
// and the exact direction of a finite data set. A browser test compares both to 1e-9.

/** Stages {alpha, g0, g1, g2, g3} that lead from alphas[0] to its last value; see Solver.java. */
export function stages(solver, alphas) {
  const out = [];
  const h = t => alphas[t + 1] - alphas[t];
  const add = (alpha, g0, g1 = 0, g2 = 0, g3 = 0) => out.push({alpha, g0, g1, g2, g3});
  for (let t = 0; t + 1 < alphas.length; t++) {
    const a = alphas[t];
    const s = h(t);
    if (solver === 'euler' || (t === 0 && solver.startsWith('ab'))) {
      add(a, s);
    } else if (solver === 'midpoint') {
      add(a, s / 2);
      add(a + s / 2, s, -s / 2);
    } else if (solver === 'heun') {
      add(a, s);
      add(alphas[t + 1], s / 2, -s / 2);
    } else if (solver === 'rk4') {
      add(a, s / 2);
      add(a + s / 2, s / 2, -s / 2);
      add(a + s / 2, s, -s / 2);
      add(alphas[t + 1], s / 6, s / 3 - s, s / 3, s / 6);
    } else if (solver === 'ab2' || t === 1) {
      const r = s / h(t - 1);
      const repair = solver === 'ab3' ? h(t - 1) / 2 : 0;
      add(a, s * (1 + r / 2) + repair, (-s * r) / 2 - repair);
    } else {
      const h1 = h(t - 1);
      const h2 = h(t - 2);
      const h12 = h1 + h2;
      add(
          a,
          s * (1 + (s * (h1 + h12)) / (2 * h1 * h12) + (s * s) / (3 * h1 * h12)),
          (-s * s * (h12 / 2 + s / 3)) / (h1 * h2),
          (s * s * (h1 / 2 + s / 3)) / (h12 * h2));
    }
  }
  return out;
}

/** Even steps from 0 to 1. */
export function uniform(steps) {
  return Array.from({length: steps + 1}, (_, i) => i / steps);
}

/**
 * The direction that a perfectly trained network would give, x0 ~ N(0, I), x1 = y_i + s·n: the
 * posterior mean of x1 − x0 given the blend x at α; see SmoothedData.java.
 */
export function exactField(points, s) {
  return (x, alpha) => {
    const v = (1 - alpha) * (1 - alpha) + alpha * alpha * s * s;
    const logs = points.map(y => -square(x[0] - alpha * y[0], x[1] - alpha * y[1]) / (2 * v));
    const w = normalized(logs);
    const mean = [0, 0];
    points.forEach((y, i) => {
      mean[0] += w[i] * y[0];
      mean[1] += w[i] * y[1];
    });
    return [0, 1].map(k => {
      const rest = x[k] - alpha * mean[k];
      return mean[k] + ((alpha * s * s) / v) * rest - ((1 - alpha) / v) * rest;
    });
  };
}

/** Near α = 1, a small distance from the mean blend must not become a large direction. */
const PULL_MAX = 20;

/**
 * The same for fixed pairs, as after a reflow: the mean of x1 − x0 over the pairs whose blend at α
 * is near x, weighted by a Gaussian of width h. The pairs found do not blend to x itself, so their
 * mean is moved to it: with x1 kept, x0 = (x − α x1) / (1 − α). Without that, paths that are far
 * from all pairs would keep their distance, and end beside the data.
 */
export function pairField(pairs, h) {
  const logs = new Float64Array(pairs.length);
  return (x, alpha) => {
    let largest = -Infinity;
    for (let i = 0; i < pairs.length; i++) {
      const [a, b] = pairs[i];
      const dx = x[0] - (1 - alpha) * a[0] - alpha * b[0];
      const dy = x[1] - (1 - alpha) * a[1] - alpha * b[1];
      logs[i] = -(dx * dx + dy * dy) / (2 * h * h);
      largest = Math.max(largest, logs[i]);
    }
    let sum = 0;
    const noise = [0, 0]; // means of x0 and x1
    const data = [0, 0];
    for (let i = 0; i < pairs.length; i++) {
      if (logs[i] > largest - 40) {
        const w = Math.exp(logs[i] - largest);
        sum += w;
        for (let k = 0; k < 2; k++) {
          noise[k] += w * pairs[i][0][k];
          data[k] += w * pairs[i][1][k];
        }
      }
    }
    const pull = Math.min(PULL_MAX, 1 / Math.max(1e-9, 1 - alpha));
    return [0, 1].map(k => {
      const blend = ((1 - alpha) * noise[k] + alpha * data[k]) / sum;
      return (data[k] - noise[k]) / sum + pull * (blend - x[k]);
    });
  };
}

const square = (a, b) => a * a + b * b;

function normalized(logs) {
  const largest = Math.max(...logs);
  const w = logs.map(l => Math.exp(l - largest));
  const sum = w.reduce((a, b) => a + b, 0);
  return w.map(value => value / sum);
}

/** Runs the stages from x; the points after each whole step, the start first. */
export function path(field, list, x, perStep) {
  let at = [...x];
  let m = [[0, 0], [0, 0], [0, 0]];
  const points = [at];
  list.forEach((stage, i) => {
    const d = field(at, stage.alpha);
    at = [0, 1].map(
        k => at[k] + stage.g0 * d[k] + stage.g1 * m[0][k] + stage.g2 * m[1][k] + stage.g3 * m[2][k]);
    m = [d, m[0], m[1]];
    if ((i + 1) % perStep === 0) {
      points.push(at);
    }
  });
  return points;
}

export const EVALUATIONS = {euler: 1, midpoint: 2, heun: 2, rk4: 4, ab2: 1, ab3: 1};

/** Length of a path over the distance of its ends: 1 is straight. */
export function bend(points) {
  const length = points.slice(1).reduce(
      (sum, p, i) => sum + Math.hypot(p[0] - points[i][0], p[1] - points[i][1]), 0);
  const last = points[points.length - 1];
  return length / Math.max(1e-9, Math.hypot(last[0] - points[0][0], last[1] - points[0][1]));
}

/** Points of N(0, I), the same ones every time. */
export function normals(count, seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Array.from({length: count}, () => {
    const r = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    return [r * Math.cos(angle), r * Math.sin(angle)];
  });
}
