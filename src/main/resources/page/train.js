// The fields of a training: a recipe to begin with, the data, and what is changed most often. The
// rest of the recipe is JSON.

import {h, Refusal, text} from './api.js';
import {json, number, read, row, scheduling} from './fields.js';
import {Source} from './source.js';

/** The files of the folder 'recipes', and what they need. */
const RECIPES = [
  ['triangle-square-2d', 'Points of a triangle that become a square', 'Needs no data. Half a minute on a CPU.'],
  ['images-32', 'Your own images, 32×32', 'Any images. About two hours on two CPU cores; fewer steps show sooner what comes of it.'],
  ['fashion-28', 'Grey images by class, 28×28', 'An IDX data set such as Fashion-MNIST, with its labels. An hour or two on two CPU cores.'],
  ['drive-32', 'Frames from label maps, 32×32', 'Images and label maps side by side (twins). About two hours on two CPU cores.'],
  ['drive-64', 'Frames from label maps, 64×64', 'Images and label maps side by side (twins). Several hours on CPU cores.'],
  ['drive-64-fast', 'Frames in one to four steps, from the model drive-64', 'The data of drive-64, which teaches it (reflow). One and a half hours on CPU cores.'],
  ['earth-32', 'Images from maps, 32×32', 'Images and maps side by side (twins). About two hours on two CPU cores.'],
  ['earth-64', 'Images from maps, 64×64', 'Images and maps side by side (twins). Several hours on CPU cores.'],
  ['avatars-64', 'Faces, 64×64, from the model avatars-32', 'Images of 64×64 or more. Two hours on two CPU cores.'],
  ['celeba-64', 'Faces, 64×64', 'CelebA. Needs a GPU.'],
  ['maps-256', 'Images from maps, 256×256', 'The maps set of pix2pix. Needs a GPU.'],
  ['gtav-256', 'Frames from label maps, 256×256', 'Playing for Data. Needs a GPU.'],
];
const DATA = [['file', 'images or a zip of this computer'], ['key', 'a zip or a prefix of the store'], ['local', 'a folder of the workers']];
const OWN = ['model', 'from', 'iterations', 'priority', 'tenant', 'deadline'];

export class TrainFields {
  /**
   * @param values a request; empty to begin with a recipe
   * @param models that there are
   * @param fail receives what is wrong with a chosen recipe
   */
  constructor(values, models, fail) {
    this.models = models;
    this.fail = fail;
    this.own = Object.keys(values).length > 0;
    this.recipe = h('select', {name: 'recipe', onchange: () => this.choose()},
        ...(this.own ? [h('option', {value: ''}, 'of the earlier request')] : []),
        ...RECIPES.map(([name, words]) => h('option', {value: name}, words)),
        h('option', {value: 'file'}, 'a recipe file of this computer'));
    this.file = h('input', {type: 'file', name: 'recipeFile', hidden: true, accept: '.json,application/json', 'aria-label': 'Recipe file', onchange: () => this.readFile()});
    this.needs = h('p.faint.card');
    this.about = h('div.field', {}, h('label', {htmlFor: 'field-recipe'}, 'Recipe'), this.recipe, this.file, this.needs, h('span.field-problem', {id: 'problem-recipe'}));
    this.recipe.id = 'field-recipe';
    this.about.dataset.field = 'recipe';
    this.element = h('div.ask-part');
    this.fill(values);
  }

  /** Begins with a recipe, unless there is a request already. */
  async begin() {
    if (!this.own) {
      await this.choose();
    }
  }

  async choose() {
    const name = this.recipe.value;
    this.file.hidden = name !== 'file';
    this.needs.textContent = RECIPES.find(each => each[0] === name)?.[2] || '';
    if (!name || name === 'file') {
      return;
    }
    try {
      const recipe = JSON.parse(await text(`/page/recipes/${name}.json`));
      if (this.recipe.value === name) {
        this.fill(begun(recipe, this.models));
      }
    } catch (e) {
      this.fail(e);
    }
  }

  async readFile() {
    const [file] = this.file.files;
    if (file) {
      try {
        this.fill(begun(json(await file.text(), 'recipe', file.name), this.models));
      } catch (e) {
        this.fail(e);
      }
    }
  }

  /** Shows a request; data that are chosen already remain. */
  fill(values) {
    this.values = values;
    const {dataset: {reference, ...dataset} = {}, ...all} = values;
    const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !OWN.includes(name)));
    const needsData = values.network?.kind !== 'mlp';
    if (needsData) {
      rest.dataset = dataset;
    }
    const files = this.data?.input.files;
    this.model = h('input', {name: 'model', value: values.model ?? '', autocomplete: 'off', spellcheck: false});
    this.iterations = number('iterations', 1, 1e9, values.iterations ?? '');
    this.from = h('input', {name: 'from', value: values.from ?? '', placeholder: 'none: from random weights', autocomplete: 'off', spellcheck: false});
    this.data = new Source('dataset', 'Data set', DATA, {
      value: reference, multiple: true, accept: '.zip,application/zip,image/*', folder: () => 'datasets', example: 'datasets/mine.zip',
    });
    if (files?.length) {
      this.data.take(files);
    }
    this.data.row.hidden = !needsData;
    this.rest = h('textarea', {name: 'rest', rows: 18, spellcheck: false, value: JSON.stringify(rest, null, 2)});
    this.scheduling = scheduling(values);
    const {rows} = this.scheduling;
    const open = this.element.querySelector('details')?.open || Boolean(values.priority || values.tenant || values.deadline);
    this.element.replaceChildren(this.about,
        h('div.pair', {}, row('Name of the model', this.model, 'model'), row('Steps', this.iterations, 'iterations')),
        this.data.row,
        h('details.more-options', {open}, h('summary', {}, 'More options'),
            h('div.pair', {}, row('Start from the weights of', this.from, 'from'), rows.priority),
            h('div.pair', {}, rows.tenant, rows.deadline),
            row('All other members of the recipe (JSON)', this.rest, 'rest')));
  }

  /** The request. */
  async read(say) {
    const {dataset, ...rest} = json(this.rest.value, 'rest', 'The recipe');
    const needsData = !this.data.row.hidden;
    if (needsData && this.data.kind === 'file' && !this.data.input.files.length) {
      throw new Refusal(400, 'dataset', 'Choose images or a zip of this computer, or name a data set of the store.');
    }
    const reference = needsData ? await this.data.read(say) : undefined;
    return {
      model: this.model.value.trim() || undefined,
      from: this.from.value.trim() || undefined,
      ...rest,
      dataset: needsData ? {reference, ...dataset} : undefined,
      iterations: read(this.iterations),
      ...this.scheduling.read(),
    };
  }
}

/** A recipe as the beginning of a job: a model of its own, whose version is that of its weights. */
function begun(recipe, models) {
  const {card: {version, ...card} = {}, ...rest} = recipe;
  const bundled = models.some(m => m.bundled && m.name === recipe.model);
  return {
    ...rest,
    model: bundled ? `my-${recipe.model}` : recipe.model,
    ...(Object.keys(card).length ? {card} : {}),
  };
}
