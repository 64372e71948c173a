import assert from 'node:assert/strict'
import test from 'node:test'
import { Calibration, agreed, soundBase } from '../static/recorder/calibrate.js'

/** Frames of a camera: late by chance within ±jitter ms. */
function frames(/** @type {number} */ n, /** @type {number} */ jitter, interval = 50, seed = 7) {
  const random = () => ((seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5) * 2
  return Array.from({ length: n }, (_, i) => Math.round((1000 + i * interval + jitter * random()) * 1000) / 1000)
}

const BASE = -5_000_000.25
const MEDIA = 987.654

/** What the browser tells of captured frames, with performance.now() in steps. */
function sights(/** @type {number[]} */ captured, step = 0.005) {
  return captured.map(t => ({ capture: Math.floor(t / step) * step, media: t - MEDIA }))
}

/** The stamps of the same frames. */
const stampsOf = (/** @type {number[]} */ captured, step = 0.005) => captured.map(t => Math.floor((t - BASE) / step) * step)

test('frames are told apart by what they are late, though the clock is coarse', () => {
  for (const step of [0.005, 0.1]) {
    const captured = frames(60, 3 * step + 0.2)
    const found = agreed(stampsOf(captured, step), sights(captured.slice(10), step), BASE + 30, step)
    assert.ok(found && !found.unsure && Math.abs(found.base - BASE) <= 2 * step, `step ${step}: off by ${found && found.base - BASE}`)
  }
})

test('frames that are exactly periodic may be a frame off, and that is said', () => {
  const captured = frames(60, 0)
  const c = new Calibration(0.005, 0.1)
  for (const t of captured) c.arrived(t - BASE, t + 70)
  for (const s of sights(captured)) c.saw(s)
  const result = c.result
  assert.ok(result && result.by === 'capture' && result.error >= 50 && Math.abs(result.base - BASE) <= result.error)
})

test('capture times alone tell it where media times are of another line', () => {
  const captured = frames(60, 0.4)
  const strange = sights(captured).map(({ capture }, i) => ({ capture, media: i * 33.3 }))
  const found = agreed(stampsOf(captured), strange, BASE + 30, 0.005)
  assert.ok(found && Math.abs(found.base - BASE) < 0.1)
})

test('without capture times the arrivals are a ceiling, and the bound a frame', () => {
  const captured = frames(60, 0.2)
  const c = new Calibration(0.005, 0.1)
  captured.forEach((t, i) => c.arrived(t - BASE, t + 3 + (i % 7)))
  const result = c.result
  assert.ok(result && result.by === 'arrival' && result.base >= BASE && result.base - BASE <= result.error)
})

test('the base of sound is that of the origin by which it arrived soonest', () => {
  assert.equal(soundBase(12, [0, 5, 400]), 5)
  assert.equal(soundBase(12, [500]), 12)
})
