// Submits a request to Mezzotint's REST API, waits for the job and fetches its files.
//
//   node client.mjs REQUEST.json FOLDER
//   node client.mjs cancel ID
//
// WORKER_URL is the address of a worker (http://localhost:8080), WORKER_TOKEN its token.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const url = process.env.WORKER_URL ?? 'http://localhost:8080'
const headers = { 'Content-Type': 'application/json' }
if (process.env.WORKER_TOKEN) {
  headers.Authorization = `Bearer ${process.env.WORKER_TOKEN}`
}

function exit(message) {
  console.error(message)
  process.exit(1)
}

/** GET, or POST if there is a body; ends the program with the answer if the call is refused. */
async function call(path, body) {
  const answer = await fetch(url + path, { method: body ? 'POST' : 'GET', headers, body })
  return answer.ok ? answer : exit(`${answer.status}: ${await answer.text()}`)
}

const json = async (path, body) => (await call(path, body)).json()

/** Writes images and other files below the folder, under their names in the store. */
async function fetchFiles(job, folder) {
  for (let offset = 0, total = 1; offset < total; offset += 500) {
    const page = await json(`/api/jobs/${job}/results?limit=500&offset=${offset}`)
    for (const file of [...page.images, ...(offset === 0 ? page.files : [])]) {
      const target = join(folder, file.key.slice(`jobs/${job}/`.length))
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, Buffer.from(await (await call(file.path)).arrayBuffer()))
    }
    total = page.total
  }
}

const [first, second] = process.argv.slice(2)
if (!second) exit('usage: node client.mjs REQUEST.json FOLDER | cancel ID')
if (first === 'cancel') {
  await call(`/api/jobs/${second}/cancel`, '{}')
  process.exit()
}
const { id } = await json('/api/jobs', await readFile(first, 'utf8'))
let job = await json(`/api/jobs/${id}`)
for (; ['queued', 'running'].includes(job.state); job = await json(`/api/jobs/${id}`)) {
  await new Promise((resolve) => setTimeout(resolve, 500))
}
if (job.state !== 'completed') exit(`${id} ${job.state}: ${job.cause}`)
await fetchFiles(id, second)
console.log(`${id} completed`)
