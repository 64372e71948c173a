import assert from 'node:assert/strict'
import test from 'node:test'
import { TimingProvider } from '../static/lib/provider.js'
import { Timeline } from '../static/lib/timeline.js'
import { Waker } from '../static/lib/waker.js'

const T = 1_763_894_400_000

/** A session whose time and state the test sets. */
class Session extends EventTarget {
  state = 'connecting'
  ahead = NaN
  timeline = new Timeline()
  /** @type {any[]} */ asked = []
  toSession = (/** @type {number} */ d) => d + this.ahead
  now = () => this.toSession(performance.now())
  syncPlayback = async (/** @type {any} */ change) => this.asked.push(change)

  /** @param {string} name */
  tell(name) {
    this.dispatchEvent(new Event(name))
  }
}

/** A provider of such a session, and what it told. */
function stage() {
  const session = new Session()
  const provider = new TimingProvider(/** @type {any} */ (session))
  /** @type {string[]} */
  const told = []
  for (const name of ['adjust', 'change', 'readystatechange']) provider.addEventListener(name, () => told.push(name))
  return { session, provider, told }
}

test('a provider opens with session time, and closes with the session', async () => {
  const { session, provider, told } = stage()
  assert.equal(provider.readyState, 'connecting')
  await assert.rejects(provider.update({ velocity: 1 }), { name: 'InvalidStateError' })
  session.ahead = T
  session.state = 'synced'
  session.tell('clock')
  assert.deepEqual([provider.readyState, provider.skew], ['open', T / 1000])
  session.tell('clock')
  assert.deepEqual(told, ['adjust', 'change', 'readystatechange'])
  session.ahead += 1
  session.tell('clock')
  assert.equal(told.at(-1), 'adjust')
  session.state = 'closed'
  session.tell('clock')
  assert.equal(provider.readyState, 'closed')
})

test('a vector is the timeline’s state, and an update a change of it', async () => {
  const { session, provider, told } = stage()
  Object.assign(session, { ahead: T, state: 'reconnecting' })
  session.tell('clock')
  session.timeline.receive('playback_sync', {
    commandId: 'c', mediaUrl: '/a', mediaId: '', position: 7, isPlaying: true, playbackRate: 1.5, timestamp: T - 1000,
  })
  session.tell('playback')
  assert.equal(told.at(-1), 'change')
  assert.deepEqual(provider.vector, { position: 7, velocity: 1.5, acceleration: 0, timestamp: (T - 1000) / 1000 })
  await provider.update({ position: 3 })
  await provider.update({ velocity: 0, position: null })
  await provider.update({ velocity: 2 })
  assert.deepEqual(session.asked, [{ isPlaying: true, position: 3 }, { isPlaying: false }, { isPlaying: true, playbackRate: 2 }])
  await assert.rejects(provider.update({ velocity: -1 }), { name: 'NotSupportedError' })
  provider.close()
})

test('a timer of the page or of the worker, whichever comes first, once', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  /** @type {any[]} */
  const posted = []
  const waker = new Waker(m => posted.push(m))
  let woken = 0
  waker.after(50, () => woken++)
  waker.woken(posted[0].id)
  t.mock.timers.tick(60)
  assert.equal(woken, 1)
  waker.after(50, () => woken++)
  t.mock.timers.tick(60)
  waker.woken(posted[1].id)
  assert.equal(woken, 2)
  waker.after(50, () => woken++)()
  waker.woken(posted[2].id)
  t.mock.timers.tick(60)
  assert.equal(woken, 2)
})
