// The settings of a job in words: defaults are left out, long ones are folded.

import {h} from './api.js';

const LABELS = {
  model: 'Model', count: 'Images', seed: 'Seed', seeds: 'Seeds', steps: 'Steps', sampler: 'Solver',
  schedule: 'Spacing of α', classLabel: 'Class', guidance: 'Guidance', condition: 'Condition',
  variations: 'Variations', noise: 'Noise', strict: 'Strict', references: 'References', init: 'Start image',
  mask: 'Mask', canvas: 'Canvas', interpolate: 'Interpolation', output: 'Output', priority: 'Priority', deadline: 'Deadline', tenant: 'Tenant', engine: 'Engine',
  iterations: 'Steps', batchSize: 'Batch', dataset: 'Data set', network: 'Network', optimizer: 'Optimizer',
  learningRate: 'Learning rate', checkpointEvery: 'Checkpoint every', ema: 'Moving average', from: 'From model',
  loss: 'Loss', p0: 'p0', p1: 'p1', sampleEvery: 'Samples every', timestepScale: 'Scale of α', card: 'Card', keepLast: 'Checkpoints kept',
  keepEvery: 'Checkpoints kept every', prediction: 'Prediction', lossSpace: 'Loss in', patch: 'Patch', webhook: 'Webhook', alphaDensity: 'Density of α',
};
const DEFAULTS = {
  schedule: 'uniform', guidance: 1, noise: 'per-frame', strict: false, priority: 'normal', tenant: 'default',
  variations: 1,
};

/** A member of a request as short text; null if it says nothing. */
function words(name, value) {
  if (value === null || value === undefined || DEFAULTS[name] === value) {
    return null;
  }
  if (name === 'output') {
    const on = Object.entries(value).filter(([key, v]) => v === true && key !== 'format').map(([key]) => key);
    return on.length ? on.join(', ') : null;
  }
  if (name === 'condition' || name === 'references' || name === 'mask') {
    return source(value);
  }
  if (name === 'init') {
    return [source(value.image ?? ''), `α ${value.alpha}`].filter(Boolean).join(', ');
  }
  if (name === 'sampleEvery' && !value) {
    return null;
  }
  if (name === 'canvas') {
    return [value.width ? `${value.width}×${value.height}` : 'as the condition', value.overlap ? `overlap ${value.overlap}` : ''].filter(Boolean).join(', ');
  }
  if (name === 'interpolate') {
    return [`seed ${value.from} to ${value.to}`, value.frames ? `${value.frames} images` : ''].filter(Boolean).join(', ');
  }
  if (name === 'deadline') {
    return new Date(value).toLocaleString();
  }
  if (typeof value === 'number') {
    return value.toLocaleString(undefined, {useGrouping: value >= 1e4 && name !== 'seed', maximumFractionDigits: 8});
  }
  if (Array.isArray(value) && value.every(v => typeof v !== 'object')) {
    return value.join(', ');
  }
  return typeof value === 'object' ? '' : String(value);
}

function source(value) {
  if (typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value)) {
    return `${value.length} images`;
  }
  const [kind] = ['prefix', 'zip', 'key'].filter(k => typeof value[k] === 'string');
  const flags = ['nearest', 'resize'].filter(k => value[k]);
  if (kind) {
    return [value[kind], ...flags].join(', ');
  }
  if (value.data || value.mediaType) {
    return ['an image in the request', ...flags].join(', ');
  }
  return value.list ? `${value.list.length} images` : '';
}

/** Rows [label, text] of the settings; objects that need more than a line are in 'folded'. */
export function settingsRows(job, settings = {}) {
  const request = {...job.request};
  delete request.id;
  const rows = [];
  const folded = {};
  for (const [name, value] of Object.entries({...request, ...settings})) {
    const text = words(name, value);
    if (text === '') {
      folded[name] = value;
    } else if (text !== null) {
      rows.push([LABELS[name] || name, text]);
    }
  }
  return {rows, folded};
}

/** Settings as a description list; long ones are folded. */
export function facts(job, settings) {
  const {rows, folded} = settingsRows(job, settings);
  const list = all => all.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
  return [
    h('dl.facts', {}, ...list(rows)),
    ...Object.entries(folded).map(([name, value]) =>
        h('details.folded', {}, h('summary', {}, LABELS[name] || name), h('pre', {tabIndex: 0, role: 'region', 'aria-label': LABELS[name] || name}, JSON.stringify(value, null, 2)))),
  ];
}
