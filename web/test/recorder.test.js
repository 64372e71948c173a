import assert from 'node:assert/strict'
import test from 'node:test'
import { Calibration, agreed, soundBase } from '../static/recorder/calibrate.js'
import { Cut } from '../static/recorder/cut.js'
import { parse } from '../static/recorder/journal.js'
import { trim } from '../static/recorder/samplerange.js'

/** Frames of a camera whose stamps are page time − base, with some jitter. */
function frames(/** @type {number} */ n, /** @type {number} */ interval, /** @type {number} */ jitter) {
  let seed = 7
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647
  return Array.from({ length: n }, (_, i) => 1000 + i * interval + jitter * random())
}

test('the base is what capture times and stamps agree on', () => {
  const c = new Calibration(0.005, 0.1)
  for (const t of frames(60, 33.3, 4)) {
    c.arrived(t + 5000, t + 7)
    c.saw({ capture: t + 0.003, media: t - 1000 })
  }
  const { base, error, by } = /** @type {import('../static/recorder/calibrate.js').Base} */ (c.result)
  assert.equal(by, 'capture')
  assert.ok(Math.abs(base + 5000) <= error, `${base} ± ${error}`)
  assert.ok(error < 0.2)
})

test('frames that are exactly periodic leave a frame of doubt', () => {
  const times = frames(60, 33.3, 0)
  const found = agreed(times.map(t => t + 5000), times.map(t => ({ capture: t, media: t - 1000 })), -5000 + 50, 0.06)
  assert.ok(found?.unsure)
})

test('without capture times the first arrival tells, with a wide error', () => {
  const c = new Calibration(0.005, 0.1)
  for (const t of frames(60, 33.3, 4)) c.arrived(t + 5000, t + 7)
  const { base, error, by } = /** @type {import('../static/recorder/calibrate.js').Base} */ (c.result)
  assert.equal(by, 'arrival')
  assert.ok(Math.abs(base + 5000) <= error && error < 40)
})

test('sound has the origin by which it arrived soonest', () => {
  assert.equal(soundBase(-2700, [-2705, 0, -9e6]), -2705)
  assert.equal(soundBase(5, [900]), 5)
})

test('a take is from the first frame at its instant to the last before its stop', () => {
  const cut = new Cut()
  cut.from = 100
  cut.to = 200
  assert.deepEqual([50, 99.9, 100, 133, 199.9, 200].map(t => cut.frame(t)), ['before', 'before', 'first', 'within', 'within', 'after'])
  assert.deepEqual([cut.first, cut.last], [100, 199.9])
})

test('sound is cut to the sample, at the first frame’s instant', () => {
  const cut = new Cut()
  cut.from = 100
  assert.equal(cut.sound(95, 480, 48000, false).keep, 0)
  cut.frame(104)
  assert.deepEqual(cut.sound(95, 480, 48000, false), { skip: 432, keep: 48 })
  assert.deepEqual(trim(0, 480, 48000, 0, 5), { skip: 0, keep: 240 })
})

test('a torn line of a journal is left out', () => {
  assert.deepEqual(parse('{"recordingId":"r"}\n{"started":5}\n{"stop'), { recordingId: 'r', started: 5 })
})
