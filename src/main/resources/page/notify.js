// Jobs that end while the page is not looked at: their number in the title, and a notification.

let title = 'Mezzotint';
let unseen = 0;

function draw() {
  document.title = unseen ? `(${unseen}) ${title}` : title;
}

export function setTitle(text) {
  title = text;
  draw();
}

/** Reports the end of a job. */
export function ended(job) {
  if (!document.hidden) {
    return;
  }
  unseen++;
  draw();
  if (wanted()) {
    const note = new Notification(`${job.id} is ${job.state}`, {
      body: job.cause || (job.images ? `${job.images} images` : ''),
      tag: job.id,
    });
    note.onclick = () => {
      window.focus();
      location.hash = `#/jobs/${job.id}`;
    };
  }
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    unseen = 0;
    draw();
  }
});

/** Whether the browser can notify. */
export function possible() {
  return 'Notification' in window && isSecureContext && Notification.permission !== 'denied';
}

export function wanted() {
  return possible() && Notification.permission === 'granted' && localStorage.getItem('notify') === 'on';
}

/** Turns notifications on or off; the browser asks for permission first. */
export async function toggle() {
  if (wanted()) {
    localStorage.setItem('notify', '');
  } else if (await Notification.requestPermission() === 'granted') {
    localStorage.setItem('notify', 'on');
  }
  return wanted();
}
