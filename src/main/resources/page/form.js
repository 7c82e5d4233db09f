// The form for new jobs. The server validates it; its message is shown at the field that it names.

import {call, h, Refusal} from './api.js';

const SAMPLERS = ['euler', 'midpoint', 'heun', 'rk4', 'ab2', 'ab3'];
const INLINE_MAX = 131072;

export class Form {
  constructor(main, announce) {
    this.main = main;
    this.announce = announce;
    this.values = {};
  }

  /** Fills the form with another job's settings. */
  from(job) {
    const {id, condition, ...request} = job.request;
    this.values = {...request, model: request.model || job.model};
  }

  /** Ignores answers that are still to come. */
  hide() {
    this.showing = null;
  }

  async show() {
    const mine = {};
    this.showing = mine;
    const title = h('h1', {tabIndex: -1}, 'New job');
    this.main.replaceChildren(title, h('p.faint', {}, 'Reading the models…'));
    let models;
    try {
      ({models} = await call('/api/models'));
    } catch (e) {
      if (this.showing === mine) {
        this.main.replaceChildren(title, h('p.problem', {role: 'alert'}, e.message));
      }
      return;
    }
    if (this.showing !== mine) {
      return;
    }
    this.models = models.filter(m => m.channels === 1 || m.channels === 3);
    this.build(title);
  }

  build(title) {
    const v = this.values;
    const newest = this.models.filter(m => m.newest || m.bundled);
    const names = new Set([...newest.map(m => m.name), ...(v.model ? [v.model] : [])]);
    this.model = h('select', {name: 'model', onchange: () => this.modelChanged()},
        ...[...names].map(n => h('option', {value: n, selected: n === v.model}, n)));
    this.count = this.number('count', 1, 10000, v.count ?? 4);
    this.seed = this.number('seed', 0, 2 ** 53 - 1, v.seed ?? Math.floor(Math.random() * 1e6));
    this.steps = this.number('steps', 1, 1000, v.steps ?? '');
    this.sampler = h('select', {name: 'sampler'}, h('option', {value: ''}, 'the model’s own'),
        ...SAMPLERS.map(s => h('option', {selected: s === v.sampler}, s)));
    this.schedule = h('select', {name: 'schedule'},
        ...['uniform', 'cosine', 'tuned'].map(s => h('option', {selected: s === v.schedule}, s)));
    this.classLabel = h('select', {name: 'classLabel'});
    this.guidance = this.number('guidance', 0, 100, v.guidance ?? 1);
    this.guidance.step = 'any';
    this.guidance.inputMode = 'decimal';
    this.condition = h('input', {type: 'file', name: 'condition', accept: 'image/png,image/jpeg'});
    this.way = h('input', {type: 'checkbox', name: 'way', checked: Boolean(v.output?.trajectory)});
    this.grid = h('input', {type: 'checkbox', name: 'grid', checked: Boolean(v.output?.grid)});
    this.card = h('p.faint.card');
    const dice = h('button.quiet', {type: 'button', onclick: () => {
      this.seed.value = Math.floor(Math.random() * 1e6);
    }}, 'another');
    this.classRow = this.row('Class', this.classLabel, 'classLabel');
    this.guidanceRow = this.row('Guidance', this.guidance, 'guidance');
    this.conditionRow = this.row('Condition', this.condition, 'condition');
    this.problem = h('p.problem', {role: 'alert', hidden: true});
    this.send = h('button.primary', {id: 'send'}, 'Generate images');
    const form = h('form.ask', {noValidate: true, onsubmit: event => this.submit(event)},
        this.row('Model', this.model, 'model'), this.card,
        h('div.pair', {}, this.row('Images', this.count, 'count'), this.row('Seed', this.seed, 'seed', dice)),
        h('div.triple', {}, this.row('Steps', this.steps, 'steps'), this.row('Solver', this.sampler, 'sampler'),
            this.row('Spacing of α', this.schedule, 'schedule')),
        this.classRow, this.guidanceRow, this.conditionRow,
        h('label.check', {}, this.way, 'show the trajectory from noise: each image is an animation'),
        h('label.check', {}, this.grid, 'also all images in one grid'),
        this.problem, h('div.actions', {}, this.send));
    this.form = form;
    this.main.replaceChildren(title, form);
    if (!this.models.length) {
      this.problem.hidden = false;
      this.problem.textContent = 'This system has no model that generates images yet: train one, or publish one with “models push”.';
      this.send.disabled = true;
    } else {
      this.modelChanged();
    }
  }

  number(name, min, max, value) {
    return h('input', {type: 'number', name, min, max, value, inputMode: 'numeric'});
  }

  row(label, input, field, more) {
    input.id = `field-${field}`;
    const message = h('span.field-problem', {id: `problem-${field}`});
    const row = h('div.field', {}, h('label', {htmlFor: input.id}, label), input, more, message);
    row.dataset.field = field;
    return row;
  }

  chosen() {
    return this.models.find(m => m.name === this.model.value && (m.newest || m.bundled))
        || this.models.find(m => m.reference === this.model.value) || this.models[0];
  }

  modelChanged() {
    const m = this.chosen();
    this.steps.placeholder = m.steps || 32;
    const size = m.width ? `${m.width}×${m.height}, ` : '';
    this.card.textContent = `${size}${m.channels === 1 ? 'grey' : 'colour'}${m.sampler ? `, by default ${m.sampler} with ${m.steps || 32} steps` : ''}${m.licence ? ` · ${m.licence}` : ''}`;
    for (const option of this.schedule.options) {
      option.disabled = option.value === 'tuned' && !m.tuned.length;
    }
    if (this.schedule.selectedOptions[0]?.disabled) {
      this.schedule.value = 'uniform';
    }
    this.classRow.hidden = !m.classes;
    this.guidanceRow.hidden = !m.guided && !m.condition.some(c => c.optional);
    this.conditionRow.hidden = !m.condition.length;
    if (m.classes) {
      const count = Math.min(m.classes - (m.guided ? 1 : 0), 1000);
      this.classLabel.replaceChildren(...Array.from({length: count}, (_, i) =>
          h('option', {value: i, selected: i === this.values.classLabel}, m.classNames[i] ? `${i} · ${m.classNames[i]}` : `${i}`)));
    }
  }

  async request() {
    const number = input => (input.value === '' ? undefined : Number(input.value));
    const m = this.chosen();
    const request = {
      model: this.model.value,
      count: number(this.count),
      seed: number(this.seed),
      steps: number(this.steps),
      sampler: this.sampler.value || undefined,
      schedule: this.schedule.value,
      classLabel: m.classes ? Number(this.classLabel.value) : undefined,
      guidance: this.guidanceRow.hidden || this.guidance.value === '1' ? undefined : number(this.guidance),
      output: {trajectory: this.way.checked, grid: this.grid.checked},
    };
    const file = this.condition.files[0];
    if (!this.conditionRow.hidden && file) {
      request.condition = await inline(file);
    }
    return request;
  }

  async submit(event) {
    event.preventDefault();
    this.clear();
    this.send.disabled = true;
    try {
      const request = await this.request();
      const answer = await call('/api/jobs', request);
      this.values = {...request, condition: undefined, seed: undefined};
      this.announce(`Job ${answer.id} is queued`);
      location.hash = `#/jobs/${answer.id}`;
    } catch (e) {
      this.refused(e);
    } finally {
      this.send.disabled = false;
    }
  }

  clear() {
    this.problem.hidden = true;
    for (const each of this.form.querySelectorAll('.field')) {
      each.classList.remove('wrong');
      each.querySelector('.field-problem').textContent = '';
      each.querySelector('input,select').removeAttribute('aria-describedby');
      each.querySelector('input,select').removeAttribute('aria-invalid');
    }
  }

  refused(e) {
    const field = e instanceof Refusal ? e.field.split('.')[0] : '';
    const row = field && this.form.querySelector(`[data-field="${CSS.escape(field)}"]:not([hidden])`);
    if (row) {
      row.classList.add('wrong');
      row.querySelector('.field-problem').textContent = e.message;
      const input = row.querySelector('input,select');
      input.setAttribute('aria-describedby', `problem-${field}`);
      input.setAttribute('aria-invalid', 'true');
      input.focus();
      this.announce(e.message);
    } else {
      this.problem.hidden = false;
      this.problem.textContent = e.message;
    }
  }
}

async function inline(file) {
  if (file.size > INLINE_MAX) {
    throw new Refusal(400, 'condition', `${file.name} has ${file.size} bytes; an image in a request may have ${INLINE_MAX}. Put it into the bucket and name its key.`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return {mediaType: file.type || 'image/png', data: btoa(text)};
}
