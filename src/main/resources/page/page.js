// Combines list, job, form and figure; the fragment of the address selects what is shown.

import {call, h, listen, onTokenNeeded} from './api.js';
import {Board} from './board.js';
import {Detail, wall} from './detail.js';
import {Figure} from './figure.js';
import {Form} from './form.js';

const LIST = 500;
const AGAIN_MILLIS = 2000;
const byId = id => document.getElementById(id);
const main = byId('main');
let next = '';
let loading = null;
let stale = true; // what is shown: changes may have been missed
let held = [];
let drawWall = () => {};

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

const board = new Board(byId('jobs'), byId('filters'), () => {
  board.redraw();
  read();
});
const form = new Form(main, announce);
const figure = new Figure(main);
const detail = new Detail(main, announce, job => {
  form.from(job);
  location.hash = '#/new';
});
board.onDrawn = () => drawWall();

/**
 * Reads the newest jobs, or those after a cursor. Events received meanwhile are newer and are
 * applied afterwards.
 */
async function read(after = '') {
  const mine = {};
  loading = mine;
  let failed = false;
  try {
    const filter = board.state ? `&state=${board.state}` : '';
    const from = after ? `&after=${encodeURIComponent(after)}` : '';
    const answer = await call(`/api/jobs?limit=${LIST}${filter}${from}`);
    if (loading !== mine) {
      return;
    }
    after || (filter && !stale) ? board.add(answer.jobs) : board.reset(answer.jobs);
    stale = stale && Boolean(after);
    older(answer.next);
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

function older(mark) {
  next = mark || '';
  byId('more').hidden = !next;
  board.whole = !next;
}

let asked = 0;

function apply(job) {
  const known = board.jobs.get(job.id);
  board.put({...job, links: known?.links});
  if (detail.id === job.id) {
    if (!detail.job) {
      detail.show(job.id);
    } else if (job.state !== known?.state || !known) {
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

/** Fill and step time of the last two seconds. */
function figures(now) {
  const text = [];
  if (before && now.passes >= before.passes) {
    const passes = now.passes - before.passes;
    const rows = now.rowSteps - before.rowSteps;
    const spare = now.spareRows - before.spareRows;
    if (passes) {
      text.push(['fill', `${Math.round((100 * rows) / (rows + spare))} %`]);
      text.push(['step', `${((1000 * (now.stepSeconds - before.stepSeconds)) / passes).toFixed(0)} ms`]);
      text.push(['images', `${now.rowsUnderWay} in progress`]);
    } else {
      text.push(['', 'idle']);
    }
    if (now.rowsWaiting) {
      text.push(['', `${now.rowsWaiting} waiting`]);
    }
  }
  before = now;
  byId('figures').replaceChildren(
      ...text.map(([name, value]) => h('span', {}, name ? h('span.faint', {}, `${name} `) : '', value)));
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

function route(focus) {
  const hash = location.hash.replace(/^#/, '') || '/';
  const job = hash.match(/^\/jobs\/([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/);
  detail.hide();
  form.hide();
  figure.hide();
  drawWall = () => {};
  let page = 'jobs';
  if (job) {
    page = '';
    detail.show(job[1]);
  } else if (hash === '/new') {
    page = 'new';
    form.show();
  } else if (hash === '/method') {
    page = 'method';
    figure.show();
  } else {
    drawWall = wall(main, board);
    drawWall();
  }
  board.select(job ? job[1] : '');
  document.body.classList.toggle('open', hash !== '/');
  for (const link of document.querySelectorAll('nav a')) {
    link.dataset.page === page ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
  }
  document.title = job ? `${job[1]} · Mezzotint` : 'Mezzotint';
  main.scrollTop = 0;
  if (focus) {
    main.focus({preventScroll: true});
  }
}

// The fragment selects the page, so the skip link must not change it.
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault();
  main.focus();
});

addEventListener('hashchange', () => route(true));
route(false);
