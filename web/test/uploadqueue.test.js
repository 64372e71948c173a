import assert from 'node:assert/strict'
import test from 'node:test'
import { BegunBefore, UploadQueue } from '../static/recorder/uploadqueue.js'
import { Store } from '../static/recorder/store.js'
import { Folder, UploadServer, fakeTime, gone, settled } from './fakes.js'

const notes = { recordingId: 'r1', sessionId: 's', label: '', filename: 'front.webm', filetype: 'video/webm' }

/** A page with a recording under way. */
async function filming(folder = new Folder()) {
  const queue = new UploadQueue(new Store(folder), null, () => {})
  const entry = await queue.create(notes)
  entry.file.append(new Uint8Array(3000).fill(7))
  return { folder, queue, entry }
}

test('a recording that an earlier page began isn’t begun again, nor written over', async () => {
  const { folder, queue, entry } = await filming()
  entry.file.note({ complete: true })
  await assert.rejects(queue.create(notes), BegunBefore)
  const next = new UploadQueue(new Store(folder), null, () => {})
  await assert.rejects(next.create(notes), BegunBefore, 'its files are still open')
  queue.close()
  await assert.rejects(next.create(notes), BegunBefore, 'it isn’t taken up yet')
  const [left] = await next.recover()
  assert.deepEqual([left.notes.recordingId, left.bytes, left.interrupted], ['r1', 3000, false])
  await assert.rejects(next.create(notes), BegunBefore)
  next.close()
})

test('what another page still has open is taken up when it lets go', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { folder, queue } = await filming()
  const next = new UploadQueue(new Store(folder), null, () => {})
  assert.deepEqual(await next.recover(), [])
  /** @type {any[]} */ const found = []
  next.recoverLater(more => found.push(...more))
  const later = async (/** @type {number} */ ms) => {
    t.mock.timers.tick(ms)
    for (let i = 0; i < 20; i++) await Promise.resolve()
    await new Promise(resolve => setImmediate(resolve))
  }
  await later(500)
  assert.equal(found.length, 0)
  queue.close()
  await later(1000)
  assert.deepEqual(found.map(({ notes }) => notes.recordingId), ['r1'])
  next.close()
})

test('files that somebody else has removed are gone, and no error', async () => {
  const { folder, queue } = await filming()
  folder.files.clear() // the user clears the site's data
  await queue.discard('r1')
  assert.deepEqual(await queue.recover(), [])
  const broken = new Store({ keys: () => { throw gone() } })
  assert.deepEqual(await broken.names(), [])
})

test('while its files are made a recording isn’t found by the one who looks for old ones', async () => {
  const folder = new Folder()
  const queue = new UploadQueue(new Store(folder), null, () => {})
  const [entry, found] = await Promise.all([queue.create(notes), queue.recover()])
  assert.deepEqual([entry.file.notes.recordingId, found], ['r1', []])
  queue.close()
})

const SERVER = { url: 'https://beat.example/', authorization: 'session-key', proof: 'd1.now' }
/** More than a piece that goes up at once. */
const PLENTY = 300 * 1024

/**
 * A recording under way, with a server to bring it to.
 *
 * @param {any} t
 * @param {Folder} [folder]
 */
async function uploading(t, folder = new Folder()) {
  const time = fakeTime(t)
  const server = new UploadServer().install(t)
  /** @type {any[]} */ const told = []
  const queue = new UploadQueue(new Store(folder), SERVER, take => void told.push(take))
  t.after(() => queue.close())
  const entry = await queue.create({ ...notes, label: 'plank', proof: 'd1.then' })
  entry.file.append(new Uint8Array(PLENTY))
  const state = () => told.at(-1)?.state
  return { time, server, told, queue, entry, folder, state }
}

test('a recording goes up while it is made, and is kept here until the server has all of it', async t => {
  const { time, server, told, queue, entry, folder, state } = await uploading(t)
  entry.send()
  await time.pass(100)
  const [post] = server.of('POST')
  assert.deepEqual([post.url, post.headers['Authorization'], post.headers['Upload-Defer-Length']], ['https://beat.example/api/uploads/', 'Bearer d1.then', '1'])
  assert.match(post.headers['Upload-Metadata'], new RegExp(`recordingId ${btoa('r1')},filename ${btoa('front.webm')}`))
  const [upload] = server.uploads.values()
  assert.deepEqual([upload.size, queue.pending, state()], [PLENTY, 0, 'recording'])
  entry.file.append(new Uint8Array(500))
  assert.equal(queue.pending, 500)
  entry.complete({})
  await time.pass(300)
  assert.deepEqual([upload.size, upload.length, state()], [PLENTY + 500, PLENTY + 500, 'uploaded'])
  assert.deepEqual(told.at(-1), { recordingId: 'r1', label: 'plank', state: 'uploaded', bytes: PLENTY + 500, uploadedBytes: PLENTY + 500 })
  assert.deepEqual([[...folder.files.keys()], queue.pending], [[], 0])
})

test('a server that is away is tried again, at once when the network comes back', async t => {
  const { time, server, told, queue, entry, state } = await uploading(t)
  server.away = true
  entry.complete({})
  await time.pass(50)
  assert.deepEqual([state(), told.at(-1).error], ['waiting', 'the server doesn’t answer'])
  await time.pass(30_000)
  server.away = false
  queue.hurry()
  await time.pass(100)
  assert.deepEqual([state(), told.at(-1).error, server.requests[0].method], ['uploaded', undefined, 'POST'])
})

test('what an earlier page began to send goes on where the server is', async t => {
  const { time, server, queue, entry, folder } = await uploading(t)
  entry.send()
  await time.pass(100)
  entry.file.append(new Uint8Array(700))
  entry.file.note({ complete: true })
  queue.close() // the page ends
  /** @type {any[]} */ const told = []
  const next = new UploadQueue(new Store(folder), SERVER, take => void told.push(take))
  assert.equal((await next.recover()).length, 1)
  await time.pass(300)
  const [head] = server.of('HEAD')
  const last = server.of('PATCH').at(-1)
  assert.deepEqual([server.of('POST').length, head.url, last?.headers['Upload-Offset'], last?.size], [1, 'https://beat.example/api/uploads/u1', String(PLENTY), 700])
  assert.deepEqual([told.at(-1).state, folder.files.size], ['uploaded', 0])
  next.close()
})

test('a proof that isn’t taken gives way to the next one; when none is, the recording stays here', async t => {
  const { time, server, told, entry, folder, state } = await uploading(t)
  server.refuse = () => ({ status: 403, body: { error: { code: 'not_allowed', message: 'this key may not upload' } } })
  entry.complete({})
  await time.pass(60_000)
  assert.deepEqual(server.requests.map(r => r.headers['Authorization']), ['Bearer d1.then', 'Bearer d1.now', 'Bearer session-key'])
  assert.deepEqual([state(), told.at(-1).error, folder.files.size], ['failed', 'this key may not upload', 2])
})

test('a recording that the server doesn’t know yet is doubted, but not for ever', async t => {
  const { time, server, entry, state } = await uploading(t)
  let unknown = 3
  server.refuse = () => (unknown-- > 0 ? { status: 404, body: { error: { code: 'unknown_recording', message: 'no such recording' } } } : undefined)
  entry.complete({})
  await time.pass(20_000)
  assert.deepEqual([state(), server.of('POST').length], ['uploaded', 4])
})

test('a request of which nothing is heard is given up, and made again', async t => {
  const { time, server, entry, state } = await uploading(t)
  let silent = true
  server.refuse = () => (silent ? 'silence' : undefined)
  entry.complete({})
  await time.pass(29_000)
  assert.deepEqual([server.requests.length, state()], [1, 'waiting'])
  silent = false
  await time.pass(2500)
  assert.equal(state(), 'uploaded')
})

test('who discards a recording sends nothing more of it', async t => {
  const { time, server, queue, entry, folder } = await uploading(t)
  server.refuse = () => 'silence'
  entry.send()
  await time.pass(50)
  await queue.discard('r1')
  const { length } = server.requests
  server.refuse = () => undefined
  await time.pass(60_000)
  assert.deepEqual([server.requests.length, folder.files.size, queue.has('r1'), queue.pending], [length, 0, false, 0])
  await settled()
})
