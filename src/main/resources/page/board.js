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
  constructor(list, filters, onFilter) {
    this.list = list;
    this.filters = filters;
    this.jobs = new Map();
    this.rows = new Map();
    this.dirty = new Set();
    this.state = '';
    this.selected = '';
    this.whole = true;
    this.onFilter = onFilter;
    this.onDrawn = () => {};
    this.drawFilters();
    setInterval(() => this.times(), 20000);
  }

  drawFilters() {
    const counts = {};
    for (const job of this.jobs.values()) {
      counts[job.state] = (counts[job.state] || 0) + 1;
    }
    if (!this.filters.children.length) {
      for (const [state, word] of FILTERS) {
        const button = h('button', {
          type: 'button',
          onclick: () => {
            this.state = state;
            this.drawFilters();
            this.onFilter(state);
          },
        });
        button.dataset.state = state;
        button.append(word, h('span.count'));
        this.filters.append(button);
      }
    }
    for (const button of this.filters.children) {
      const state = button.dataset.state;
      button.setAttribute('aria-pressed', String(state === this.state));
      const count = state ? counts[state] || 0 : this.jobs.size;
      button.hidden = RARE.includes(state) && !count && state !== this.state;
      button.lastChild.textContent = count ? ` ${count}${this.whole ? '' : '+'}` : '';
    }
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
    return !this.state || job.state === this.state;
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
    row.className = `row ${job.state}${job.id === this.selected ? ' selected' : ''}`;
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
  return job.cancelRequested ? 'being cancelled' : job.state;
}

/** 0 to 100; null if unknown. */
export function progress(job) {
  const [done, total] = job.iterations
      ? [job.iteration, job.iterations]
      : job.pairsTotal ? [job.pairs, job.pairsTotal] : [job.done, job.total];
  return total ? (100 * (done || 0)) / total : null;
}

export function count(job) {
  const requested = job.request?.seeds?.length || job.request?.count || 1;
  return job.state === 'completed' || job.images > requested ? job.images || 0 : requested;
}

function summary(job) {
  if (job.state === 'failed' || job.state === 'expired') {
    return job.cause || job.state;
  }
  const parts = [job.model || job.request?.model];
  if (job.kind === 'training') {
    parts.push(job.iterations
        ? `step ${(job.iteration || job.iterations).toLocaleString()}`
        : job.pairsTotal ? `pair ${job.pairs.toLocaleString()} of ${job.pairsTotal.toLocaleString()}` : 'training');
    if (job.smoothedLoss || job.loss) {
      parts.push(`loss ${(job.smoothedLoss || job.loss).toPrecision(3)}`);
    }
  } else if (job.state !== 'cancelled') {
    const n = count(job);
    const made = job.state === 'running' && job.images ? `${job.images} of ` : '';
    parts.push(`${made}${n} image${n === 1 ? '' : 's'}`);
    const {sampler, steps} = job.request || {};
    if (sampler || steps) {
      parts.push([sampler, steps && `${steps} steps`].filter(Boolean).join(', '));
    }
  }
  return parts.filter(Boolean).join(' · ');
}
