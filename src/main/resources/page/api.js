// Calls of the REST API, its event stream, and DOM elements created without markup in strings.

let token = sessionStorage.getItem('token') || '';
let askToken = () => Promise.resolve('');

/** Where the front is: a proxy may serve it under a path of its own. */
const root = new URL('..', import.meta.url);

/** The address here of a path that the API has sent, or of '/api/...'. */
export function at(path) {
  const under = path.startsWith(root.pathname) ? path.slice(root.pathname.length) : path.slice(1);
  return new URL(under, root).href;
}

export function onTokenNeeded(ask) {
  askToken = ask;
}

async function request(path, options = {}) {
  for (;;) {
    const headers = {...options.headers};
    const sent = token;
    if (sent) {
      headers.Authorization = `Bearer ${sent}`;
    }
    const response = await fetch(at(path), {...options, headers});
    if (response.status !== 401) {
      return response;
    }
    if (token === sent) { // unchanged by another call meanwhile
      const said = await askToken(Boolean(sent));
      if (token === sent) {
        token = said;
        sessionStorage.setItem('token', token);
      }
    }
  }
}

export class Refusal extends Error {
  constructor(status, field, message) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

export async function call(path, body) {
  const response = await request(path, body === undefined ? {} : {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body),
  });
  let answer = {};
  try {
    answer = await response.json();
  } catch {
    // perhaps a proxy's error page
  }
  if (!response.ok) {
    throw new Refusal(response.status, answer.field || '', answer.message || `HTTP ${response.status}`);
  }
  return answer;
}

/**
 * Stores a file under a key.
 *
 * @param field of the request that the file is for
 */
export async function upload(key, file, field) {
  const path = `/api/uploads/${key.split('/').map(encodeURIComponent).join('/')}`;
  const response = await request(path, {method: 'PUT', body: file, headers: {'Content-Type': 'application/octet-stream'}});
  if (response.status === 404) {
    throw new Refusal(404, field, 'This server takes no uploads (MEZZOTINT_UPLOAD_MEGABYTES=0): put the file into the bucket, and name its key.');
  }
  if (!response.ok) {
    const {message} = await response.json().catch(() => ({}));
    throw new Refusal(response.status, field, `${file.name}: ${message || `HTTP ${response.status}`}`);
  }
}

/** A file's address for an img. With a token its bytes are fetched, since an img sends no token. */
export async function fileAddress(path) {
  if (!token) {
    return at(path);
  }
  const response = await request(path);
  if (!response.ok) {
    throw new Refusal(response.status, '', `HTTP ${response.status}`);
  }
  return URL.createObjectURL(await response.blob());
}

/** The text of a file, or of an answer that is shown as it is. */
export async function text(path) {
  const response = await request(path);
  if (!response.ok) {
    throw new Refusal(response.status, '', `HTTP ${response.status}`);
  }
  return response.text();
}

/** Handles a click on a link that downloads a file. With a token its bytes are fetched first. */
export function save(path, name, failed = () => {}) {
  return event => {
    if (!token) {
      return; // the browser follows the link
    }
    event.preventDefault();
    fileAddress(path).then(address => {
      h('a', {href: address, download: name}).click();
      setTimeout(() => URL.revokeObjectURL(address), 60000);
    }, failed);
  };
}

/** Handles a click on a link to a file. With a token its bytes are fetched, since a link sends none. */
export function follow(path) {
  return event => {
    if (!token) {
      return; // the browser follows the link
    }
    event.preventDefault();
    const tab = open('', '_blank'); // now, while the click counts
    fileAddress(path).then(address => {
      tab.location = address;
    }, () => tab.close());
  };
}

/**
 * Receives server-sent events, with fetch so that a token can be sent. Reconnects by itself, with
 * the id of the last event received.
 *
 * @param receive called with {event, data} for each event
 * @param state called with true when connected, with false when not
 */
export async function listen(receive, state) {
  let last = '';
  let pause = 500;
  for (;;) {
    const stop = new AbortController();
    try {
      const response = await request('/api/events', {
        signal: stop.signal,
        headers: last ? {'Last-Event-ID': last} : {},
        cache: 'no-store',
      });
      if (!response.ok) {
        throw new Error(`HTTP ${response.status}`);
      }
      state(true);
      pause = 500;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        const {value, done} = await withLimit(reader.read(), 15000);
        if (done) {
          break;
        }
        text += value;
        const parts = text.split('\n\n');
        text = parts.pop();
        for (const part of parts) {
          const fields = {};
          for (const line of part.split('\n')) {
            const colon = line.indexOf(':');
            if (colon > 0) {
              fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
            }
          }
          last = fields.id || last;
          if (fields.event) {
            receive({event: fields.event, data: JSON.parse(fields.data || '{}')});
          }
        }
      }
    } catch {
      // reconnects below
    }
    stop.abort(); // does not leave a silent connection open
    state(false);
    await new Promise(resolve => setTimeout(resolve, pause));
    pause = Math.min(pause * 1.6, 5000);
  }
}

function withLimit(promise, millis) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('silence')), millis);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Creates an element: h('a.quiet', {href: '#'}, 'text', child). */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length) {
    element.className = classes.join(' ');
  }
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) {
      continue;
    }
    if (key.startsWith('on')) {
      element.addEventListener(key.slice(2), value);
    } else if (key in element && key !== 'list' && key !== 'form') {
      element[key] = value;
    } else {
      element.setAttribute(key, value === true ? '' : value);
    }
  }
  element.append(...children.filter(c => c !== null && c !== undefined && c !== false));
  return element;
}

export function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 60) {
    return 'just now';
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  if (seconds < 86400) {
    return `${Math.floor(seconds / 3600)} h ago`;
  }
  return new Date(time).toLocaleDateString(undefined, {day: 'numeric', month: 'short'});
}

export function span(seconds) {
  if (!isFinite(seconds) || seconds < 0) {
    return '';
  }
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 90) {
    return `${Math.round(seconds)} s`;
  }
  if (seconds < 5400) {
    return `${Math.round(seconds / 60)} min`;
  }
  return `${(seconds / 3600).toFixed(1)} h`;
}
