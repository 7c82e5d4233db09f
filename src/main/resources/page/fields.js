// Rows of a form, and the message of a refusal at the field that it names.

import {h, Refusal} from './api.js';

/** A label, its input, and the place for a message about it. */
export function row(label, input, field, ...more) {
  input.id = `field-${field}`;
  const message = h('span.field-problem', {id: `problem-${field}`});
  const element = h('div.field', {}, h('label', {htmlFor: input.id}, label), input, ...more, message);
  element.dataset.field = field;
  return element;
}

export function select(name, options, value) {
  return h('select', {name}, ...options.map(([v, word]) => h('option', {value: v, selected: v === value}, word)));
}

export function number(name, min, max, value) {
  return h('input', {type: 'number', name, min, max, value, inputMode: 'numeric'});
}

/** The number in an input; undefined if it is empty. */
export function read(input) {
  return input.value === '' ? undefined : Number(input.value);
}

/** Who waits, and until when: the same for images and trainings. */
export function scheduling(values) {
  const priority = select('priority', [['high', 'high'], ['', 'normal'], ['low', 'low']], values.priority === 'normal' ? '' : values.priority ?? '');
  const tenant = h('input', {name: 'tenant', value: values.tenant ?? '', placeholder: 'default', autocomplete: 'off'});
  const deadline = h('input', {type: 'datetime-local', step: 1, name: 'deadline', value: values.deadline ? localTime(values.deadline) : ''});
  return {
    tenant,
    rows: {priority: row('Priority', priority, 'priority'), tenant: row('Tenant', tenant, 'tenant'), deadline: row('Deadline', deadline, 'deadline')},
    read: () => ({
      priority: priority.value || (values.priority === undefined ? undefined : 'normal'),
      tenant: tenant.value.trim() || undefined,
      deadline: deadline.value ? new Date(deadline.value).toISOString() : undefined,
    }),
  };
}

/** A time in the zone of this browser, as its input wants it. */
function localTime(time) {
  const at = new Date(time);
  return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

/** The object that a text area holds. */
export function json(source, field, subject, lists = false) {
  try {
    const value = JSON.parse(source);
    if (typeof value === 'object' && value !== null && (lists || !Array.isArray(value))) {
      return value;
    }
  } catch {
    // refused below
  }
  throw new Refusal(400, field, `${subject} must be a JSON object, such as {"strict": true}`);
}

/** Removes all messages. */
export function clear(form, problem) {
  problem.hidden = true;
  for (const each of form.querySelectorAll('.field')) {
    each.classList.remove('wrong');
    each.querySelector('.field-problem').textContent = '';
    for (const input of each.querySelectorAll('input,select,textarea')) {
      input.removeAttribute('aria-describedby');
      input.removeAttribute('aria-invalid');
    }
  }
}

/** Shows a refusal at its field, or above the buttons. */
export function refuse(e, form, problem, announce) {
  const field = e instanceof Refusal ? e.field.split(/[.[]/)[0] : '';
  const at = field && form.querySelector(`[data-field="${CSS.escape(field)}"]:not([hidden])`);
  if (!at) {
    problem.hidden = false;
    problem.textContent = e.message;
    return;
  }
  at.classList.add('wrong');
  at.closest('details')?.setAttribute('open', '');
  at.querySelector('.field-problem').textContent = e.message;
  const input = [...at.querySelectorAll('input,select,textarea')].find(each => !each.hidden);
  input.setAttribute('aria-describedby', `problem-${field}`);
  input.setAttribute('aria-invalid', 'true');
  input.focus();
  announce(e.message);
}
