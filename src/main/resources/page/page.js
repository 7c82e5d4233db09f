// Combines list, job, form and figure; the fragment of the address selects what is shown.

import {call, h, listen, onTokenNeeded, span} from './api.js';
import {Board, expected} from './board.js';
import {Detail} from './detail.js';
import {Figure} from './figure.js';
import {Form} from './form.js';
import {applyPixels} from './image.js';
import * as notify from './notify.js';
import {wall} from './wall.js';

const LIST = 500;
const AGAIN_MILLIS = 2000;
const COUNTS_MILLIS = 3000;
const RATE_MILLIS = 20000;
const byId = id => document.getElementById(id);
const main = byId('main');
let next = '';
let loading = null;
let stale = true; // what is shown: changes may have been missed
let held = [];
let start = null; // the start page, while it is shown

onTokenNeeded(wrong => new Promise(resolve => {
  const dialog = byId('token');
  byId('token-wrong').hidden = !wrong;
  if (!dialog.open) {
    dialog.showModal();
  }
  dialog.addEventListener('close', () => resolve(byId('token-value').value.trim()), {once: true});
}));

function announce(text) {
  byId('announce').textContent = text;
}

const board = new Board(byId('jobs'), {
  filters: byId('filters'),
  search: byId('search'),
  model: byId('filter-model'),
  tenant: byId('filter-tenant'),
  empty: byId('no-jobs'),
}, () => {
  const query = new URLSearchParams(board.filter).toString();
  const [path] = here();
  const place = path.startsWith('/jobs/') ? path : '/jobs';
  history.replaceState(null, '', `#${place}${query ? `?${query}` : ''}`);
  board.redraw();
  read();
  mark();
});
const form = new Form(main, announce);
const figure = new Figure(main);
const detail = new Detail(main, announce, job => {
  form.from(job);
  location.hash = job.kind === 'training' ? '#/train' : '#/new';
});
board.onDrawn = () => start?.draw();

/** The path and the query of the address's fragment. */
function here() {
  const [path, query = ''] = (location.hash.replace(/^#/, '') || '/').split('?');
  return [path, new URLSearchParams(query)];
}

/**
 * Reads the newest jobs, or those after a cursor. Events received meanwhile are newer and are
 * applied afterwards.
 */
async function read(after = '') {
  const mine = {};
  loading = mine;
  let failed = false;
  try {
    const filter = new URLSearchParams(board.filter).toString();
    const from = after ? `&after=${encodeURIComponent(after)}` : '';
    const answer = await call(`/api/jobs?limit=${LIST}${filter ? `&${filter}` : ''}${from}`);
    if (loading !== mine) {
      return;
    }
    board.loaded = true;
    board.counts = answer.counts;
    if (after || (filter && !stale)) {
      board.add(answer.jobs);
    } else {
      board.reset(answer.jobs);
      board.whole = false; // until all jobs are known, not only those of a filter
    }
    stale = stale && Boolean(after);
    older(answer.next, filter);
    start?.draw();
    showConnection();
  } catch (e) {
    failed = true;
    byId('connection').textContent = e.message;
  } finally {
    if (loading === mine) {
      loading = null;
      held.forEach(apply);
      held = [];
      if (failed && !after) {
        // Events continue from here, so nothing else would deliver what is missing.
        setTimeout(() => loading || read(), AGAIN_MILLIS);
      }
    }
  }
}

let connected = false;

function showConnection() {
  const line = byId('connection');
  line.textContent = connected ? 'live' : 'disconnected, reconnecting';
  line.className = `connection ${connected ? 'on' : 'off'}`;
}

byId('more').addEventListener('click', () => loading || read(next));

function older(mark, filter) {
  next = mark || '';
  byId('more').hidden = !next;
  if (!filter) {
    board.whole = !next;
  }
  board.drawFilters();
}

let asked = 0;
let counting = null;

/** The exact numbers of jobs, if the page does not know all of them. */
function count() {
  if (!board.whole && !counting) {
    counting = setTimeout(() => {
      call('/api/jobs?limit=1').then(({counts}) => {
        board.counts = counts;
        board.drawFilters();
      }, () => {}).finally(() => {
        counting = null;
      });
    }, COUNTS_MILLIS);
  }
}

const made = []; // [time, images] of the last seconds

/** Images a second, and how long the images that are waited for take. */
function rate() {
  const now = performance.now();
  while (made.length && now - made[0][0] > RATE_MILLIS) {
    made.shift();
  }
  const passed = made.length ? Math.max(4000, now - made[0][0]) : RATE_MILLIS;
  const perSecond = (1000 * made.reduce((sum, [, n]) => sum + n, 0)) / passed;
  let left = 0;
  for (const job of board.jobs.values()) {
    if (['queued', 'running'].includes(job.state) && job.kind !== 'training') {
      left += Math.max(0, (expected(job) ?? 1) - (job.images || 0));
    }
  }
  return {perSecond, left};
}

function apply(job) {
  const known = board.jobs.get(job.id);
  board.put({...job, links: known?.links});
  const added = (job.images || 0) - (known?.images || 0);
  if (known && added > 0) {
    made.push([performance.now(), added]);
  }
  const over = j => !['queued', 'running'].includes(j.state);
  if (known && !over(known) && over(job)) {
    notify.ended(job);
  }
  count();
  if (detail.id === job.id) {
    if (!detail.job) {
      detail.show(job.id);
    } else if (job.state !== known?.state || job.attempt !== known.attempt) {
      const mine = ++asked;
      call(`/api/jobs/${job.id}`).then(
          whole => mine === asked && detail.update(whole),
          () => mine === asked && detail.update(job));
    } else {
      detail.update({...job, links: known?.links});
    }
  }
}

let before = null;

/** Throughput of the system, fill and step time of this worker in the last two seconds. */
function figures(now) {
  const shown = [];
  const {perSecond, left} = rate();
  if (perSecond > 0) {
    shown.push(['', `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)} images/s`, 'Images of all workers in the last 20 seconds', 'rate']);
    if (left) {
      shown.push(['', `about ${span(left / perSecond)} to empty`, `${left.toLocaleString()} images are requested and not finished`, 'rate']);
    }
  } else if (left) {
    shown.push(['', `${left.toLocaleString()} image${left === 1 ? '' : 's'} to do`, 'Requested and not finished', 'rate']);
  }
  if (before && now.passes >= before.passes) {
    const passes = now.passes - before.passes;
    const rows = now.rowSteps - before.rowSteps;
    const spare = now.spareRows - before.spareRows;
    if (passes) {
      shown.push(['fill', `${Math.round((100 * rows) / (rows + spare))} %`, 'Share of the rows of this worker’s passes that images needed', '']);
      shown.push(['step', `${((1000 * (now.stepSeconds - before.stepSeconds)) / passes).toFixed(0)} ms`, 'Time of one pass of the network on this worker', '']);
    } else if (!left) {
      shown.push(['', 'idle', 'This worker has nothing to do', '']);
    }
  }
  before = now;
  byId('figures').replaceChildren(...shown.map(([name, value, title, kind]) =>
      h(`span${kind ? `.${kind}` : ''}`, {title}, name ? h('span.faint', {}, `${name} `) : '', value)));
}

listen(({event, data}) => {
  if (event === 'job') {
    loading ? held.push(data) : apply(data);
  } else if (event === 'figures') {
    figures(data);
  } else if (event === 'reset' || (event === 'hello' && !data.resumed)) {
    stale = true;
    read();
    if (detail.id) {
      detail.show(detail.id);
    }
  }
}, now => {
  connected = now;
  showConnection();
});

/** Marks where the page is: in the list, the navigation and the title. */
function mark() {
  const [path] = here();
  const job = path.match(JOB)?.[1] || '';
  board.select(job);
  const page = job || path === '/jobs' ? 'list' : path === '/train' ? 'new' : path.slice(1) || 'images';
  document.body.dataset.at = job ? 'job' : page;
  for (const link of document.querySelectorAll('nav a')) {
    link.dataset.page === page ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
  }
  notify.setTitle(job ? `${job} · Mezzotint` : 'Mezzotint');
}

const JOB = /^\/jobs\/([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/;

function route(focus) {
  const [path, query] = here();
  const job = path.match(JOB);
  detail.hide();
  form.hide();
  figure.hide();
  start?.hide();
  start = null;
  if ((path === '/jobs' || query.size) && board.setFilter(Object.fromEntries(query))) {
    board.redraw();
    read();
  }
  if (job) {
    detail.show(job[1]);
  } else if (path === '/new' || path === '/train') {
    form.show(path.slice(1));
  } else if (path === '/method') {
    figure.show();
  } else {
    start = wall(main, board, announce);
    start.draw();
  }
  mark();
  main.scrollTop = 0;
  if (focus) {
    const list = path === '/jobs' && !main.checkVisibility();
    (list ? byId('jobs-title') : main).focus({preventScroll: true});
    scrollTo(0, 0);
    document.querySelector('.columns').scrollTop = 0;
  }
}

// The fragment selects the page, so the skip link must not change it.
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault();
  main.focus();
});

// As on many sites, '/' leads to the search.
addEventListener('keydown', event => {
  const typing = event.target.closest('input, select, textarea, dialog, [role=application]');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && byId('search').checkVisibility()) {
    event.preventDefault();
    byId('search').focus();
  }
});

applyPixels();
addEventListener('hashchange', () => route(true));
route(false);
