// The list of jobs. Rows are updated in place, at most once per animation frame: hundreds of jobs
// and many changes per second stay cheap.

import {ago, h} from './api.js';

const FILTERS = [
  ['', 'all'],
  ['queued', 'queued'],
  ['running', 'running'],
  ['completed', 'done'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['expired', 'expired'],
];

// Rare states: their filters are shown once there are such jobs.
const RARE = ['cancelled', 'expired'];

// As many as the server keeps, and some more: not every new job must trigger a sort of all.
const JOBS_MAX = 2000;
const SPARE = 200;

export class Board {
  /**
   * @param controls {filters, search, model, tenant, empty}: elements that select jobs
   * @param onFilter called when the user selects others
   */
  constructor(list, controls, onFilter) {
    this.list = list;
    this.controls = controls;
    this.filters = controls.filters;
    this.jobs = new Map();
    this.rows = new Map();
    this.dirty = new Set();
    this.filter = {};
    this.counts = null; // by the server, which knows more jobs than this page
    this.selected = '';
    this.whole = false;
    this.onFilter = onFilter;
    this.onDrawn = () => {};
    let typed;
    controls.search.addEventListener('input', () => {
      clearTimeout(typed);
      typed = setTimeout(() => this.choose({search: controls.search.value.trim()}), 200);
    });
    controls.model.addEventListener('change', () => this.choose({model: controls.model.value}));
    controls.tenant.addEventListener('change', () => this.choose({tenant: controls.tenant.value}));
    this.drawFilters();
    setInterval(() => this.times(), 20000);
  }

  /** Changes a part of the filter, as its controls do. */
  choose(part) {
    this.filter = clean({...this.filter, ...part});
    this.drawFilters();
    this.onFilter();
  }

  /** Sets the filter, as the address names it. */
  setFilter(filter) {
    const chosen = clean(filter);
    const changed = JSON.stringify(chosen) !== JSON.stringify(this.filter);
    this.filter = chosen;
    this.controls.search.value = chosen.search || '';
    this.drawFilters();
    return changed;
  }

  drawFilters() {
    const known = {};
    const models = new Set();
    const tenants = new Set();
    for (const job of this.jobs.values()) {
      known[job.state] = (known[job.state] || 0) + 1;
      models.add(modelOf(job).split('@')[0]);
      tenants.add(job.request?.tenant || 'default');
    }
    const counts = this.whole || !this.counts ? known : this.counts;
    const all = this.whole || !this.counts
        ? this.jobs.size
        : Object.values(this.counts).reduce((a, b) => a + b, 0);
    if (!this.filters.children.length) {
      for (const [state, word] of FILTERS) {
        const button = h('button', {type: 'button', onclick: () => this.choose({state})});
        button.dataset.state = state;
        button.append(word, h('span.count'));
        this.filters.append(button);
      }
    }
    for (const button of this.filters.children) {
      const state = button.dataset.state;
      const chosen = state === (this.filter.state || '');
      button.setAttribute('aria-pressed', String(chosen));
      const count = state ? counts[state] || 0 : all;
      button.hidden = RARE.includes(state) && !count && !chosen;
      button.lastChild.textContent = count ? ` ${count.toLocaleString()}` : '';
    }
    options(this.controls.model, 'all models', models, this.filter.model);
    options(this.controls.tenant, 'all tenants', tenants, this.filter.tenant);
    this.controls.tenant.hidden = tenants.size < 2 && !this.filter.tenant;
    this.controls.empty.hidden = this.list.children.length > 0;
    this.controls.empty.textContent = Object.keys(this.filter).length
        ? 'No job is selected by these filters.'
        : 'No jobs yet.';
  }

  /** Redraws all rows. */
  reset(jobs) {
    this.jobs.clear();
    this.rows.clear();
    this.list.replaceChildren();
    this.add(jobs);
  }

  add(jobs) {
    for (const job of jobs) {
      this.put(job);
    }
  }

  put(job) {
    this.jobs.set(job.id, job);
    if (!this.dirty.size) {
      requestAnimationFrame(() => this.draw());
    }
    this.dirty.add(job.id);
    if (this.jobs.size > JOBS_MAX + SPARE) {
      this.forget();
    }
  }

  /** The oldest jobs that have ended. */
  forget() {
    const over = [...this.jobs.values()].filter(j => !['queued', 'running'].includes(j.state)).sort(order);
    const many = this.jobs.size - JOBS_MAX;
    for (const job of over.slice(-many)) {
      this.jobs.delete(job.id);
      this.dirty.add(job.id);
    }
  }

  wanted(job) {
    const {state, model, tenant, search} = this.filter;
    return (!state || job.state === state)
        && (!model || modelOf(job) === model || modelOf(job).startsWith(`${model}@`))
        && (!tenant || (job.request?.tenant || 'default') === tenant)
        && (!search || job.id.toLowerCase().includes(search.toLowerCase()));
  }

  draw() {
    const fresh = [];
    for (const id of this.dirty) {
      const job = this.jobs.get(id);
      const row = this.rows.get(id);
      if (!job || !this.wanted(job)) {
        row?.remove();
        this.rows.delete(id);
      } else if (row) {
        this.fill(row, job);
      } else {
        fresh.push(job);
      }
    }
    this.dirty.clear();
    fresh.sort((a, b) => order(a, b));
    let at = this.list.firstElementChild;
    for (const job of fresh) {
      while (at && order(this.jobs.get(at.dataset.id), job) < 0) {
        at = at.nextElementSibling;
      }
      const row = h('li.row');
      row.dataset.id = job.id;
      this.rows.set(job.id, row);
      this.fill(row, job);
      this.list.insertBefore(row, at);
    }
    this.drawFilters();
    this.onDrawn();
  }

  redraw() {
    this.list.replaceChildren();
    this.rows.clear();
    for (const id of this.jobs.keys()) {
      this.dirty.add(id);
    }
    this.draw();
  }

  /** Keeps the link element: it may have the focus, or be pressed at this moment. */
  fill(row, job) {
    const percent = progress(job);
    row.className = `row ${job.state}${job.failedFrames ? ' partial' : ''}${job.id === this.selected ? ' selected' : ''}`;
    let link = row.firstElementChild;
    if (!link) {
      link = h('a', {href: `#/jobs/${job.id}`},
          h('span.state', {}, h('span.unseen')), h('span.id', {}, job.id), h('time.time'), h('span.what'));
      row.append(link);
    }
    job.id === this.selected ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current');
    const [state, , time, what] = link.children;
    state.title = stateWord(job);
    state.firstElementChild.textContent = stateWord(job);
    time.dateTime = job.updated;
    time.textContent = ago(job.updated);
    what.textContent = summary(job);
    let bar = link.querySelector('progress');
    if (job.state !== 'running') {
      bar?.remove();
      return;
    }
    if (!bar) {
      bar = h('progress', {max: 100, 'aria-label': `Progress of ${job.id}`});
      link.append(bar);
    }
    percent === null ? bar.removeAttribute('value') : bar.value = percent;
  }

  times() {
    for (const time of this.list.querySelectorAll('time')) {
      time.textContent = ago(time.dateTime);
    }
  }

  select(id) {
    for (const each of [this.selected, id]) {
      const row = this.rows.get(each);
      if (row) {
        row.classList.toggle('selected', each === id);
        const link = row.firstElementChild;
        each === id ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current');
      }
    }
    this.selected = id;
  }
}

function order(a, b) {
  const times = Date.parse(b.since) - Date.parse(a.since);
  return times || (a.id < b.id ? -1 : 1);
}

export function stateWord(job) {
  if (job.cancelRequested) {
    return 'being cancelled';
  }
  return job.failedFrames ? 'completed in part' : job.state;
}

/** The model of a job: name and version once they are known. */
export function modelOf(job) {
  return job.model || job.request?.model || '';
}

function clean(filter) {
  return Object.fromEntries(['state', 'model', 'tenant', 'search']
      .filter(name => filter[name]).map(name => [name, filter[name]]));
}

/** Offers all values and keeps the chosen one. */
function options(select, none, values, chosen = '') {
  const wanted = [...new Set([...values, chosen])].filter(Boolean).sort();
  if (select.dataset.key !== JSON.stringify(wanted)) {
    select.dataset.key = JSON.stringify(wanted);
    select.replaceChildren(h('option', {value: ''}, none), ...wanted.map(v => h('option', {value: v}, v)));
  }
  select.value = chosen;
}

/** 0 to 100; null if unknown. */
export function progress(job) {
  const [done, total] = job.iterations
      ? [job.iteration, job.iterations]
      : job.pairsTotal ? [job.pairs, job.pairsTotal] : [job.done, job.total];
  return total ? (100 * (done || 0)) / total : null;
}

/** Whether the images of a job are counted by its conditions. */
export function isFrameJob(job) {
  const r = job.request || {};
  return ['variations', 'noise', 'strict', 'references'].some(name => r[name] !== undefined)
      || Boolean(r.condition?.prefix || r.condition?.zip);
}

/** Images of the whole job; null while unknown. */
export function expected(job) {
  if (job.imagesTotal) {
    return job.imagesTotal;
  }
  if (job.state === 'completed') {
    return (job.images || 0) + (job.failedFrames || 0) * (job.request?.variations || 1);
  }
  if (isFrameJob(job)) {
    return null;
  }
  return Math.max(job.images || 0, job.request?.seeds?.length || job.request?.interpolate?.frames || job.request?.count || 1);
}

/** As words: 4 images, 2 of 4 images. */
export function imagesText(job) {
  const all = expected(job);
  if (all === null) {
    return job.images ? `${job.images} images` : 'frames';
  }
  const part = (job.state === 'running' && job.images) || job.failedFrames
      ? `${(job.images || 0).toLocaleString()} of `
      : '';
  return `${part}${all.toLocaleString()} image${all === 1 ? '' : 's'}`;
}

function summary(job) {
  if (job.state === 'failed' || job.state === 'expired') {
    return job.cause || job.state;
  }
  const parts = [modelOf(job)];
  if (job.kind === 'training') {
    parts.push(job.iterations
        ? `step ${(job.iteration || job.iterations).toLocaleString()}`
        : job.pairsTotal ? `pair ${job.pairs.toLocaleString()} of ${job.pairsTotal.toLocaleString()}` : 'training');
    if (job.smoothedLoss || job.loss) {
      parts.push(`loss ${(job.smoothedLoss || job.loss).toPrecision(3)}`);
    }
  } else if (job.state !== 'cancelled') {
    parts.push(imagesText(job));
    const {sampler, steps} = job.request || {};
    if (sampler || steps) {
      parts.push([sampler, steps && `${steps} steps`].filter(Boolean).join(', '));
    }
  }
  return parts.filter(Boolean).join(' · ');
}
