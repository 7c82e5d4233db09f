// A field for an input of a request: files of this computer, objects of the store, or JSON.

import {h, upload} from './api.js';
import {json, row} from './fields.js';

const INLINE_MAX = 131072; // of an image in a request
const INLINE_ALL = 600000; // so that the record stays below its limit
const EXAMPLES = {key: 'inputs/map.png', prefix: 'maps/lap/', zip: 'maps/lap.zip', local: 'faces'};

export class Source {
  /**
   * @param field of the request
   * @param kinds [[kind, words]]: where it may come from; 'file' is one of them
   * @param options value: of an earlier request; multiple, accept: of the files; flags: [[flag, words]];
   *     inline: whether small images may be part of the request; folder: prefix of keys of uploads;
   *     example: of a key; changed: called when another source is chosen
   */
  constructor(field, label, kinds, options) {
    this.field = field;
    this.options = options;
    const {value, flags = []} = options;
    const whole = typeof value === 'string' ? {key: value} : value || {};
    const members = Object.keys(whole).filter(name => whole[name] !== true || !flags.some(([flag]) => flag === name));
    const simple = members.length === 1 && typeof whole[members[0]] === 'string' && kinds.some(([kind]) => kind === members[0]);
    const kept = value !== undefined && !simple;
    this.kept = kept ? value : null;
    const changed = () => this.changed();
    this.input = h('input', {type: 'file', name: field, multiple: Boolean(options.multiple), accept: options.accept, onchange: changed});
    this.text = h('input', {
      name: `${field}Text`, value: simple ? whole[members[0]] : '', 'aria-label': `${label}: key`, autocomplete: 'off', spellcheck: false,
    });
    this.area = h('textarea', {
      name: `${field}Json`, rows: 5, spellcheck: false, 'aria-label': `${label} as JSON`, value: kept ? JSON.stringify(value, null, 2) : '',
    });
    this.from = h('select', {name: `${field}From`, 'aria-label': `Where it comes from: ${label}`, onchange: changed},
        ...kinds.map(([v, word]) => h('option', {value: v, selected: simple && v === members[0]}, word)),
        h('option', {value: 'json', selected: kept}, 'JSON'));
    this.image = typeof whole.data === 'string' && whole.mediaType
        ? h('img.kept.here', {alt: `${label} of the request`, src: `data:${whole.mediaType};base64,${whole.data}`})
        : '';
    this.flags = flags.map(([flag, words]) =>
        [flag, h('input', {type: 'checkbox', name: `${field}-${flag}`, checked: Boolean(simple && whole[flag])}), words]);
    this.checks = h('span.flags', {}, ...this.flags.map(([, box, words]) => h('label.check', {}, box, words)));
    this.row = row(label, this.input, field, this.text, this.image, this.area, this.from, ...(flags.length ? [this.checks] : []));
    this.row.classList.add('source');
    this.show();
  }

  get kind() {
    return this.from.value;
  }

  /** Whether it gives more than one image. */
  get many() {
    const files = [...this.input.files];
    return ['prefix', 'zip'].includes(this.kind) || (this.kind === 'file' && (files.length > 1 || files.some(isZip)))
        || (this.kind === 'json' && Boolean(this.kept?.prefix || this.kept?.zip));
  }

  /** Chooses files, as if they were chosen in the input. */
  take(files) {
    this.from.value = 'file';
    this.input.files = files;
    this.changed();
  }

  show() {
    const {kind} = this;
    this.input.hidden = kind !== 'file';
    this.text.hidden = kind === 'file' || kind === 'json';
    this.text.placeholder = (kind === 'key' && this.options.example) || EXAMPLES[kind] || '';
    this.area.hidden = kind !== 'json';
    this.checks.hidden = kind === 'json';
    if (this.image) {
      this.image.hidden = kind !== 'json';
    }
    // The label is of the input that is shown.
    const shown = [this.input, this.text, this.area].find(each => !each.hidden);
    for (const each of [this.input, this.text, this.area]) {
      each === shown ? each.setAttribute('id', `field-${this.field}`) : each.removeAttribute('id');
    }
  }

  changed() {
    this.show();
    this.options.changed?.();
  }

  /**
   * The member of the request; undefined if nothing is given.
   *
   * @param say receives words about uploads
   */
  async read(say) {
    if (this.kind === 'json') {
      return this.area.value.trim() ? json(this.area.value, this.field, 'It', /* lists= */ true) : undefined;
    }
    const name = this.text.value.trim();
    const value = this.kind === 'file' ? await this.files(say) : !name ? undefined : this.kind === 'key' ? name : {[this.kind]: name};
    const on = this.flags.filter(([, box]) => box.checked).map(([flag]) => [flag, true]);
    if (value === undefined || !on.length) {
      return value;
    }
    const source = typeof value === 'string' ? {key: value} : Array.isArray(value) ? {list: value} : value;
    return {...source, ...Object.fromEntries(on)};
  }

  /** Small images become part of the request; others are uploaded, and the request names them. */
  async files(say) {
    const files = [...this.input.files];
    if (!files.length) {
      return undefined;
    }
    const {inline, folder} = this.options;
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (inline && size <= INLINE_ALL && files.every(file => !isZip(file) && file.size <= INLINE_MAX)) {
      const images = await Promise.all(files.map(embedded));
      return images.length > 1 ? images : images[0];
    }
    const prefix = `${folder()}/${stamp()}/`;
    for (const [i, file] of files.entries()) {
      say(files.length > 1 ? `Uploading ${i + 1} of ${files.length}…` : 'Uploading…');
      await upload(prefix + keyName(file), file, this.field);
    }
    if (files.length > 1) {
      return inline ? {prefix} : prefix;
    }
    const key = prefix + keyName(files[0]);
    return inline && isZip(files[0]) ? {zip: key} : key;
  }
}

/** How the files of a condition are made to fit. */
export const CONDITION_FLAGS = [['resize', 'scale and crop other sizes'], ['nearest', 'label maps: nearest known colours']];

function isZip(file) {
  return /\.zip$/i.test(file.name) || file.type.includes('zip');
}

function keyName(file) {
  return file.name.replace(/[\p{Cc}/\\]/gu, '_').slice(-80);
}

/** Uploads do not replace each other. */
function stamp() {
  const random = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  return `${new Date().toISOString().slice(0, 10)}-${random}`;
}

async function embedded(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let data = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    data += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return {mediaType: file.type || 'image/png', data: btoa(data)};
}
