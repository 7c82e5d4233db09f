// Images of jobs: how large and how smooth they are drawn, and the settings inside PNG files.

import {fileAddress, h} from './api.js';

/** Images are enlarged to about this width, at most six times. */
const WIDTH = 200;
const SCALE_MAX = 6;
const KEYWORD = 'mezzotint';

/** The width on the page of an image with so many pixels. */
export function shownWidth(pixels, scaleMax = SCALE_MAX) {
  return pixels * Math.max(1, Math.min(scaleMax, Math.floor(WIDTH / pixels)));
}

/** An img of a job's file. */
export function image(path, alt, properties = {}) {
  const img = h('img', {alt, loading: 'lazy', decoding: 'async', ...properties});
  img.addEventListener('load', () => {
    img.classList.add('here');
    if (img.src.startsWith('blob:')) {
      URL.revokeObjectURL(img.src); // it has what it needs
    }
  });
  img.addEventListener('error', () => img.closest('figure')?.classList.add('broken'));
  fileAddress(path).then(address => {
    img.src = address;
  }, () => img.dispatchEvent(new Event('error')));
  return img;
}

/** A button that shows all images with sharp pixels, or smooth; remembered by the browser. */
export function pixelsButton() {
  const button = h('button.quiet.pixels', {
    type: 'button',
    title: 'Show each pixel of the file as a square',
    onclick: () => {
      localStorage.setItem('pixels', localStorage.getItem('pixels') ? '' : 'on');
      applyPixels();
    },
  }, 'Pixels');
  button.setAttribute('aria-pressed', String(Boolean(localStorage.getItem('pixels'))));
  return button;
}

export function applyPixels() {
  const on = Boolean(localStorage.getItem('pixels'));
  document.body.classList.toggle('sharp', on);
  for (const button of document.querySelectorAll('button.pixels')) {
    button.setAttribute('aria-pressed', String(on));
  }
}

/** The place of an image that does not exist yet: grain, as on an unworked plate. */
export function noise(index) {
  const canvas = h('canvas', {width: 32, height: 32, 'aria-hidden': 'true'});
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(32, 32);
  for (let i = 0; i < pixels.data.length; i += 4) {
    const grey = 128 + 44 * (Math.random() + Math.random() + Math.random() - 1.5);
    pixels.data.fill(grey, i, i + 3);
    pixels.data[i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  const figure = h('figure.noise', {}, canvas, h('figcaption', {}, h('span', {}, 'noise')));
  figure.dataset.key = `noise-${index}`;
  figure.dataset.index = index;
  return figure;
}

/** Shows an image that is being sampled in the place of one to come. */
export function emerge(place, row) {
  let img = place.querySelector('img');
  if (!img) {
    img = h('img.emerging.here');
    place.querySelector('canvas').replaceWith(img);
  }
  img.alt = `Image ${row.index} after ${row.done} of ${row.total} evaluations`;
  img.src = `data:image/png;base64,${row.data}`;
  place.querySelector('figcaption')?.replaceChildren(h('span', {}, `${row.done} of ${row.total}`));
}

/**
 * The settings that a PNG file of this software holds, in a text chunk; null for other files.
 */
export async function settingsOf(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const latin1 = new TextDecoder('latin1');
  if (latin1.decode(bytes.subarray(1, 4)) !== 'PNG') {
    return null;
  }
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = latin1.decode(bytes.subarray(at + 4, at + 8));
    const [keyword, ...rest] = type === 'tEXt'
        ? latin1.decode(bytes.subarray(at + 8, at + 8 + length)).split('\0')
        : [''];
    if (keyword === KEYWORD) {
      return JSON.parse(rest.join('\0'));
    }
    at += 12 + length;
  }
  return null;
}
