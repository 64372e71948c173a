import assert from 'node:assert/strict'
import test from 'node:test'
import { BegunBefore, UploadQueue } from '../static/recorder/uploadqueue.js'
import { Store } from '../static/recorder/store.js'

const gone = () => Object.assign(new Error('A requested file or directory could not be found'), { name: 'NotFoundError' })
const locked = () => Object.assign(new Error('another has it open'), { name: 'NoModificationAllowedError' })

/** A folder of files, as browsers have them: one handle for each at a time. */
class Folder {
  /** @type {Map<string, {bytes: number[], open: boolean}>} */ files = new Map()

  async *keys() {
    yield* [...this.files.keys()]
  }

  /**
   * @param {string} name
   * @param {{create?: boolean}} [options]
   */
  async getFileHandle(name, { create = false } = {}) {
    if (!this.files.has(name) && !create) throw gone()
    if (!this.files.has(name)) this.files.set(name, { bytes: [], open: false })
    return { createSyncAccessHandle: async () => this.#open(/** @type {any} */ (this.files.get(name))) }
  }

  /** @param {{bytes: number[], open: boolean}} file */
  #open(file) {
    if (file.open) throw locked()
    file.open = true
    return {
      getSize: () => file.bytes.length,
      read: (/** @type {Uint8Array} */ into, { at = 0 } = {}) => {
        into.set(file.bytes.slice(at, at + into.length))
        return into.length
      },
      write: (/** @type {Uint8Array} */ bytes, { at = 0 } = {}) => {
        file.bytes.splice(at, bytes.length, ...bytes)
        return bytes.length
      },
      truncate: (/** @type {number} */ size) => void (file.bytes.length = size),
      flush() {},
      close: () => (file.open = false),
    }
  }

  /** @param {string} name */
  async removeEntry(name) {
    if (!this.files.delete(name)) throw gone()
  }
}

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
