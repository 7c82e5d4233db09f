// One job, its images first.

import {ago, at, call, follow, h, save, span, text} from './api.js';
import {expected, imagesText, isFrameJob, modelOf, progress, stateWord} from './board.js';
import {lossChart} from './chart.js';
import {timesOf, withProgress} from './events.js';
import {facts, settingsRows} from './facts.js';
import {emerge, image, noise, pixelsButton, shownWidth} from './image.js';
import * as notify from './notify.js';
import {copyButton, view} from './viewer.js';

const SHOWN = 60;
const SHOWN_MAX = 480;
const PREVIEW_MILLIS = 500;
const QUEUE_MILLIS = 3000;
const FAILED_MAX = 20;
const SHEET = 4; // columns of a contact sheet, about

export class Detail {
  /**
   * @param announce says a text to screen readers
   * @param again opens the form with the settings of a job
   */
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
    this.main.replaceChildren(h('h1', {tabIndex: -1}, id), h('p.faint', {}, 'Reading…'));
    try {
      const job = await call(`/api/jobs/${id}`);
      if (this.id === id) {
        this.build();
        await this.update(job);
      }
    } catch (e) {
      if (this.id === id) {
        this.main.replaceChildren(back(), h('h1', {tabIndex: -1}, id), h('p.problem', {role: 'alert'}, e.message));
      }
    }
  }

  hide() {
    this.id = '';
    clearInterval(this.playing);
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
    const numbered = !isFrameJob(this.job);
    rows.forEach((row, i) => {
      const place = numbered ? places.find(p => Number(p.dataset.index) === row.index) : places[i];
      if (place) {
        emerge(place, row);
      }
    });
  }

  /** How many images are ahead, until the first of this job is there. */
  async wait(job) {
    if (this.waiting || job.kind === 'training') {
      return;
    }
    this.waiting = true;
    try {
      const still = () => this.id === job.id && this.job && !this.isOver(this.job) && !this.job.images && !this.job.done;
      while (still()) {
        await new Promise(resolve => setTimeout(resolve, QUEUE_MILLIS));
        if (still() && !document.hidden) {
          const now = await call(`/api/jobs/${job.id}`);
          if (still()) {
            this.ahead = now.imagesAhead;
            this.drawBar(this.job);
          }
        }
      }
    } catch {
      // restarted by the next event
    } finally {
      this.waiting = false;
    }
  }

  build() {
    this.title = h('h1', {tabIndex: -1, id: 'job-title'}, this.id);
    this.status = h('p.status');
    this.actions = h('div.actions');
    this.reason = h('div');
    this.failed = h('div');
    this.bar = h('div.bar');
    this.top = h('div.top-media');
    this.images = h('div.images');
    this.below = h('div.top-media.below');
    this.more = h('button.quiet', {type: 'button', hidden: true, onclick: () => this.showMore()});
    this.tools = h('div.tools', {hidden: true}, this.more, pixelsButton());
    this.extra = h('div');
    this.facts = h('section', {'aria-labelledby': 'facts-title'});
    this.times = h('div');
    this.main.replaceChildren(back(), h('article.job', {'aria-labelledby': 'job-title'},
        h('header', {}, h('div', {}, this.title, this.status), this.actions),
        this.reason, this.failed, this.bar, this.top, this.images, this.tools, this.below, this.extra, this.facts,
        h('section', {'aria-labelledby': 'times-title'}, h('h2', {id: 'times-title'}, 'Where the time went'), this.times)));
    this.shownImages = -1;
    this.shownState = '';
    this.limit = SHOWN;
    this.ahead = undefined;
    this.samples = -1;
    this.events = [];
    this.curve = [];
    this.chart = null; // it was another job's
    this.lapse = null;
    clearInterval(this.playing);
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
    if (job.imagesAhead !== undefined) {
      this.ahead = job.imagesAhead;
    }
    if (before && before.state !== job.state && this.isOver(job)) {
      this.announce(`Job ${job.id} is ${job.state}`);
    }
    this.drawHead(job);
    this.drawBar(job);
    this.drawCurve(job, before);
    this.drawFacts(job);
    this.drawTimes(job);
    if (job.state === 'running') {
      this.preview(job);
    }
    if (!this.isOver(job)) {
      this.wait(job);
    }
    const images = job.images || 0;
    const state = `${job.state} ${expected(job)}`;
    if (images !== this.shownImages || state !== this.shownState) {
      this.shownImages = images;
      this.shownState = state;
      await this.drawImages(job);
    }
  }

  isOver(job) {
    return !['queued', 'running'].includes(job.state);
  }

  drawHead(job) {
    const over = this.isOver(job);
    const time = over && job.started
        ? `in ${span((Date.parse(job.updated) - Date.parse(job.started)) / 1000)}`
        : '';
    const when = job.state === 'queued' ? `submitted ${ago(job.since)}` : over ? `ended ${ago(job.updated)}` : `updated ${ago(job.updated)}`;
    const images = job.kind === 'training' || (over && !job.images) ? '' : imagesText(job);
    this.status.replaceChildren(
        h(`span.word.${job.failedFrames ? 'partial' : job.state}`, {}, stateWord(job)),
        ['', images, modelOf(job), time, when].filter((part, i) => part || !i).join(' · '));
    const key = `${job.state}${job.cancelRequested}${Boolean(job.request)}${Boolean(job.links?.archive)}${job.images || 0}`;
    if (this.actions.dataset.key !== key) {
      const actions = [];
      if (!over) {
        actions.push(h('button.danger', {
          type: 'button',
          id: 'cancel',
          disabled: Boolean(job.cancelRequested),
          onclick: event => this.cancel(event.currentTarget),
        }, job.cancelRequested ? 'Cancelling…' : 'Cancel'));
      }
      if (over && (job.images || job.kind === 'training') && job.links?.archive) {
        const name = `${job.id}.zip`;
        actions.push(h('a.button', {
          id: 'download',
          href: at(job.links.archive),
          download: name,
          onclick: save(job.links.archive, name, e => this.refuse(e)),
        }, 'Download all (.zip)'));
      }
      if (job.request) {
        actions.push(h('button', {type: 'button', id: 'again', onclick: () => this.again(job)}, 'Edit & rerun'));
      }
      // A button that has the focus stays on the page.
      const focused = this.actions.contains(document.activeElement) ? document.activeElement.id : '';
      this.actions.dataset.key = key;
      this.actions.replaceChildren(...actions);
      if (focused) {
        (actions.find(a => a.id === focused) || this.title).focus({preventScroll: true});
      }
    }
    if (this.reason.dataset.key !== `${job.cause}${job.field}`) {
      this.reason.dataset.key = `${job.cause}${job.field}`;
      this.reason.replaceChildren();
      if (job.cause && job.state !== 'cancelled') {
        this.reason.append(h('p.problem', {role: 'alert', id: 'reason'},
            job.field ? h('code', {}, job.field) : null, job.field ? ' ' : null, job.cause));
      }
    }
  }

  refuse(e) {
    this.reason.replaceChildren(h('p.problem', {role: 'alert'}, e.message));
  }

  /** The frames that failed, with the reason of each. */
  drawFailed(results) {
    const failed = results.failedFrames || [];
    if (!failed.length) {
      this.failed.replaceChildren();
      return;
    }
    const all = this.job.failedFrames || failed.length;
    this.failed.replaceChildren(h('section.partial-box', {id: 'failed-frames', 'aria-labelledby': 'failed-title'},
        h('h2', {id: 'failed-title'}, `${imagesText(this.job)}: ${all} frame${all === 1 ? '' : 's'} failed`),
        h('ul', {}, ...failed.slice(0, FAILED_MAX).map(f => h('li', {}, h('code', {}, f.name), ` ${f.cause}`))),
        all > FAILED_MAX ? h('p.faint', {}, `and ${all - FAILED_MAX} more, which the manifest lists`) : null));
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
      this.refuse(e);
    }
  }

  drawBar(job) {
    if (this.isOver(job)) {
      this.bar.replaceChildren();
      return;
    }
    const percent = progress(job);
    let left = job.etaSeconds;
    if (left === undefined && job.started && job.done > 0) {
      const passed = (Date.parse(job.updated) - Date.parse(job.started)) / 1000;
      left = (passed * (job.total - job.done)) / job.done;
    }
    const ahead = this.ahead ? `${this.ahead.toLocaleString()} image${this.ahead === 1 ? '' : 's'} ahead` : '';
    const waits = job.state === 'queued' || (!job.done && !job.iteration && !job.pairs);
    const figures = job.iterations
        ? `step ${(job.iteration || 0).toLocaleString()} of ${job.iterations.toLocaleString()}`
        : job.pairsTotal
            ? `${job.pairs.toLocaleString()} of ${job.pairsTotal.toLocaleString()} pairs`
            : waits
                ? [job.state === 'queued' ? 'waiting for a worker' : 'waiting for a place in a pass', ahead].filter(Boolean).join(', ')
                : `${job.done.toLocaleString()} of ${job.total.toLocaleString()} evaluations`;
    const bar = this.bar.querySelector('progress') || h('progress', {max: 100, 'aria-label': 'Progress'});
    if (percent === null) {
      bar.removeAttribute('value');
    } else {
      bar.value = percent;
    }
    const line = this.bar.querySelector('p') || h('p.faint', {id: 'progress-text'});
    line.textContent = [figures, left > 0 ? `${span(left)} left` : '', job.worker ? `on ${job.worker}` : ''].filter(Boolean).join(' · ');
    bar.hidden = job.state === 'queued';
    if (!this.bar.firstChild) {
      this.bar.append(bar, line);
      if (notify.possible()) {
        const button = h('button.quiet', {
          type: 'button',
          onclick: async () => button.setAttribute('aria-pressed', String(await notify.toggle())),
          'aria-pressed': String(notify.wanted()),
        }, 'Notify me when jobs end');
        this.bar.append(button);
      }
    }
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
      this.extra.append(this.chart);
    }
    if (this.curve.length > 1) {
      const chart = lossChart(this.curve, job.iterations || 0);
      this.chart.replaceChildren(h('figcaption', {}, h('span', {}, 'Loss')), chart);
      this.mark = step => chart.mark(step);
    } else if (job.links?.lossCurve && !this.chart.firstChild) {
      // Ended before a second progress event: shows the chart that it stored.
      this.chart.replaceChildren(h('figcaption', {}, h('span', {}, 'Loss')), image(job.links.lossCurve, 'Loss by iteration'));
    }
    this.sampleGrids(job);
  }

  /** Samples of the same noise at each step, one at a time. */
  async sampleGrids(job) {
    const due = Math.floor((job.iteration || 0) / 50) + (this.isOver(job) ? 1e6 : 0);
    if (due === this.samples) {
      return;
    }
    this.samples = due;
    try {
      const results = await call(`/api/jobs/${job.id}/results?limit=1`);
      const grids = results.files.filter(f => f.key.includes('/samples/'));
      if (this.id === job.id && grids.length) {
        this.results = results;
        this.drawLapse(job, grids);
      }
    } catch {
      this.samples = -1; // requested again with the next event
    }
  }

  drawLapse(job, grids) {
    const step = grid => Number(grid.key.match(/(\d+)\.png$/)?.[1] || 0);
    if (!this.lapse) {
      const label = h('output', {id: 'lapse-step'});
      const stage = h('div.lapse-stage');
      const slider = h('input', {
        type: 'range', id: 'lapse', min: 0, step: 1, oninput: () => {
          this.lapse.followNewest = Number(slider.value) === this.lapse.grids.length - 1;
          this.drawStep();
        },
      });
      const play = h('button', {type: 'button', onclick: () => this.play()}, 'Play');
      this.lapse = {label, stage, slider, play, grids: [], followNewest: true, step};
      this.extra.append(h('section.samples', {'aria-labelledby': 'samples-title'},
          h('h2', {id: 'samples-title'}, 'Samples of the same noise'),
          stage,
          h('div.lapse', {}, play, h('label', {htmlFor: 'lapse'}, 'Step'), slider, label)));
    }
    const lapse = this.lapse;
    lapse.grids = grids;
    lapse.slider.max = grids.length - 1;
    if (lapse.followNewest) {
      lapse.slider.value = grids.length - 1;
    }
    this.drawStep();
  }

  drawStep() {
    const {grids, slider, label, stage, step} = this.lapse;
    const index = Math.min(Number(slider.value), grids.length - 1);
    const words = grid => `step ${step(grid).toLocaleString()}`;
    label.textContent = words(grids[index]);
    slider.setAttribute('aria-valuetext', words(grids[index]));
    if (stage.dataset.key !== grids[index].key) {
      stage.dataset.key = grids[index].key;
      const img = image(grids[index].path, `Samples at ${words(grids[index])}`, {loading: 'eager'});
      const link = h('a', {
        href: at(grids[index].path),
        onclick: event => this.open(event, grids.map(g => ({path: g.path, title: `Samples at ${words(g)}`})), index),
      }, img);
      // The one before stays until this one is there, so that a time-lapse does not flicker.
      img.addEventListener('load', () => {
        if (stage.dataset.key === grids[index].key) {
          img.style.width = `${shownWidth(img.naturalWidth / 4) * 4}px`;
          stage.replaceChildren(link);
        }
      }, {once: true});
      if (!stage.firstChild) {
        stage.append(link);
      }
      this.mark?.(step(grids[index]));
    }
  }

  play() {
    const lapse = this.lapse;
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = null;
      lapse.play.textContent = 'Play';
      return;
    }
    lapse.play.textContent = 'Stop';
    lapse.slider.value = 0;
    this.drawStep();
    this.playing = setInterval(() => {
      if (Number(lapse.slider.value) >= lapse.grids.length - 1) {
        this.play();
      } else {
        lapse.slider.value = Number(lapse.slider.value) + 1;
        this.drawStep();
      }
    }, 350);
  }

  showMore() {
    this.limit = Math.min(SHOWN_MAX, this.limit + SHOWN * 2);
    this.drawImages(this.job);
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
        results = await call(`/api/jobs/${id}/results?limit=${this.limit}`);
      } catch {
        this.shownImages = -1;
      }
    }
    if (this.id !== id || this.reading !== mine) {
      return; // requested again since
    }
    this.results = results;
    const files = results.images.filter(i => i.path);
    this.items = files.map(file => this.item(file, job));
    const known = new Map([...this.images.children].map(e => [e.dataset.key, e]));
    const tiles = files.map((file, i) => this.tile(known.get(file.key), file, i, job));
    let figures = tiles;
    if (!this.isOver(job)) {
      const count = Math.min(expected(job) ?? SHOWN / 5, this.limit);
      const place = i => known.get(`noise-${i}`) || noise(i);
      if (isFrameJob(job)) {
        figures = [...tiles];
        for (let i = tiles.length; i < count; i++) {
          figures.push(place(i));
        }
      } else {
        // An image keeps its place, whichever is finished first.
        const byIndex = new Map(tiles.map((tile, i) => [Number(files[i].key.match(/(\d+)\.png$/)?.[1]), tile]));
        figures = Array.from({length: count}, (_, i) => byIndex.get(i) || place(i));
      }
    }
    this.images.replaceChildren(...figures);
    const pairs = this.conditions(job) === 'each';
    const widest = files[0]?.width || 32;
    this.images.style.setProperty('--tile', `${pairs ? shownWidth(widest, 4) * 2 + 3 : shownWidth(widest)}px`);
    this.images.classList.toggle('pairs', pairs);
    this.images.classList.toggle('four', figures.length === 4);
    const total = this.isOver(job) ? results.total : expected(job) ?? 0;
    this.more.hidden = total <= this.limit || this.limit >= SHOWN_MAX;
    this.more.textContent = `Show more (${this.limit} of ${total.toLocaleString()})`;
    this.tools.hidden = !figures.length;
    this.drawTop(job);
    this.drawFailed(results);
    this.drawFacts(job);
  }

  /** Whether images have a condition 'each', share 'one', or have none. */
  conditions(job) {
    const condition = job.request?.condition;
    const left = job.truncatedFields || [];
    if (!condition && !left.some(name => name === 'condition' || name.startsWith('condition.'))) {
      return '';
    }
    const listed = left.some(name => name === 'condition' || name === 'condition.list' || name.startsWith('condition.parts'));
    return isFrameJob(job) || listed || Array.isArray(condition) || condition?.list || condition?.parts ? 'each' : 'one';
  }

  conditionPath(job, file) {
    const name = file.key.split('/images/').pop().replace(/\.png$/, '');
    const plain = (job.request?.variations || 1) > 1 ? name.replace(/-\d+$/, '') : name;
    const wanted = file.condition || (isFrameJob(job) ? plain : String(Number(name)));
    return `/api/jobs/${job.id}/conditions/${wanted.split('/').map(encodeURIComponent).join('/')}`;
  }

  /** What the viewer shows of an image. */
  item(file, job) {
    const name = file.key.split('/images/').pop().replace(/\.png$/, '');
    const noiseOf = file.seed === undefined ? [] : [['Noise', `seed ${file.seed}${file.noiseIndex ? `, number ${file.noiseIndex}` : ''}`]];
    return {
      path: file.path,
      title: `${job.id} ${name}`,
      seed: file.seed,
      map: this.conditions(job) === 'each' ? this.conditionPath(job, file) : null,
      settings: [
        ...noiseOf,
        ...settingsRows(job, this.results?.settings).rows.filter(([label]) => label !== 'Seed'),
        ...(file.width ? [['Size', `${file.width}×${file.height}`]] : []),
      ],
    };
  }

  open(event, items, index) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      return; // a new tab
    }
    event.preventDefault();
    view(items, index);
  }

  /** An image's figure; the manifest adds what was not known while the job was running. */
  tile(known, file, index, job) {
    const name = file.key.split('/images/').pop().replace(/\.png$/, '');
    const figure = known || h('figure', {},
        h('a', {href: at(file.path)},
            this.conditions(job) === 'each' ? image(this.conditionPath(job, file), `Condition of ${name}`) : null,
            image(file.path, `${name} of ${job.id}`)),
        h('figcaption'));
    figure.dataset.key = file.key;
    figure.querySelector('a').onclick = event => this.open(event, this.items, index);
    const seed = file.seed === undefined ? '' : `seed ${file.seed}${file.noiseIndex ? `, ${file.noiseIndex}` : ''}`;
    figure.querySelector('figcaption').replaceChildren(...[name, seed].filter(Boolean).map(part => h('span', {title: part}, part)));
    return figure;
  }

  /** The clip and a condition that all images share; the sheet below the images. */
  drawTop(job) {
    const links = job.links || {};
    const media = (name, path, words, scale) => {
      const known = this.main.querySelector(`[data-name=${name}]`);
      if (known) {
        return known;
      }
      const img = image(path, `${words} of ${job.id}`, {loading: 'eager'});
      img.addEventListener('load', () => {
        img.style.maxWidth = `min(100%, ${shownWidth(img.naturalWidth / scale, 4) * scale}px)`;
        img.style.width = scale === SHEET ? '' : img.style.maxWidth;
      });
      const figure = h(`figure.media`, {},
          h('a', {href: at(path), onclick: event => this.open(event, [{path, title: `${words} of ${job.id}`}], 0)}, img),
          h('figcaption', {}, h('span', {}, words)));
      figure.dataset.name = name;
      return figure;
    };
    this.top.replaceChildren(...[
      links.clip && media('clip', links.clip, 'Clip', job.request?.variations || 1),
      this.conditions(job) === 'one' && media('condition', `/api/jobs/${job.id}/conditions/0`, 'Condition', 1),
    ].filter(Boolean));
    this.below.replaceChildren(...[
      links.sheet && media('sheet', links.sheet, 'Contact sheet', SHEET),
    ].filter(Boolean));
  }

  drawFacts(job) {
    const settings = this.results?.settings || {};
    const links = job.links || {};
    const files = ['grid', 'sheet', 'clip', 'lossCurve', 'manifest'].filter(n => links[n]);
    const key = JSON.stringify([settings, job.request, files]);
    if (this.facts.dataset.key === key) {
      return;
    }
    this.facts.dataset.key = key;
    this.facts.replaceChildren(
        h('h2', {id: 'facts-title'}, 'Settings'),
        ...facts(job, settings),
        job.truncatedFields ? h('p.faint', {}, `Not shown because of its size: ${job.truncatedFields.join(', ')}.`) : '',
        h('div.links', {},
            job.request ? copyButton('Copy as request', () => this.asRequest(job, settings)) : '',
            copyButton('Copy id', () => job.id),
            ...files.map(n => h('a.quiet', {href: at(links[n]), target: '_blank', rel: 'noopener', onclick: follow(links[n])}, n))));
  }

  /** Events are read with the job; what changes meanwhile is progress. */
  drawTimes(job) {
    this.events = withProgress(job.events || this.events, job);
    const key = JSON.stringify([job.since, job.state, this.events]);
    if (this.times.dataset.key !== key) {
      this.times.dataset.key = key;
      this.times.replaceChildren(...timesOf(job, this.events));
    }
  }

  /** The whole request, with the model version and settings that were used. */
  async asRequest(job, settings) {
    const {id, ...request} = JSON.parse(await text(`/api/jobs/${job.id}/request`));
    const used = ['model', 'sampler', 'steps', 'schedule', 'classLabel'].filter(name => settings[name] !== undefined);
    return JSON.stringify({...request, ...Object.fromEntries(used.map(name => [name, settings[name]]))}, null, 2);
  }
}

/** On a phone the list is a page of its own. */
function back() {
  return h('p.back', {}, h('a.quiet', {href: '#/jobs'}, '‹ All jobs'));
}
