// What happened to a job and when: where its time went.

import {h, span} from './api.js';
import {modelOf} from './board.js';

/** Names of the parts of a job's time, in their order. */
const PARTS = {
  queue: 'in the queue',
  start: 'until its first steps',
  work: 'computing',
  store: 'storing what was left',
  again: 'between attempts',
};

/**
 * The events that are known, with the progress of a job that has changed since they were read.
 *
 * @param known the events of GET /api/jobs/ID
 */
export function withProgress(known, job) {
  const last = known[known.length - 1];
  const advanced = (job.done || 0) + (job.iteration || 0) + (job.pairs || 0);
  if (job.state !== 'running' || !advanced || !last || last.attempt !== job.attempt || Date.parse(job.updated) <= Date.parse(last.time)) {
    return known;
  }
  const before = known[known.length - 2];
  const replaced = last.type === 'progressed' && before?.type === 'progressed' && before.attempt === last.attempt && !computed(last);
  const {done, total, images, iteration, pairs} = job;
  const now = {type: 'progressed', time: job.updated, attempt: job.attempt, done, total, images, iteration, pairs};
  return [...(replaced ? known.slice(0, -1) : known), now];
}

function computed(event) {
  return event.done > 0 && event.done >= event.total;
}

/** What an event says, and which part of the job's time ended with it. */
function words(event, before) {
  const first = before?.type !== 'progressed';
  switch (event.type) {
    case 'accepted':
      return ['Taken from the queue', 'queue'];
    case 'started': {
      const on = event.worker ? ` on ${event.worker}` : '';
      const again = before && before.attempt !== event.attempt && before.type !== 'accepted';
      return [event.attempt > 1 ? `Attempt ${event.attempt} started${on}` : `Started${on}`, again ? 'again' : 'queue'];
    }
    case 'progressed': {
      const figures = event.pairs && !event.iteration
          ? `${event.pairs.toLocaleString()} pairs`
          : event.iteration
              ? `step ${event.iteration.toLocaleString()}`
              : `${event.done.toLocaleString()} of ${event.total.toLocaleString()} evaluations`;
      const images = event.images ? `, ${event.images.toLocaleString()} image${event.images === 1 ? '' : 's'} stored` : '';
      const word = computed(event) ? 'All computed' : first ? 'First steps' : 'Progress';
      return [`${word}: ${figures}${images}`, first ? 'start' : before && computed(before) ? 'store' : 'work'];
    }
    default: {
      const part = before?.type === 'progressed' ? (computed(before) ? 'store' : 'work') : before?.type === 'started' ? 'work' : 'queue';
      return [event.type[0].toUpperCase() + event.type.slice(1), part];
    }
  }
}

/** Rows {time, text, part, seconds} from the request to the newest event. */
function timeline(job, events) {
  const rows = [{time: job.since, text: 'Submitted', type: 'queued'}];
  let before = null;
  for (const event of events) {
    const [text, part] = words(event, before);
    const seconds = Math.max(0, (Date.parse(event.time) - Date.parse(rows[rows.length - 1].time)) / 1000);
    rows.push({time: event.time, text, part, seconds, type: event.type});
    before = event;
  }
  return rows;
}

/** Seconds of a job by part. */
function sums(rows) {
  const all = {};
  for (const {part, seconds} of rows) {
    if (part) {
      all[part] = (all[part] || 0) + seconds;
    }
  }
  return Object.keys(PARTS).filter(part => all[part]).map(part => [part, all[part]]);
}

function clock(time) {
  return new Date(time).toLocaleTimeString(undefined, {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'});
}

/** A bar of the parts of the job's time, and a table of its events. */
export function timesOf(job, events) {
  const rows = timeline(job, events);
  const parts = sums(rows);
  const total = parts.reduce((sum, [, seconds]) => sum + seconds, 0);
  const bar = h('div.parts', {'aria-hidden': 'true'}, ...parts.map(([part, seconds]) => {
    const piece = h(`span.part.${part}`, {title: `${span(seconds)} ${PARTS[part]}`});
    piece.style.flexGrow = seconds / total;
    return piece;
  }));
  const first = rows.length > 1 ? `${new Date(job.since).toLocaleDateString()} · ` : '';
  return [
    total ? bar : '',
    h('p.legend', {id: 'parts'}, ...(total
        ? parts.map(([part, seconds]) => h('span', {}, h(`span.part.${part}`, {'aria-hidden': 'true'}), `${span(seconds)} ${PARTS[part]}`))
        : [`Submitted ${new Date(job.since).toLocaleString()}${job.state === 'queued' ? ', no worker has taken it yet' : ''}.`])),
    h('table.events', {}, h('caption.unseen', {}, `Events of ${job.id}`),
        h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Time'), h('th', {scope: 'col'}, 'Event'), h('th.num', {scope: 'col'}, 'Duration'))),
        h('tbody', {}, ...rows.map((row, i) => h('tr', {},
            h('td', {title: new Date(row.time).toLocaleString()}, clock(row.time)),
            h('td', {}, row.text, i === 0 && modelOf(job) ? h('span.faint', {}, ` ${first}${modelOf(job)}`) : ''),
            h('td.num', {}, row.seconds === undefined ? '' : row.seconds < 0.01 ? '0 s' : row.seconds < 10 ? `${row.seconds.toFixed(2)} s` : span(row.seconds)))))),
  ];
}
