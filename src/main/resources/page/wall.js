// The start page: all images under way, and the newest ones that are finished.

import {call, h} from './api.js';
import {expected, imagesText, modelOf, progress} from './board.js';
import {emerge, image, noise} from './image.js';

const NEWEST = 18;
const RUNNING = 6;
const TILES = 8;
const PREVIEW_MILLIS = 700;

/** A request for four images of a model that needs nothing else; null if there is no such model. */
export function firstRequest(models) {
  const fit = models.filter(m => (m.channels === 1 || m.channels === 3) && m.p0 === 'gaussian'
      && m.condition.every(part => part.optional));
  const model = fit.find(m => m.name === 'avatars-64') || fit.find(m => m.name === 'avatars-32')
      || fit.find(m => !m.classes && !m.condition.length) || fit[0];
  return model
      ? {
        model: model.bundled ? model.name : model.reference,
        count: 4,
        seed: Math.floor(Math.random() * 1e6),
        ...(model.classes ? {classLabel: Math.floor(Math.random() * Math.min(model.classes - 1, 10))} : {}),
      }
      : null;
}

/**
 * @param board jobs that are known
 * @param announce says a text to screen readers
 * @return {draw, hide}
 */
export function wall(main, board, announce) {
  const title = h('h1', {tabIndex: -1}, 'Images');
  const queue = h('p.faint', {'aria-live': 'off'});
  const running = h('div.under-way');
  const now = h('section', {'aria-labelledby': 'now-title', hidden: true}, h('h2', {id: 'now-title'}, 'Under way'), running);
  const tiles = h('div.wall');
  const newest = h('section', {'aria-labelledby': 'newest-title', hidden: true}, h('h2', {id: 'newest-title'}, 'Newest'), tiles);
  const empty = h('div');
  main.replaceChildren(title, queue, empty, now, newest);
  const plates = new Map();
  const cards = new Map();
  let shown = true;

  function draw() {
    const jobs = [...board.jobs.values()];
    const active = jobs.filter(j => j.state === 'running').sort((a, b) => Date.parse(a.since) - Date.parse(b.since)).slice(0, RUNNING);
    const waiting = jobs.filter(j => j.state === 'queued');
    queue.textContent = waiting.length ? `${waiting.length} job${waiting.length === 1 ? ' waits' : 's wait'} for a worker.` : '';
    keep(running, cards, active, job => card(job, () => shown && running.isConnected));
    active.forEach(job => cards.get(job.id)?.update(job));
    now.hidden = !active.length;
    const done = jobs
        .filter(j => j.state === 'completed' && j.kind === 'generation' && j.images)
        .sort((a, b) => Date.parse(b.updated) - Date.parse(a.updated))
        .slice(0, NEWEST);
    keep(tiles, plates, done, plate);
    newest.hidden = !done.length;
    const none = board.loaded && !active.length && !done.length && !waiting.length;
    if (none && !empty.firstChild) {
      empty.append(welcome(announce));
    } else if (!none) {
      empty.replaceChildren();
    }
  }

  return {
    draw,
    hide() {
      shown = false;
    },
  };
}

/** Shows one element for each job; elements that are shown already are kept. */
function keep(parent, known, jobs, create) {
  const wanted = jobs.map(job => {
    if (!known.has(job.id)) {
      known.set(job.id, create(job));
    }
    return known.get(job.id);
  });
  const ids = new Set(jobs.map(job => job.id));
  for (const id of known.keys()) {
    if (!ids.has(id)) {
      known.delete(id);
    }
  }
  if (wanted.length !== parent.children.length || wanted.some((e, i) => e !== parent.children[i])) {
    parent.replaceChildren(...wanted);
  }
}

/** The first visit: one button that leads to images. */
function welcome(announce) {
  const problem = h('p.problem', {role: 'alert', hidden: true});
  const button = h('button.primary.large', {type: 'button', id: 'first', disabled: true}, 'Make 4 images');
  let request = null;
  call('/api/models').then(({models}) => {
    request = firstRequest(models);
    button.disabled = !request;
    button.textContent = request?.model.startsWith('avatars-') ? 'Make 4 faces' : 'Make 4 images';
    if (!request) {
      problem.hidden = false;
      problem.textContent = 'There is no model that generates images from noise alone yet: train one, or use the form.';
    }
  }, e => {
    problem.hidden = false;
    problem.textContent = e.message;
  });
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      const answer = await call('/api/jobs', request);
      announce(`Job ${answer.id} is queued`);
      location.hash = `#/jobs/${answer.id}`;
    } catch (e) {
      problem.hidden = false;
      problem.textContent = e.message;
      button.disabled = false;
    }
  });
  return h('div.welcome', {},
      h('p.lead', {}, 'Images emerge here from noise, step by step, as a worker generates them.'),
      button, problem,
      h('p', {}, h('a.quiet', {href: '#/new'}, 'Choose model and settings'), ' · ',
          h('a.quiet', {href: '#/method'}, 'See how it works')));
}

/** A running job: its images as they emerge, or the newest samples of a training. */
function card(job, visible) {
  const bar = h('progress', {max: 100, 'aria-label': `Progress of ${job.id}`});
  const text = h('span');
  const places = h('span.tiles');
  const count = Math.max(1, Math.min(TILES, expected(job) || TILES));
  if (job.kind !== 'training') {
    places.append(...Array.from({length: count}, (_, i) => noise(i)));
  }
  const element = h('figure.card-job', {},
      h('a', {href: `#/jobs/${job.id}`, 'aria-label': `Job ${job.id}, running`}, places),
      bar, h('figcaption', {}, h('span', {}, job.id), text));
  let current = job;
  let sampled = -1;
  element.update = next => {
    current = next;
    const percent = progress(next);
    percent === null ? bar.removeAttribute('value') : bar.value = percent;
    text.textContent = next.kind === 'training'
        ? `${modelOf(next)} · step ${(next.iteration || 0).toLocaleString()}`
        : `${imagesText(next)} · ${modelOf(next).split('@')[0]}`;
    const due = Math.floor((next.iteration || 0) / 50);
    if (next.kind === 'training' && due !== sampled) {
      sampled = due;
      samples(next, places);
    }
  };
  if (job.kind !== 'training') {
    previews(job.id, places, () => visible() && element.isConnected && current.state === 'running');
  }
  return element;
}

async function samples(job, places) {
  try {
    const {files} = await call(`/api/jobs/${job.id}/results?limit=1`);
    const newest = files.filter(f => f.key.includes('/samples/')).pop();
    if (newest && places.dataset.key !== newest.key) {
      places.dataset.key = newest.key;
      places.classList.add('whole');
      places.replaceChildren(image(newest.path, `Newest samples of ${job.id}`));
    }
  } catch {
    // shown with a later event
  }
}

/** A finished image stays in its place until another row needs it. */
async function previews(id, places, wanted) {
  const taken = new Map(); // place by row
  await new Promise(resolve => setTimeout(resolve, 0)); // until the card is on the page
  while (wanted()) {
    if (!document.hidden) {
      let rows = [];
      try {
        ({rows} = await call(`/api/jobs/${id}/preview`));
      } catch {
        // asked again below
      }
      const now = new Set(rows.map(row => row.index));
      for (const row of rows) {
        let place = taken.get(row.index);
        if (!place) {
          const free = [...places.children].find(p => ![...taken.values()].includes(p))
              || [...taken].find(([index]) => !now.has(index))?.[1];
          if (!free) {
            break;
          }
          for (const [index, at] of taken) {
            if (at === free) {
              taken.delete(index);
            }
          }
          taken.set(row.index, free);
          place = free;
        }
        emerge(place, row);
      }
    }
    await new Promise(resolve => setTimeout(resolve, PREVIEW_MILLIS));
  }
}

/** A finished job's first images as one plate. */
function plate(job) {
  const shown = job.images < 4 ? 1 : 4;
  const images = h(`span.plate.n${shown}`);
  const figure = h('figure', {},
      h('a', {href: `#/jobs/${job.id}`, 'aria-label': `Job ${job.id}, ${imagesText(job)}`}, images),
      h('figcaption', {}, h('span', {}, job.id), h('span', {}, `${job.images} · ${modelOf(job).split('@')[0]}`)));
  call(`/api/jobs/${job.id}/results?limit=4`).then(results => {
    images.append(...results.images.filter(i => i.path).slice(0, shown).map(i => image(i.path, '')));
  }, () => {});
  return figure;
}
