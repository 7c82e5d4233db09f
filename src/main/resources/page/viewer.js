// One image at a time, as large as the window allows; arrow keys lead to the others.

import {at, follow, h, save} from './api.js';
import {image, pixelsButton} from './image.js';

const SCALE_MAX = 8;

export async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(await text());
    button.textContent = 'copied';
  } catch {
    button.textContent = 'not permitted';
  }
  setTimeout(() => {
    button.textContent = button.dataset.word;
  }, 1500);
}

export function copyButton(word, text) {
  const button = h('button.quiet', {type: 'button', onclick: () => copy(button, text)}, word);
  button.dataset.word = word;
  return button;
}

/**
 * Opens the viewer.
 *
 * @param items {path, title, seed, map: path of a condition or null, settings: [[name, value]]}
 * @param from index of the first one shown
 */
export function view(items, from) {
  let index = from;
  const title = h('h2', {id: 'viewer-title'});
  const stage = h('div.stage');
  const place = h('span.faint', {'aria-live': 'polite'});
  const actions = h('div.viewer-actions');
  const settings = h('dl.viewer-settings');
  const previous = h('button.turn', {type: 'button', 'aria-label': 'Previous image', onclick: () => turn(-1)}, '‹');
  const next = h('button.turn', {type: 'button', 'aria-label': 'Next image', onclick: () => turn(1)}, '›');
  const close = h('button', {type: 'button', onclick: () => dialog.close()}, 'Close');
  const dialog = h('dialog.viewer', {'aria-labelledby': 'viewer-title'},
      h('header', {}, title, place, close),
      h('div.viewer-body', {}, previous, stage, next),
      h('footer', {}, actions, settings));

  function turn(by) {
    index = (index + by + items.length) % items.length;
    draw();
  }

  function fit() {
    const box = stage.getBoundingClientRect();
    const images = [...stage.querySelectorAll('img')];
    for (const img of images) {
      const [w, hgt] = [img.naturalWidth, img.naturalHeight];
      if (w) {
        const scale = Math.min(SCALE_MAX, (box.width / images.length - 8) / w, box.height / hgt);
        img.style.width = `${w * scale}px`;
        img.style.height = `${hgt * scale}px`;
      }
    }
  }

  function draw() {
    const item = items[index];
    title.textContent = item.title;
    place.textContent = items.length > 1 ? `${index + 1} of ${items.length}` : '';
    stage.replaceChildren(
        ...[item.map && image(item.map, `Condition of ${item.title}`, {loading: 'eager', onload: fit}),
          image(item.path, item.title, {loading: 'eager', onload: fit})].filter(Boolean));
    const name = `${item.title.replace(/[^A-Za-z0-9._-]+/g, '-')}.png`;
    actions.replaceChildren(
        h('a.quiet.file', {href: at(item.path), target: '_blank', rel: 'noopener', onclick: follow(item.path)}, 'Open file'),
        h('a.quiet', {href: at(item.path), download: name, onclick: save(item.path, name)}, 'Download'),
        ...(item.seed === undefined ? [] : [copyButton(`Copy seed ${item.seed}`, () => String(item.seed))]),
        pixelsButton());
    settings.replaceChildren(...(item.settings || []).map(([key, value]) =>
        h('div', {}, h('dt', {}, key), h('dd', {}, value))));
    for (const button of [previous, next]) {
      button.hidden = items.length < 2;
    }
  }

  const moves = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1};
  dialog.addEventListener('keydown', event => {
    if (moves[event.key] && items.length > 1) {
      event.preventDefault();
      turn(moves[event.key]);
    } else if (event.key === 'Home' || event.key === 'End') {
      event.preventDefault();
      index = event.key === 'Home' ? 0 : items.length - 1;
      draw();
    }
  });
  const resized = new ResizeObserver(fit);
  dialog.addEventListener('close', () => {
    resized.disconnect();
    removeEventListener('hashchange', leave);
    dialog.remove();
  });
  const leave = () => dialog.close();
  addEventListener('hashchange', leave);
  document.body.append(dialog);
  draw();
  dialog.showModal();
  close.focus();
  resized.observe(stage);
}
