// One job, its images first; and the wall of the newest images of all jobs.

import {ago, at, call, fileAddress, follow, h, span} from './api.js';
import {count, progress, stateWord} from './board.js';
import {lossChart} from './chart.js';

const SHOWN = 60;
const PREVIEW_MILLIS = 500;

/** An img of a job's file; small images are shown with sharp pixels. */
export function image(path, alt, properties = {}) {
  const img = h('img', {alt, loading: 'lazy', decoding: 'async', ...properties});
  img.addEventListener('load', () => {
    img.classList.add('here');
    if (img.naturalWidth <= 128) {
      img.classList.add('pixels');
    }
    if (img.src.startsWith('blob:')) {
      URL.revokeObjectURL(img.src); // it has what it needs
    }
  });
  img.addEventListener('error', () => img.closest('figure')?.classList.add('broken'));
  fileAddress(path).then(address => {
    img.src = address;
  }, () => img.dispatchEvent(new Event('error')));
  return img;
}

export async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'copied';
  } catch {
    button.textContent = 'not permitted';
  }
  setTimeout(() => {
    button.textContent = button.dataset.word;
  }, 1500);
}

function copyButton(word, text) {
  const button = h('button.quiet', {type: 'button', onclick: () => copy(button, text())}, word);
  button.dataset.word = word;
  return button;
}

export class Detail {
  constructor(main, announce, again) {
    this.main = main;
    this.announce = announce;
    this.again = again;
    this.id = '';
  }

  async show(id) {
    this.id = id;
    this.job = null;
    this.results = null;
    this.main.replaceChildren(h('p.faint', {}, 'Reading…'));
    try {
      const job = await call(`/api/jobs/${id}`);
      if (this.id === id) {
        this.build();
        await this.update(job);
      }
    } catch (e) {
      if (this.id === id) {
        this.main.replaceChildren(h('h1', {tabIndex: -1}, id), h('p.problem', {role: 'alert'}, e.message));
      }
    }
  }

  hide() {
    this.id = '';
  }

  /** Shows images that are being sampled, in the places of those to come. */
  async preview(job) {
    if (this.previewing || job.kind === 'training') {
      return;
    }
    this.previewing = true;
    try {
      while (this.id === job.id && this.job?.state === 'running' && !document.hidden) {
        const {rows} = await call(`/api/jobs/${job.id}/preview`);
        if (this.id === job.id) {
          this.emerge(rows);
        }
        await new Promise(resolve => setTimeout(resolve, PREVIEW_MILLIS));
      }
    } catch {
      // restarted by the next event
    } finally {
      this.previewing = false;
    }
  }

  emerge(rows) {
    const places = [...this.images.querySelectorAll('figure.noise')];
    rows.slice(0, places.length).forEach((row, i) => {
      const place = places[i];
      let img = place.querySelector('img');
      if (!img) {
        img = h('img.emerging.here.pixels');
        place.querySelector('canvas').replaceWith(img);
      }
      img.alt = `Image ${row.index} after ${row.done} of ${row.total} evaluations`;
      img.src = `data:image/png;base64,${row.data}`;
      place.querySelector('figcaption').replaceChildren(h('span', {}, `${row.done} of ${row.total}`));
    });
  }

  build() {
    this.title = h('h1', {tabIndex: -1, id: 'job-title'}, this.id);
    this.status = h('p.status');
    this.actions = h('div.actions');
    this.reason = h('div');
    this.bar = h('div.bar');
    this.images = h('div.images');
    this.extra = h('div');
    this.facts = h('dl.facts');
    this.main.replaceChildren(h('article.job', {'aria-labelledby': 'job-title'},
        h('header', {}, h('div', {}, this.title, this.status), this.actions),
        this.reason, this.bar, this.images, this.extra, this.facts));
    this.shownImages = -1;
    this.shownState = '';
    this.samples = -1;
    this.curve = [];
    this.chart = null; // it was another job's
    this.gridStrip = null;
  }

  /** Shows a job that has changed. */
  async update(job) {
    if (job.id !== this.id || !this.title) {
      return;
    }
    const before = this.job;
    if (before && this.isOver(before) && !this.isOver(job) && job.attempt <= before.attempt) {
      return; // an answer that was sent before the end
    }
    this.job = job;
    if (before && before.state !== job.state && this.isOver(job)) {
      this.announce(`Job ${job.id} is ${job.state}`);
    }
    this.drawHead(job);
    this.drawBar(job);
    this.drawCurve(job, before);
    this.drawFacts(job);
    if (job.state === 'running') {
      this.preview(job);
    }
    const images = job.images || 0;
    if (images !== this.shownImages || job.state !== this.shownState) {
      this.shownImages = images;
      this.shownState = job.state;
      await this.drawImages(job);
    }
  }

  isOver(job) {
    return !['queued', 'running'].includes(job.state);
  }

  drawHead(job) {
    const model = job.model || job.request?.model || '';
    const time = this.isOver(job) && job.started
        ? `in ${span((Date.parse(job.updated) - Date.parse(job.started)) / 1000)}`
        : '';
    this.status.replaceChildren(
        h(`span.word.${job.state}`, {}, stateWord(job)),
        ` ${[model, time, ago(job.updated)].filter(Boolean).join(' · ')}`);
    const actions = [];
    if (!this.isOver(job)) {
      actions.push(h('button.danger', {
        type: 'button',
        id: 'cancel',
        disabled: Boolean(job.cancelRequested),
        onclick: event => this.cancel(event.currentTarget),
      }, job.cancelRequested ? 'Cancelling…' : 'Cancel'));
    }
    if (job.request && job.kind === 'generation') {
      actions.push(h('button', {type: 'button', onclick: () => this.again(job)}, 'Again, changed'));
    }
    if (this.actions.dataset.key !== `${job.state}${job.cancelRequested}${Boolean(job.request)}`) {
      this.actions.dataset.key = `${job.state}${job.cancelRequested}${Boolean(job.request)}`;
      this.actions.replaceChildren(...actions);
    }
    this.reason.replaceChildren();
    if (job.cause && job.state !== 'cancelled') {
      this.reason.append(h('p.problem', {role: 'alert', id: 'reason'},
          job.field ? h('code', {}, job.field) : null, job.field ? ' ' : null, job.cause));
    }
    if (job.failedFrames) {
      this.reason.append(h('p.problem', {}, `${job.failedFrames} frames failed; the manifest names each.`));
    }
  }

  async cancel(button) {
    button.disabled = true;
    button.textContent = 'Cancelling…';
    try {
      await call(`/api/jobs/${this.id}/cancel`, {});
      this.announce(`Job ${this.id} is being cancelled`);
    } catch (e) {
      button.disabled = false;
      button.textContent = 'Cancel';
      this.reason.replaceChildren(h('p.problem', {role: 'alert'}, e.message));
    }
  }

  drawBar(job) {
    if (job.state !== 'running') {
      this.bar.replaceChildren();
      if (job.state === 'queued') {
        this.bar.append(h('p.faint', {}, 'Waiting for a worker.'));
      }
      return;
    }
    const percent = progress(job);
    let left = job.etaSeconds;
    if (left === undefined && job.started && job.done > 0) {
      const passed = (Date.parse(job.updated) - Date.parse(job.started)) / 1000;
      left = (passed * (job.total - job.done)) / job.done;
    }
    const figures = job.iterations
        ? `step ${(job.iteration || 0).toLocaleString()} of ${job.iterations.toLocaleString()}`
        : job.pairsTotal
            ? `${job.pairs.toLocaleString()} of ${job.pairsTotal.toLocaleString()} pairs`
            : job.total
                ? `${job.done.toLocaleString()} of ${job.total.toLocaleString()} evaluations`
                : 'begins';
    const bar = this.bar.querySelector('progress') || h('progress', {max: 100, 'aria-label': 'Progress'});
    if (percent !== null) {
      bar.value = percent;
    }
    this.bar.replaceChildren(bar, h('p.faint', {},
        [figures, left > 0 ? `${span(left)} left` : '', job.worker ? `on ${job.worker}` : ''].filter(Boolean).join(' · ')));
  }

  drawCurve(job, before) {
    if (job.kind !== 'training') {
      return;
    }
    if (job.curve) {
      this.curve = job.curve;
    } else if (job.smoothedLoss && job.iteration !== before?.iteration) {
      this.curve = this.curve.filter(p => p[0] < job.iteration);
      this.curve.push([job.iteration, job.smoothedLoss]);
    }
    if (!this.chart) {
      this.chart = h('figure.curve');
    }
    if (this.chart.parentNode !== this.extra) {
      this.extra.append(this.chart);
    }
    if (this.curve.length > 1) {
      this.chart.replaceChildren(h('figcaption', {}, 'Loss'), lossChart(this.curve, job.iterations || 0));
    } else if (job.links?.lossCurve && !this.chart.firstChild) {
      // Ended before a second progress event: shows the chart that it stored.
      this.chart.replaceChildren(h('figcaption', {}, 'Loss'), image(job.links.lossCurve, 'Loss by iteration'));
    }
    this.sampleGrids(job);
  }

  /** Samples of the same noise, the newest first. */
  async sampleGrids(job) {
    const due = Math.floor((job.iteration || 0) / 50) + (this.isOver(job) ? 1e6 : 0);
    if (due === this.samples) {
      return;
    }
    this.samples = due;
    try {
      const results = await call(`/api/jobs/${job.id}/results?limit=1`);
      const grids = results.files.filter(f => f.key.includes('/samples/')).reverse();
      if (this.id !== job.id || !grids.length) {
        return;
      }
      this.gridStrip?.remove();
      this.gridStrip = h('div.samples', {}, ...grids.slice(0, 12).map(f => {
        const step = Number(f.key.match(/(\d+)\.png$/)?.[1] || 0).toLocaleString();
        return h('figure', {}, image(f.path, `Samples at step ${step}`), h('figcaption', {}, `step ${step}`));
      }));
      this.extra.append(this.gridStrip);
    } catch {
      this.samples = -1; // requested again with the next event
    }
  }

  async drawImages(job) {
    if (job.kind === 'training') {
      return;
    }
    const id = job.id;
    const mine = {};
    this.reading = mine;
    let results = {images: [], total: 0};
    if (job.images || this.isOver(job)) {
      try {
        results = await call(`/api/jobs/${id}/results?limit=${SHOWN}`);
      } catch {
        this.shownImages = -1;
      }
    }
    if (this.id !== id || this.reading !== mine) {
      return; // requested again since
    }
    this.results = results;
    const known = new Map([...this.images.children].map(e => [e.dataset.key, e]));
    const figures = results.images.filter(i => i.path).map(i => known.get(i.key) || this.tile(i, job));
    if (!this.isOver(job)) {
      const missing = Math.min(count(job), SHOWN) - figures.length;
      for (let i = 0; i < missing; i++) {
        figures.push(known.get(`noise-${i}`) || noise(i));
      }
    }
    this.images.replaceChildren(...figures);
    this.images.classList.toggle('single', figures.length === 1);
    this.images.classList.toggle('few', figures.length > 1 && figures.length <= 4);
    this.drawFacts(job);
  }

  tile(file, job) {
    const name = file.key.split('/images/').pop();
    const seed = file.seed === undefined ? '' : `seed ${file.seed}${file.noiseIndex ? `, ${file.noiseIndex}` : ''}`;
    const figure = h('figure', {},
        h('a', {href: at(file.path), target: '_blank', rel: 'noopener', onclick: follow(file.path)}, image(file.path, `${name} of ${job.id}`)),
        h('figcaption', {}, h('span', {}, file.condition || name.replace('.png', '')), seed ? h('span', {}, seed) : null));
    figure.dataset.key = file.key;
    return figure;
  }

  drawFacts(job) {
    const rows = [];
    const settings = {...this.results?.settings};
    const request = {...job.request};
    delete request.id;
    for (const [name, value] of Object.entries({...request, ...settings})) {
      rows.push([name, typeof value === 'object' ? JSON.stringify(value) : String(value)]);
    }
    rows.push(['attempt', String(job.attempt)], ['requested', new Date(job.since).toLocaleString()]);
    if (job.worker) {
      rows.push(['worker', job.worker]);
    }
    const links = job.links || {};
    const files = ['grid', 'sheet', 'clip', 'lossCurve', 'manifest'].filter(n => links[n]);
    const key = JSON.stringify([rows, files]);
    if (this.facts.dataset.key === key) {
      return;
    }
    this.facts.dataset.key = key;
    this.facts.replaceChildren(
        ...rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
        h('div.wide', {},
            job.truncatedFields
                ? h('span.faint', {}, `The request also has ${job.truncatedFields.join(', ')}, too long to be shown here.`)
                : copyButton('Copy as request', () => JSON.stringify({...request, ...pinned(settings)}, null, 2)),
            copyButton('Copy id', () => job.id),
            ...files.map(n => h('a.quiet', {href: at(links[n]), target: '_blank', rel: 'noopener', onclick: follow(links[n])}, n))));
  }
}

/** Settings as members of a request, with the model version that was used. */
function pinned(settings) {
  const {model, sampler, steps, schedule, classLabel} = settings;
  return Object.fromEntries(Object.entries({model, sampler, steps, schedule, classLabel}).filter(([, v]) => v !== undefined));
}

/** The place of an image that does not exist yet: grain, as on an unworked plate. */
function noise(index) {
  const canvas = h('canvas', {width: 32, height: 32, 'aria-hidden': 'true'});
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(32, 32);
  for (let i = 0; i < pixels.data.length; i += 4) {
    const grey = 128 + 44 * (Math.random() + Math.random() + Math.random() - 1.5);
    pixels.data.fill(grey, i, i + 3);
    pixels.data[i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  const figure = h('figure.noise', {}, canvas, h('figcaption', {}, h('span', {}, 'noise')));
  figure.dataset.key = `noise-${index}`;
  return figure;
}

/** The newest images of all jobs. */
export function wall(main, board) {
  const title = h('h1', {tabIndex: -1}, 'Newest images');
  const tiles = h('div.wall');
  main.replaceChildren(title, tiles);
  const known = new Map();
  return () => {
    const done = [...board.jobs.values()]
        .filter(j => j.state === 'completed' && j.kind === 'generation' && j.images)
        .sort((a, b) => Date.parse(b.updated) - Date.parse(a.updated))
        .slice(0, 18);
    const figures = done.map(job => {
      if (!known.has(job.id)) {
        known.set(job.id, plate(job));
      }
      return known.get(job.id);
    });
    const shown = new Set(done.map(job => job.id));
    for (const id of known.keys()) {
      if (!shown.has(id)) {
        known.delete(id);
      }
    }
    if (!figures.length) {
      tiles.replaceChildren(h('div.empty', {},
          h('p', {}, 'No images yet.'),
          h('p', {}, h('a', {href: '#/new'}, 'Generate the first ones'), ' or read ', h('a', {href: '#/method'}, 'how it works'), '.')));
    } else if (figures.length !== tiles.children.length || figures.some((f, i) => f !== tiles.children[i])) {
      tiles.replaceChildren(...figures);
    }
  };
}

/** A job's first images as one plate. */
function plate(job) {
  const shown = job.images < 4 ? 1 : 4;
  const images = h(`div.plate.n${shown}`);
  const figure = h('figure', {},
      h('a', {href: `#/jobs/${job.id}`, 'aria-label': `Job ${job.id}, ${job.images} images`}, images),
      h('figcaption', {}, h('span', {}, job.id), h('span', {}, `${job.images} · ${(job.model || '').split('@')[0]}`)));
  call(`/api/jobs/${job.id}/results?limit=4`).then(results => {
    images.append(...results.images.slice(0, shown).map(i => image(i.path, '')));
  }, () => {});
  return figure;
}
