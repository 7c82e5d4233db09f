// The form for new jobs. The server validates it; its message is shown at the field that it names.
// Members of a request that have no field of their own are kept as JSON.

import {call, h, Refusal, text} from './api.js';
import {clear, json, number, read, refuse, row, scheduling, select} from './fields.js';
import {image, settingsOf} from './image.js';
import {CONDITION_FLAGS, Source} from './source.js';
import {TrainFields} from './train.js';

const SAMPLERS = ['euler', 'midpoint', 'heun', 'rk4', 'ab2', 'ab3'];
const SOURCES = [['file', 'files of this computer'], ['key', 'an object of the store'], ['prefix', 'all objects with a prefix'], ['zip', 'a zip in the store']];
const ONE = [['file', 'a file of this computer'], ['key', 'an object of the store']];
const FIELDS = ['id', 'model', 'count', 'seed', 'steps', 'sampler', 'schedule', 'classLabel', 'guidance', 'condition', 'canvas', 'variations', 'noise', 'init', 'mask', 'output', 'priority', 'tenant', 'deadline'];

export class Form {
  constructor(main, announce) {
    this.main = main;
    this.announce = announce;
    this.values = {};
    this.training = {};
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

  /** @param kind 'new' for images, or 'train' */
  async show(kind) {
    const mine = {};
    this.showing = mine;
    this.kind = kind;
    const other = kind === 'train' ? ['#/new', 'Generate images instead'] : ['#/train', 'Train a model instead'];
    const title = h('div.form-head', {}, h('h1', {tabIndex: -1}, kind === 'train' ? 'New training' : 'New job'), h('a.quiet', {href: other[0]}, other[1]));
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
    if (kind === 'train') {
      await this.buildTraining(title, models);
    } else {
      this.build(title);
    }
  }

  async take(job) {
    const {id, ...short} = job.request;
    let values = short;
    this.note = `Settings of job ${job.id}.`;
    try {
      const {id: old, ...whole} = JSON.parse(await text(`/api/jobs/${job.id}/request`));
      values = whole;
    } catch {
      if (job.truncatedFields) {
        this.note = `The request of job ${job.id} is no longer in its topic: ${job.truncatedFields.join(', ')} must be given again.`;
      }
    }
    if (values.deadline && Date.parse(values.deadline) < Date.now()) {
      delete values.deadline;
      this.note += ' Its deadline has passed and is left out.';
    }
    this[this.kind === 'train' ? 'training' : 'values'] = values;
  }

  /** A training: a recipe, and the data. */
  async buildTraining(title, models) {
    this.problem = h('p.problem', {role: 'alert', hidden: true});
    this.send = h('button.primary', {id: 'send'}, 'Train');
    this.conditionRow = null;
    const fields = new TrainFields(this.training, models, e => this.refused(e));
    this.request = say => fields.read(say);
    this.form = h('form.ask', {noValidate: true, onsubmit: event => this.submit(event)},
        this.note ? h('p.note', {id: 'form-note'}, this.note) : '', fields.element,
        this.problem, h('div.actions', {}, this.send, this.restart()));
    this.main.replaceChildren(title, this.form);
    await fields.begin();
  }

  restart() {
    return h('button.quiet', {
      type: 'button', onclick: () => {
        this[this.kind === 'train' ? 'training' : 'values'] = {};
        this.note = '';
        this.show(this.kind);
      },
    }, 'Clear');
  }

  build(title) {
    const v = this.values;
    const newest = this.models.filter(m => m.newest || m.bundled);
    const names = new Set([...newest.map(m => m.name), ...(v.model ? [v.model] : [])]);
    this.request = say => this.read(say);
    this.model = h('select', {name: 'model', onchange: () => this.modelChanged()},
        ...[...names].map(n => h('option', {value: n, selected: n === v.model}, n)));
    this.count = number('count', 1, 10000, v.count ?? (v.seeds || v.interpolate ? '' : 4));
    this.seed = number('seed', 0, 2 ** 53 - 1, v.seed ?? (v.seeds || v.interpolate ? '' : Math.floor(Math.random() * 1e6)));
    this.steps = number('steps', 1, 1000, v.steps ?? '');
    this.sampler = select('sampler', [['', 'the model’s own'], ...SAMPLERS.map(s => [s, s])], v.sampler);
    this.schedule = select('schedule', ['uniform', 'cosine', 'tuned'].map(s => [s, s]), v.schedule);
    this.classLabel = h('select', {name: 'classLabel'});
    this.guidance = number('guidance', 0, 100, v.guidance ?? 1);
    this.guidance.step = 'any';
    this.guidance.inputMode = 'decimal';
    this.way = h('input', {type: 'checkbox', name: 'way', checked: Boolean(v.output?.trajectory)});
    this.grid = h('input', {type: 'checkbox', name: 'grid', checked: Boolean(v.output?.grid)});
    this.clip = h('input', {type: 'checkbox', name: 'clip', checked: Boolean(v.output?.clip)});
    this.variations = number('variations', 1, 10000, v.variations ?? '');
    this.variations.placeholder = '1';
    this.noise = select('noise', [['', 'its own for each frame'], ['shared', 'shared by all frames']], v.noise === 'shared' ? 'shared' : '');
    this.scheduling = scheduling(v);
    const when = this.scheduling.rows;
    const others = Object.fromEntries(Object.entries(v).filter(([name]) => !FIELDS.includes(name)));
    this.other = h('textarea', {
      name: 'other', rows: 3, spellcheck: false, placeholder: '{"webhook": "https://example.com/done"}',
      value: Object.keys(others).length ? JSON.stringify(others, null, 2) : '',
    });
    this.other.rows = Math.max(3, Math.min(14, this.other.value.split('\n').length + 1));
    const canvas = v.canvas?.width ? `${v.canvas.width}x${v.canvas.height}` : v.canvas ? 'condition' : '';
    this.canvas = h('input', {name: 'canvas', value: canvas, placeholder: '512x256, or: condition', autocomplete: 'off'});
    this.card = h('div.model-card');
    const dice = h('button.quiet', {type: 'button', onclick: () => {
      this.seed.value = Math.floor(Math.random() * 1e6);
    }}, 'Randomise');
    this.buildInputs(v);
    this.classRow = row('Class', this.classLabel, 'classLabel');
    this.guidanceRow = row('Guidance', this.guidance, 'guidance');
    this.variationsRow = row('Variations of each frame', this.variations, 'variations');
    this.noiseRow = row('Noise', this.noise, 'noise');
    this.clipRow = h('label.check', {}, this.clip, 'also all frames as a clip');
    this.problem = h('p.problem', {role: 'alert', hidden: true});
    this.send = h('button.primary', {id: 'send'}, 'Generate images');
    const open = Boolean(v.init || v.canvas || v.priority || v.tenant || v.deadline || v.schedule || Object.keys(others).length);
    this.countRow = row('Images', this.count, 'count');
    const form = h('form.ask', {noValidate: true, onsubmit: event => this.submit(event)},
        this.note ? h('p.note', {id: 'form-note'}, this.note) : '',
        row('Model', this.model, 'model'), this.card,
        h('div.pair', {}, this.countRow, row('Seed', this.seed, 'seed', dice)),
        this.classRow, this.conditionRow,
        this.frames = h('div.pair', {}, this.variationsRow, this.noiseRow),
        this.guidanceRow,
        h('div.pair', {}, row('Steps', this.steps, 'steps'), row('Solver', this.sampler, 'sampler')),
        h('label.check', {}, this.way, 'show the trajectory from noise: each image is an animation'),
        h('label.check', {}, this.grid, 'also a contact sheet of all images (grid)'),
        this.clipRow,
        h('details.more-options', {open}, h('summary', {}, 'More options'),
            h('div.pair', {}, row('Spacing of α', this.schedule, 'schedule'), when.priority),
            h('div.pair', {}, when.tenant, when.deadline),
            this.init.row, this.alphaRow, this.mask.row,
            row('Canvas larger than the model’s images (size in pixels, or that of the condition)', this.canvas, 'canvas'),
            row('Other members of the request (JSON)', this.other, 'other')),
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

  /** Images that a request may begin with, or be given in addition. */
  buildInputs(v) {
    const folder = () => `inputs/${this.scheduling.tenant.value.trim() || 'default'}`;
    const accept = 'image/png,image/jpeg';
    this.condition = new Source('condition', 'Condition', SOURCES, {
      value: v.condition, multiple: true, accept: `${accept},.zip`, flags: CONDITION_FLAGS, inline: true, folder, changed: () => this.conditionChanged(),
    });
    this.conditionRow = this.condition.row;
    const changed = () => this.initChanged();
    this.init = new Source('init', 'Start from an image instead of noise (init)', ONE, {
      value: v.init?.image, accept, inline: true, folder, example: 'inputs/face.png', changed,
    });
    this.init.text.addEventListener('input', changed);
    this.init.area.addEventListener('input', changed);
    this.alpha = number('alpha', 0, 0.99, v.init?.alpha ?? 0.5);
    this.alpha.step = 'any';
    this.alpha.inputMode = 'decimal';
    this.alphaRow = row('How much of it remains (α, from 0 to below 1)', this.alpha, 'alpha');
    this.mask = new Source('mask', 'Mask: white is generated again, black is kept', ONE, {
      value: v.mask, accept, inline: true, folder, example: 'inputs/mask.png',
    });
    this.initChanged();
  }

  /** What only a start image needs. */
  initChanged() {
    const {kind, input, text: key, area} = this.init;
    const given = kind === 'file' ? input.files.length : (kind === 'json' ? area : key).value.trim();
    this.alphaRow.hidden = !given;
    this.mask.row.hidden = !given;
  }

  conditionChanged() {
    const possible = !this.conditionRow.hidden;
    const frames = possible && (this.condition.many || this.isFrameCondition());
    this.frames.hidden = !possible;
    this.clipRow.hidden = !possible;
    this.countRow.hidden = frames;
    return frames;
  }

  /** Whether another member makes it a frame job. */
  isFrameCondition() {
    const {variations, noise, strict, references} = this.values;
    return this.variations.value !== '' || this.noise.value !== ''
        || [variations, noise, strict, references].some(member => member !== undefined);
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
        m.samples ? h('figure', {}, image(`/api/models/${m.reference}/samples`, `What ${m.name} draws`)) : '',
        m.data ? h('details', {}, h('summary', {}, 'Training data'), h('p.faint.card', {}, m.data)) : '');
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
  async read(say) {
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
      count: frames || other.seeds || other.interpolate ? undefined : read(this.count),
      seed: other.seeds || other.interpolate ? undefined : read(this.seed),
      steps: read(this.steps),
      sampler: this.sampler.value || undefined,
      schedule: kept('schedule', this.schedule.value, 'uniform'),
      classLabel: this.classRow.hidden ? undefined : Number(this.classLabel.value),
      guidance: this.guidanceRow.hidden ? undefined : kept('guidance', read(this.guidance), 1),
      variations: this.frames.hidden ? undefined : read(this.variations),
      noise: this.frames.hidden ? undefined : this.noise.value || kept('noise', 'per-frame', 'per-frame'),
      canvas: this.readCanvas(),
      output: Object.keys(output).length ? output : undefined,
      ...this.scheduling.read(),
    };
    if (!this.conditionRow.hidden) {
      request.condition = await this.condition.read(say);
      if (frames && (Array.isArray(request.condition) || request.condition?.list) && request.variations === undefined) {
        request.variations = 1; // files are frames
      }
    }
    const start = await this.init.read(say);
    if (start !== undefined) {
      request.init = {image: start, alpha: read(this.alpha)};
      request.mask = await this.mask.read(say);
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

  async submit(event) {
    event.preventDefault();
    clear(this.form, this.problem);
    this.send.disabled = true;
    const word = this.send.textContent;
    try {
      const request = await this.request(words => {
        this.send.textContent = words;
      });
      const answer = await call('/api/jobs', request);
      if (this.kind === 'train') {
        this.training = {};
      } else {
        this.values = {...request, seed: undefined};
      }
      this.note = '';
      this.announce(`Job ${answer.id} is queued`);
      location.hash = `#/jobs/${answer.id}`;
    } catch (e) {
      this.refused(e);
    } finally {
      this.send.textContent = word;
      this.send.disabled = false;
    }
  }

  /** A file input that reads the settings of an image of this software. */
  fromImage() {
    const input = h('input', {type: 'file', accept: 'image/png', id: 'from-image', onchange: () => this.settingsFrom(input.files[0])});
    return h('span.from-image', {}, h('label', {htmlFor: 'from-image'}, 'Settings from an image'), input);
  }

  /** Files or folders become the condition, or an image gives its settings. */
  async dropped(event) {
    const entries = [...(event.dataTransfer?.items || [])].map(item => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) {
      return;
    }
    event.preventDefault();
    const files = (await Promise.all(entries.map(filesOf))).flat();
    if (!this.conditionRow.hidden) {
      const transfer = new DataTransfer();
      files.filter(f => f.type.startsWith('image/') || /\.zip$/i.test(f.name)).sort((a, b) => (a.name < b.name ? -1 : 1)).forEach(f => transfer.items.add(f));
      this.condition.take(transfer.files);
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
    await this.show('new');
    document.getElementById('send')?.focus();
  }

  refused(e) {
    refuse(e, this.form, this.problem, this.announce);
  }
}

/** The file of an entry that was dropped, or those of a folder. */
async function filesOf(entry) {
  if (entry.isFile) {
    return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  }
  const reader = entry.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) {
      return (await Promise.all(all.map(filesOf))).flat();
    }
    all.push(...some);
  }
}
