import assert from 'node:assert/strict'
import test from 'node:test'
import { Complaint, Corrector, MAX_CORRECTION, Seeks } from '../static/player/law.js'
import { Learnt } from '../static/player/memory.js'
import { Observer } from '../static/player/observer.js'

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
  const l = new Learnt('start', 50, 1000)
  assert.equal(l.median, 50)
  for (const ms of [40, 41, 42, 5000]) l.add(ms)
  l.add(NaN)
  assert.equal(new Learnt('start', 50, 1000).median, 42)
  assert.equal(new Learnt('start', 50, 1000).high, 1000)
})
