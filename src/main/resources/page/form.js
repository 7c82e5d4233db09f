// The form for new jobs. The server validates it; its message is shown at the field that it names.
// Members of a request that have no field of their own are kept as JSON.

import {call, h, Refusal, text} from './api.js';
import {image, settingsOf} from './image.js';

const SAMPLERS = ['euler', 'midpoint', 'heun', 'rk4', 'ab2', 'ab3'];
const INLINE_MAX = 131072;
const SOURCES = [['file', 'files of this computer'], ['key', 'an object of the store'], ['prefix', 'all objects with a prefix'], ['zip', 'a zip in the store']];
const FIELDS = ['id', 'model', 'count', 'seed', 'steps', 'sampler', 'schedule', 'classLabel', 'guidance', 'condition', 'canvas', 'variations', 'noise', 'output', 'priority', 'tenant', 'deadline'];

export class Form {
  constructor(main, announce) {
    this.main = main;
    this.announce = announce;
    this.values = {};
    this.source = null;
    this.note = '';
  }

  /** Fills the form with the whole request of another job. */
  from(job) {
    this.source = job;
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
      if (this.source) {
        await this.take(this.source);
      }
    } catch (e) {
      if (this.showing === mine) {
        this.main.replaceChildren(title, h('p.problem', {role: 'alert'}, e.message));
      }
      return;
    }
    if (this.showing !== mine) {
      return;
    }
    this.source = null;
    this.models = models.filter(m => m.channels === 1 || m.channels === 3);
    this.values.network || this.values.dataset ? this.buildTraining(title) : this.build(title);
  }

  async take(job) {
    const {id, ...short} = job.request;
    this.note = `Settings of job ${job.id}.`;
    try {
      const {id: old, ...whole} = JSON.parse(await text(`/api/jobs/${job.id}/request`));
      this.values = whole;
    } catch {
      this.values = short;
      if (job.truncatedFields) {
        this.note = `The request of job ${job.id} is no longer in its topic: ${job.truncatedFields.join(', ')} must be given again.`;
      }
    }
    if (this.values.deadline && Date.parse(this.values.deadline) < Date.now()) {
      delete this.values.deadline;
      this.note += ' Its deadline has passed and is left out.';
    }
  }

  /** A training: its whole request as JSON. */
  buildTraining(title) {
    const area = h('textarea', {name: 'whole', rows: 24, spellcheck: false, value: JSON.stringify(this.values, null, 2)});
    this.send = h('button.primary', {id: 'send'}, 'Train');
    this.problem = h('p.problem', {role: 'alert', hidden: true});
    this.request = async () => json(area.value, 'whole', 'The request');
    this.form = h('form.ask', {noValidate: true, onsubmit: event => this.submit(event)},
        this.note ? h('p.faint', {}, this.note) : '', this.row('Training request (JSON)', area, 'whole'),
        this.problem, h('div.actions', {}, this.send, this.restart()));
    this.main.replaceChildren(title, this.form);
  }

  restart() {
    return h('button.quiet', {
      type: 'button', onclick: () => {
        this.values = {};
        this.note = '';
        this.show();
      },
    }, 'Clear');
  }

  build(title) {
    const v = this.values;
    const newest = this.models.filter(m => m.newest || m.bundled);
    const names = new Set([...newest.map(m => m.name), ...(v.model ? [v.model] : [])]);
    this.request = () => this.read();
    this.model = h('select', {name: 'model', onchange: () => this.modelChanged()},
        ...[...names].map(n => h('option', {value: n, selected: n === v.model}, n)));
    this.count = this.number('count', 1, 10000, v.count ?? (v.seeds || v.interpolate ? '' : 4));
    this.seed = this.number('seed', 0, 2 ** 53 - 1, v.seed ?? (v.seeds || v.interpolate ? '' : Math.floor(Math.random() * 1e6)));
    this.steps = this.number('steps', 1, 1000, v.steps ?? '');
    this.sampler = this.select('sampler', [['', 'the model’s own'], ...SAMPLERS.map(s => [s, s])], v.sampler);
    this.schedule = this.select('schedule', ['uniform', 'cosine', 'tuned'].map(s => [s, s]), v.schedule);
    this.classLabel = h('select', {name: 'classLabel'});
    this.guidance = this.number('guidance', 0, 100, v.guidance ?? 1);
    this.guidance.step = 'any';
    this.guidance.inputMode = 'decimal';
    this.way = h('input', {type: 'checkbox', name: 'way', checked: Boolean(v.output?.trajectory)});
    this.grid = h('input', {type: 'checkbox', name: 'grid', checked: Boolean(v.output?.grid)});
    this.clip = h('input', {type: 'checkbox', name: 'clip', checked: Boolean(v.output?.clip)});
    this.variations = this.number('variations', 1, 10000, v.variations ?? '');
    this.variations.placeholder = '1';
    this.noise = this.select('noise', [['', 'its own for each frame'], ['shared', 'shared by all frames']], v.noise === 'shared' ? 'shared' : '');
    this.priority = this.select('priority', [['high', 'high'], ['', 'normal'], ['low', 'low']], v.priority === 'normal' ? '' : v.priority ?? '');
    this.tenant = h('input', {name: 'tenant', value: v.tenant ?? '', placeholder: 'default', autocomplete: 'off'});
    this.deadline = h('input', {type: 'datetime-local', step: 1, name: 'deadline', value: v.deadline ? localTime(v.deadline) : ''});
    const others = Object.fromEntries(Object.entries(v).filter(([name]) => !FIELDS.includes(name)));
    this.other = h('textarea', {
      name: 'other', rows: 3, spellcheck: false, placeholder: '{"init": {"image": "faces/1.png", "alpha": 0.5}}',
      value: Object.keys(others).length ? JSON.stringify(others, null, 2) : '',
    });
    this.other.rows = Math.max(3, Math.min(14, this.other.value.split('\n').length + 1));
    const canvas = v.canvas?.width ? `${v.canvas.width}x${v.canvas.height}` : v.canvas ? 'condition' : '';
    this.canvas = h('input', {name: 'canvas', value: canvas, placeholder: '512x256, or: condition', autocomplete: 'off'});
    this.card = h('div.model-card');
    const dice = h('button.quiet', {type: 'button', onclick: () => {
      this.seed.value = Math.floor(Math.random() * 1e6);
    }}, 'Randomise');
    this.buildCondition(v.condition);
    this.classRow = this.row('Class', this.classLabel, 'classLabel');
    this.guidanceRow = this.row('Guidance', this.guidance, 'guidance');
    this.variationsRow = this.row('Variations of each frame', this.variations, 'variations');
    this.noiseRow = this.row('Noise', this.noise, 'noise');
    this.clipRow = h('label.check', {}, this.clip, 'also all frames as a clip');
    this.problem = h('p.problem', {role: 'alert', hidden: true});
    this.send = h('button.primary', {id: 'send'}, 'Generate images');
    const open = Boolean(v.canvas || v.priority || v.tenant || v.deadline || v.schedule || Object.keys(others).length);
    this.countRow = this.row('Images', this.count, 'count');
    const form = h('form.ask', {noValidate: true, onsubmit: event => this.submit(event)},
        this.note ? h('p.note', {id: 'form-note'}, this.note) : '',
        this.row('Model', this.model, 'model'), this.card,
        h('div.pair', {}, this.countRow, this.row('Seed', this.seed, 'seed', dice)),
        this.classRow, this.conditionRow,
        this.frames = h('div.pair', {}, this.variationsRow, this.noiseRow),
        this.guidanceRow,
        h('div.pair', {}, this.row('Steps', this.steps, 'steps'), this.row('Solver', this.sampler, 'sampler')),
        h('label.check', {}, this.way, 'show the trajectory from noise: each image is an animation'),
        h('label.check', {}, this.grid, 'also a contact sheet of all images (grid)'),
        this.clipRow,
        h('details.more-options', {open}, h('summary', {}, 'More options'),
            h('div.pair', {}, this.row('Spacing of α', this.schedule, 'schedule'), this.row('Priority', this.priority, 'priority')),
            h('div.pair', {}, this.row('Tenant', this.tenant, 'tenant'), this.row('Deadline', this.deadline, 'deadline')),
            this.row('Canvas larger than the model’s images (size in pixels, or that of the condition)', this.canvas, 'canvas'),
            this.row('Other members of the request (JSON)', this.other, 'other')),
        this.problem, h('div.actions', {}, this.send, this.restart(), this.fromImage()));
    this.form = form;
    form.addEventListener('dragover', event => event.preventDefault());
    form.addEventListener('drop', event => this.dropped(event));
    this.main.replaceChildren(title, form);
    if (!this.models.length) {
      this.problem.hidden = false;
      this.problem.textContent = 'This system has no model that generates images yet: train one, or publish one with “models push”.';
      this.send.disabled = true;
    } else {
      this.modelChanged();
    }
  }

  select(name, options, value) {
    return h('select', {name}, ...options.map(([v, word]) => h('option', {value: v, selected: v === value}, word)));
  }

  number(name, min, max, value) {
    return h('input', {type: 'number', name, min, max, value, inputMode: 'numeric'});
  }

  row(label, input, field, ...more) {
    input.id = `field-${field}`;
    const message = h('span.field-problem', {id: `problem-${field}`});
    const row = h('div.field', {}, h('label', {htmlFor: input.id}, label), input, ...more, message);
    row.dataset.field = field;
    return row;
  }

  /** Where conditions come from; one that has no field of its own stays as it is, or as JSON. */
  buildCondition(value) {
    const plain = typeof value === 'string' ? {key: value} : value || {};
    const members = Object.keys(plain);
    const simple = members.length === 1 && typeof plain[members[0]] === 'string' ? members[0] : '';
    const [kind, shown] = ['key', 'prefix', 'zip'].includes(simple) ? [simple, plain[simple]] : ['', ''];
    const kept = value !== undefined && !kind;
    this.keptCondition = kept ? value : null;
    this.condition = h('input', {type: 'file', name: 'condition', multiple: true, accept: 'image/png,image/jpeg', onchange: () => this.conditionChanged()});
    this.conditionText = h('input', {name: 'conditionText', value: shown, 'aria-label': 'Key of the condition', placeholder: 'maps/lap/', autocomplete: 'off', spellcheck: false});
    this.conditionJson = h('textarea', {
      name: 'conditionJson', rows: 5, spellcheck: false, 'aria-label': 'Condition as JSON',
      value: kept ? JSON.stringify(value, null, 2) : '',
    });
    this.conditionFrom = h('select', {name: 'conditionFrom', 'aria-label': 'Where the condition comes from', onchange: () => this.conditionChanged()},
        ...SOURCES.map(([v, word]) => h('option', {value: v, selected: v === kind}, word)),
        h('option', {value: 'json', selected: kept}, 'JSON'));
    this.conditionImage = typeof plain.data === 'string' && plain.mediaType
        ? h('img.kept.here', {alt: 'The condition of the request', src: `data:${plain.mediaType};base64,${plain.data}`})
        : '';
    this.conditionRow = this.row('Condition', this.condition, 'condition',
        this.conditionText, this.conditionImage, this.conditionJson, this.conditionFrom);
  }

  conditionChanged() {
    const from = this.conditionFrom.value;
    this.condition.hidden = from !== 'file';
    this.conditionText.hidden = !['key', 'prefix', 'zip'].includes(from);
    this.conditionJson.hidden = from !== 'json';
    if (this.conditionImage) {
      this.conditionImage.hidden = from !== 'json';
    }
    const possible = !this.conditionRow.hidden;
    const frames = possible && (['prefix', 'zip'].includes(from) || this.condition.files.length > 1 || this.isFrameCondition());
    this.frames.hidden = !possible;
    this.clipRow.hidden = !possible;
    this.countRow.hidden = frames;
    return frames;
  }

  /** Whether a condition that is kept, or another member, makes it a frame job. */
  isFrameCondition() {
    const {variations, noise, strict, references} = this.values;
    return this.variations.value !== '' || this.noise.value !== ''
        || [variations, noise, strict, references].some(member => member !== undefined)
        || (this.conditionFrom.value === 'json' && Boolean(this.keptCondition?.prefix || this.keptCondition?.zip));
  }

  chosen() {
    const name = this.model.value;
    return this.models.find(m => m.name === name && (m.newest || m.bundled))
        || this.models.find(m => m.reference === name)
        || this.models.find(m => m.name === name.split('@')[0])
        || this.models[0];
  }

  modelChanged() {
    const m = this.chosen();
    this.steps.placeholder = m.steps || 32;
    const size = m.width ? `${m.width}×${m.height}, ` : '';
    const by = m.sampler ? `, by default ${m.sampler} with ${m.steps || 32} steps` : '';
    this.card.replaceChildren(
        h('p.faint.card', {}, `${size}${m.channels === 1 ? 'grey' : 'colour'}${by}${m.licence ? ` · ${m.licence}` : ''}`),
        m.samples ? h('figure', {}, image(`/api/models/${m.reference}/samples`, `What ${m.name} draws`)) : '');
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
    this.conditionChanged();
  }

  /** The request: members without a field, then those of the fields that are not their default. */
  async read() {
    const number = input => (input.value === '' ? undefined : Number(input.value));
    const other = this.other.value.trim() ? json(this.other.value, 'other', 'Other members') : {};
    const frames = this.conditionChanged();
    const kept = (name, value, otherwise) => (value === otherwise && this.values[name] === undefined ? undefined : value);
    const output = {...this.values.output};
    for (const [name, box] of [['trajectory', this.way], ['grid', this.grid], ['clip', this.clip]]) {
      if (box.checked && !box.closest('[hidden]')) {
        output[name] = true;
      } else {
        delete output[name];
      }
    }
    const request = {
      ...other,
      model: this.model.value,
      count: frames || other.seeds || other.interpolate ? undefined : number(this.count),
      seed: other.seeds || other.interpolate ? undefined : number(this.seed),
      steps: number(this.steps),
      sampler: this.sampler.value || undefined,
      schedule: kept('schedule', this.schedule.value, 'uniform'),
      classLabel: this.classRow.hidden ? undefined : Number(this.classLabel.value),
      guidance: this.guidanceRow.hidden ? undefined : kept('guidance', number(this.guidance), 1),
      variations: this.frames.hidden ? undefined : number(this.variations),
      noise: this.frames.hidden ? undefined : this.noise.value || kept('noise', 'per-frame', 'per-frame'),
      canvas: this.readCanvas(),
      output: Object.keys(output).length ? output : undefined,
      priority: this.priority.value || kept('priority', 'normal', 'normal'),
      tenant: this.tenant.value.trim() || undefined,
      deadline: this.deadline.value ? new Date(this.deadline.value).toISOString() : undefined,
    };
    if (!this.conditionRow.hidden) {
      request.condition = await this.readCondition();
      if (frames && Array.isArray(request.condition) && request.variations === undefined) {
        request.variations = 1; // files are frames
      }
    }
    return request;
  }

  /** A size, or the word for that of the condition; the overlap of an earlier request is kept. */
  readCanvas() {
    const value = this.canvas.value.trim();
    const size = /^([0-9]{1,5})\s*[x×]\s*([0-9]{1,5})$/.exec(value);
    if (!value) {
      return undefined;
    }
    if (!size && value !== 'condition') {
      throw new Refusal(400, 'canvas', 'canvas must be a size in pixels such as 512x256, or the word condition');
    }
    const {overlap} = this.values.canvas ?? {};
    return {...(size ? {width: Number(size[1]), height: Number(size[2])} : {}), ...(overlap ? {overlap} : {})};
  }

  async readCondition() {
    const from = this.conditionFrom.value;
    if (from === 'json') {
      return this.conditionJson.value.trim() ? json(this.conditionJson.value, 'condition', 'The condition') : undefined;
    }
    if (from !== 'file') {
      const name = this.conditionText.value.trim();
      return !name ? undefined : from === 'key' ? name : {[from]: name};
    }
    const files = [...this.condition.files];
    const images = await Promise.all(files.map(inline));
    return images.length > 1 ? images : images[0];
  }

  async submit(event) {
    event.preventDefault();
    this.clear();
    this.send.disabled = true;
    try {
      const request = await this.request();
      const answer = await call('/api/jobs', request);
      this.values = {...request, seed: undefined};
      this.note = '';
      this.announce(`Job ${answer.id} is queued`);
      location.hash = `#/jobs/${answer.id}`;
    } catch (e) {
      this.refused(e);
    } finally {
      this.send.disabled = false;
    }
  }

  /** A file input that reads the settings of an image of this software. */
  fromImage() {
    const input = h('input', {type: 'file', accept: 'image/png', id: 'from-image', onchange: () => this.settingsFrom(input.files[0])});
    return h('span.from-image', {}, h('label', {htmlFor: 'from-image'}, 'Settings from an image'), input);
  }

  dropped(event) {
    const files = [...(event.dataTransfer?.files || [])];
    if (!files.length) {
      return;
    }
    event.preventDefault();
    if (!this.conditionRow.hidden) {
      const transfer = new DataTransfer();
      files.filter(f => f.type.startsWith('image/')).sort((a, b) => (a.name < b.name ? -1 : 1)).forEach(f => transfer.items.add(f));
      this.conditionFrom.value = 'file';
      this.condition.files = transfer.files;
      this.conditionChanged();
    } else {
      this.settingsFrom(files[0]);
    }
  }

  async settingsFrom(file) {
    let settings = null;
    try {
      settings = file && await settingsOf(file);
    } catch {
      // not readable
    }
    if (!settings) {
      this.problem.hidden = false;
      this.problem.textContent = `${file?.name || 'The file'} holds no settings of this software.`;
      return;
    }
    const {index = 0, inputs = [], ...rest} = settings;
    this.values = {...rest, count: index + 1};
    this.note = [
      `Settings of ${file.name}.`,
      index ? `It is the last of ${index + 1} images of its seed.` : '',
      inputs.length ? `It also had ${inputs.join(' and ')}, which its file does not hold.` : '',
    ].filter(Boolean).join(' ');
    this.announce(this.note);
    await this.show();
    document.getElementById('send')?.focus();
  }

  clear() {
    this.problem.hidden = true;
    for (const each of this.form.querySelectorAll('.field')) {
      each.classList.remove('wrong');
      each.querySelector('.field-problem').textContent = '';
      for (const input of each.querySelectorAll('input,select,textarea')) {
        input.removeAttribute('aria-describedby');
        input.removeAttribute('aria-invalid');
      }
    }
  }

  refused(e) {
    const field = e instanceof Refusal ? e.field.split(/[.[]/)[0] : '';
    const row = field && this.form.querySelector(`[data-field="${CSS.escape(field)}"]:not([hidden])`);
    if (row) {
      row.classList.add('wrong');
      row.closest('details')?.setAttribute('open', '');
      row.querySelector('.field-problem').textContent = e.message;
      const input = [...row.querySelectorAll('input,select,textarea')].find(each => !each.hidden);
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

function json(source, field, subject) {
  try {
    const value = JSON.parse(source);
    if (typeof value === 'object' && value !== null && (field === 'condition' || !Array.isArray(value))) {
      return value;
    }
  } catch {
    // refused below
  }
  throw new Refusal(400, field, `${subject} must be a JSON object, such as {"strict": true}`);
}

/** A time in the zone of this browser, as its input wants it. */
function localTime(time) {
  const at = new Date(time);
  return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

async function inline(file) {
  if (file.size > INLINE_MAX) {
    throw new Refusal(400, 'condition', `${file.name} has ${file.size} bytes; an image in a request may have ${INLINE_MAX}. Put it into the bucket and name its key.`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  let data = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    data += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return {mediaType: file.type || 'image/png', data: btoa(data)};
}
