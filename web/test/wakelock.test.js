import assert from 'node:assert/strict'
import test from 'node:test'
import { WakeLock } from '../static/lib/wakelock.js'
import { fakePage, settled } from './fakes.js'

/** A page, and the locks that its browser gave. @param {any} t */
function rig(t) {
  /** @type {{released: boolean, release: () => Promise<void>}[]} */ const locks = []
  const wakeLock = {
    refuses: false,
    async request() {
      await settled()
      if (wakeLock.refuses) throw new DOMException('the battery is low', 'NotAllowedError')
      const lock = { released: false, release: async () => void (lock.released = true) }
      locks.push(lock)
      return lock
    },
  }
  const document = fakePage(t, { navigator: { wakeLock } })
  const see = async (/** @type {boolean} */ seen) => {
    document.visibilityState = seen ? 'visible' : 'hidden'
    if (!seen) for (const lock of locks) lock.released = true // as browsers do
    document.dispatchEvent(new Event('visibilitychange'))
    await settled()
    await settled()
  }
  return { wakeLock, locks, see, held: () => locks.filter(({ released }) => !released).length }
}

test('the screen stays on while that is needed, and after the page was hidden', async t => {
  const { locks, see, held } = rig(t)
  const lock = new WakeLock()
  await see(true)
  assert.equal(locks.length, 0)
  lock.needed = true
  await see(true)
  assert.equal(held(), 1)
  await see(true)
  assert.equal(locks.length, 1, 'one is enough')
  await see(false)
  assert.equal(held(), 0)
  await see(true)
  assert.equal(held(), 1)
  lock.needed = false
  assert.equal(held(), 0)
  await see(true)
  assert.equal(held(), 0)
})

test('a lock that comes when it isn’t needed any more is let go', async t => {
  const { locks, see, held } = rig(t)
  const lock = new WakeLock()
  lock.needed = true
  lock.needed = false
  await see(true)
  assert.deepEqual([locks.length, held()], [1, 0])
  lock.needed = true
  lock.close()
  await see(true)
  await see(true)
  assert.equal(held(), 0)
})

test('where the screen can’t be kept on nothing breaks, and it is asked for again', async t => {
  const { wakeLock, see, held } = rig(t)
  wakeLock.refuses = true
  const lock = new WakeLock()
  lock.needed = true
  await see(true)
  assert.equal(held(), 0)
  wakeLock.refuses = false
  await see(true)
  assert.equal(held(), 1)
  fakePage(t, { navigator: {} })
  new WakeLock().needed = true // a browser without it
  await settled()
})
