import assert from 'node:assert/strict'
import test from 'node:test'
import { Complaint, Corrector, MAX_CORRECTION, Seeks } from '../static/player/controllaw.js'
import { LearnedDelay } from '../static/player/learneddelay.js'
import { comfortable, reaches } from '../static/player/media.js'
import { Observer } from '../static/player/observer.js'
import { driftOf, isOver, seamless } from '../static/player/place.js'
import { describe } from '../static/player/mediareporter.js'
import { BufferingReporter } from '../static/player/bufferingreporter.js'

test('the observer sees through noise, and follows the rate', () => {
  const o = new Observer()
  o.runs(0, 1)
  for (let d = 0; d <= 1000; d += 100) o.add(d, 5 + d / 1000 + (d % 200 ? 0.004 : -0.004))
  assert.ok(o.settled)
  assert.ok(Math.abs(o.at(1000) - 6) < 0.002)
  o.runs(1000, 2)
  assert.ok(Math.abs(o.at(1500) - 7) < 0.002)
  assert.equal(o.fresh(1300), true)
  assert.equal(o.fresh(1500), false)
})

test('one wild reading is no jump; three are', () => {
  const o = new Observer()
  for (let d = 0; d <= 500; d += 100) o.add(d, d / 1000)
  o.add(600, 9)
  assert.ok(Math.abs(o.at(600) - 0.6) < 1e-9)
  o.add(700, 9.1)
  o.add(800, 9.2)
  assert.ok(Math.abs(o.at(800) - 9.2) < 1e-9)
  assert.equal(o.settled, false)
})

/**
 * A medium under the law: its drift after `seconds`, s, and the largest
 * correction.
 *
 * @param {number} drift
 * @param {number} skew
 * @param {number} seconds
 * @param {number} [deaf]  corrections that the browser ignores
 */
function held(drift, skew, seconds, deaf = 0) {
  const c = new Corrector()
  let largest = 0
  for (let d = 0; d < seconds * 1000; d += 250) {
    const k = c.correct(drift, d)
    largest = Math.max(largest, Math.abs(k))
    drift += ((Math.abs(k) < deaf ? 0 : k) + skew) * 0.25
  }
  return { drift, largest }
}

test('a drift goes away without overshooting, however small it is', () => {
  for (const drift of [0.1, 0.02, 0.002, -0.05, 0.0008]) {
    const end = held(drift, 0, 15)
    assert.ok(Math.abs(end.drift) < 0.0002, `${drift} → ${end.drift}`)
    assert.ok(end.largest <= MAX_CORRECTION)
  }
})

test('a sound card that is fast is held', () => {
  assert.ok(Math.abs(held(0, 200e-6, 60).drift) < 0.0006)
})

test('a browser that ignores small corrections is held all the same', () => {
  assert.ok(Math.abs(held(0.01, 200e-6, 60, 0.001).drift) < 0.0025)
})

test('slow ticks of a hidden page do not make it swing', () => {
  const c = new Corrector()
  let drift = 0.03
  for (let d = 0; d < 20000; d += 2500) drift += c.correct(drift, d) * 2.5
  assert.ok(Math.abs(drift) < 0.01)
})

test('seeks that do not help come ever more rarely', () => {
  const s = new Seeks()
  for (let d = 0; d < 120000; d += 100) if (s.worth(1, d)) s.made(d)
  assert.ok(s.count <= 9, `${s.count} seeks in two minutes`)
})

test('a small drift is never worth a seek, a large one at once', () => {
  const s = new Seeks()
  assert.equal(s.worth(0.1, 0), false)
  assert.equal(s.worth(-0.5, 0), true)
})

test('the server hears of what lasts, and not too often', () => {
  const c = new Complaint()
  assert.equal(c.due(0.3, 0), false)
  assert.equal(c.due(0.3, 1900), false)
  assert.equal(c.due(0.3, 2000), true)
  assert.equal(c.due(0.3, 4000), false)
  assert.equal(c.due(0.3, 7000), true)
  assert.equal(c.due(0.1, 13000), false)
  assert.equal(c.due(0.3, 13100), false)
})

test('what was learnt is kept; one outlier does not move it', () => {
  const l = new LearnedDelay('start', 50, 1000)
  assert.equal(l.median, 50)
  for (const ms of [40, 41, 42, 5000]) l.add(ms)
  l.add(NaN)
  assert.equal(new LearnedDelay('start', 50, 1000).median, 42)
  assert.equal(new LearnedDelay('start', 50, 1000).high, 1000)
})

/** @param {[number, number][]} list */
function ranges(list) {
  return { length: list.length, start: (/** @type {number} */ i) => list[i][0], end: (/** @type {number} */ i) => list[i][1] }
}

test('without ranges from its server a medium reaches its beginning alone', () => {
  const at = (/** @type {[number, number][]} */ list, /** @type {number} */ position) => reaches({ seekable: ranges(list) }, position)
  assert.deepEqual([at([[0, 0]], 25), at([[0, 0]], 0.05), at([[0, 90]], 25), at([[0, 90]], 90), at([], 0)], [false, true, true, true, false])
})

const film = { mediaUrl: '/f', mediaId: '', position: 0, isPlaying: true, lastUpdateTime: 0, playbackRate: 1, loop: false, mediaDuration: 90 }
const round = { ...film, loop: true }

test('a film is over for everybody where the session says, in a loop never', () => {
  assert.deepEqual([isOver(film, 89.9, 95), isOver(film, 90, 95), isOver(film, 88, 88)], [false, true, true])
  assert.deepEqual([isOver({ ...film, mediaDuration: 0 }, 94, 95), isOver({ ...film, mediaDuration: 0 }, 95, 95)], [false, true])
  assert.deepEqual([isOver(round, 89.99, 89.98), isOver(round, 85, 84), seamless(round, 90.1), seamless(round, 95), seamless(film, 90)], [false, true, true, false, false])
})

test('at the seam of a loop the drift is the short way round', () => {
  assert.ok(Math.abs(driftOf(round, 89.98, 0.01) + 0.03) < 1e-9)
  assert.ok(Math.abs(driftOf(round, 0.01, 89.98) - 0.03) < 1e-9)
  assert.equal(driftOf(film, 10, 12), -2)
})

test('what a player tells of itself', () => {
  const status = (/** @type {any} */ more) => /** @type {any} */ ({ state: 'playing', trouble: null, drift: 3.26, ...more })
  const element = /** @type {any} */ ({ duration: 90, currentTime: 5 })
  assert.deepEqual(describe('/f', status({}), element), { mediaUrl: '/f', state: 'playing', driftMs: 3.3, durationS: 90 })
  const failed = status({ state: 'failed', trouble: { code: 'not_found' }, drift: NaN })
  assert.deepEqual(describe('/f', failed, { ...element, duration: NaN }), { mediaUrl: '/f', state: 'failed', error: 'not_found' })
  assert.equal(describe('/f', status({ state: 'paused', trouble: { code: 'autoplay_refused' } }), element).state, 'blocked')
  assert.deepEqual([0, 5].map(currentTime => describe('/f', status({ state: 'paused' }), { ...element, currentTime }).state), ['ready', 'paused'])
})

/** What a device says to those who wait, and what is set of its player. */
function patient() {
  /** @type {boolean[]} */ const said = []
  const timeline = { info: { waitForAll: true, waitingFor: /** @type {string[]} */ ([]) }, at: () => film, position: () => 20 }
  const session = /** @type {any} */ ({ timeline, now: () => 0, buffering: async (/** @type {string} */ _url, /** @type {boolean} */ on) => void said.push(on) })
  const element = /** @type {any} */ ({ readyState: 1, HAVE_FUTURE_DATA: 3, HAVE_ENOUGH_DATA: 4, seeking: false, error: null, buffered: ranges([]), duration: 90 })
  const status = /** @type {any} */ ({ state: 'buffering' })
  return { said, timeline, element, status, waits: new BufferingReporter(session, element, status) }
}

test('who has to load says so, again while it lasts, and when it can go on for a while', () => {
  const { said, element, status, waits } = patient()
  for (let d = 0; d <= 6500; d += 100) waits.look(d)
  assert.deepEqual(said, [true, true, true], 'at 300, 3300 and 6300 ms')
  Object.assign(element, { readyState: 3, buffered: ranges([[19, 21]]) })
  waits.look(6600)
  assert.deepEqual(said.length, 3, 'a second of film isn’t enough')
  element.buffered = ranges([[19, 24.5]])
  status.state = 'playing'
  waits.look(6700)
  assert.deepEqual(said, [true, true, true, false])
  assert.equal(comfortable({ ...element, seeking: true }, 20), false)
})

test('nobody says that it loads where nobody waits, or for a moment', () => {
  const { said, timeline, status, waits } = patient()
  for (let d = 0; d <= 200; d += 100) waits.look(d)
  status.state = 'playing'
  waits.look(300)
  status.state = 'buffering'
  timeline.info.waitForAll = false
  for (let d = 400; d <= 4000; d += 100) waits.look(d)
  assert.deepEqual(said, [])
})
