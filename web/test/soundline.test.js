import assert from 'node:assert/strict'
import test from 'node:test'
import { SoundClock } from '../static/recorder/soundclock.js'
import { SoundLine } from '../static/recorder/soundline.js'

/** @import { Block } from '../static/recorder/soundclock.js' */

const RATE = 8_000
/** A microphone whose stamps are page time less this, ms. */
const ORIGIN = 7000

function randoms(seed = 7) {
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647
}

/**
 * A microphone: what a sample's value is tells when it was captured.
 *
 * @typedef {object} Fault
 * @property {number} at    page time, ms
 * @property {number} lost  samples missing from there on, ms
 *
 * @param {object} options
 * @param {number} options.length   ms
 * @param {number} [options.ppm]    how much faster than page time the card runs
 * @param {number} [options.rate]   samples a second, by the card's word
 * @param {number} [options.size]   samples in a block
 * @param {Fault[]} [options.gaps]
 * @param {(t: number) => number} [options.late]     ms from capture to arrival
 * @param {(t: number, late: number) => number} [options.scatter]  ms that a stamp is off by
 * @param {number} [options.channels]
 * @param {number} [options.from]
 * @returns {Block[]}
 */
function microphone({ length, ppm = 0, rate = RATE, size = RATE / 100, gaps = [], late = () => 12, scatter = () => 0, channels = 1, from = 1000 }) {
  const blocks = []
  const step = 1000 / (rate * (1 + ppm / 1e6))
  const rest = [...gaps]
  let last = 0
  for (let t = from; t < from + length; ) {
    if (rest.length && t >= rest[0].at) t += /** @type {Fault} */ (rest.shift()).lost
    const plane = Float32Array.from({ length: size }, (_, i) => signal(t + i * step))
    const end = t + size * step
    const arrival = Math.max(last, end + late(t))
    last = arrival
    blocks.push({ planes: Array.from({ length: channels }, () => plane), frames: size, rate, stamp: t - ORIGIN + scatter(t, arrival - end), arrival })
    t = end
  }
  return blocks
}

/** What there is to hear: a slow triangle, so that a sample tells its time within 2 s. */
function signal(/** @type {number} */ t) {
  const phase = (t % 4000) / 4000
  return phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase
}

/** All through the clock and a take's line. */
function record(/** @type {Block[]} */ blocks, { from = 3000, to = Infinity, origins = [ORIGIN], channels = 1 } = {}) {
  const clock = new SoundClock()
  /** @type {Float32Array[][]} */
  const out = []
  let length = 0
  const line = new SoundLine(from, RATE, channels, (planes, index) => {
    assert.equal(index, length)
    length += planes[0].length
    out.push(planes)
  })
  line.to = to
  for (const block of blocks) for (const piece of clock.push(block, origins)) line.push(piece)
  const end = Math.min(to, blocks[blocks.length - 1].arrival - 50)
  for (const piece of clock.tick(Infinity, origins)) line.push(piece)
  line.end(end)
  const samples = new Float32Array(length)
  let at = 0
  for (const [plane] of out) at += (samples.set(plane, at), plane.length)
  return { samples, from, line, clock, out }
}

/**
 * How far each 10 ms of a recording is from where it belongs, ms; silence left out.
 *
 * @param {{samples: Float32Array, from: number}} recorded
 */
function slips({ samples, from }) {
  const all = []
  for (let i = 100; i + 100 < samples.length; i += 80) {
    const t = from + (i / RATE) * 1000
    const slope = signal(t + 5) - signal(t - 5)
    if (samples[i - 80] === 0 || samples[i + 80] === 0 || Math.abs(samples[i]) > 0.9 || Math.abs(signal(t)) > 0.95) continue
    all.push({ t, ms: ((samples[i] - signal(t)) / slope) * 10 })
  }
  return all
}

/** @param {{ms: number}[]} slips */
function p99(slips) {
  const sorted = slips.map(({ ms }) => Math.abs(ms)).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.99)]
}

function spread(/** @type {{t: number, ms: number}[]} */ all) {
  const third = Math.floor(all.length / 3)
  const mean = (/** @type {typeof all} */ part) => part.reduce((sum, { ms }) => sum + ms, 0) / part.length
  return mean(all.slice(-third)) - mean(all.slice(0, third))
}

test('sound stays where it was captured through 20 gaps in ten minutes', () => {
  const random = randoms()
  const gaps = Array.from({ length: 20 }, (_, i) => ({ at: 20_000 + i * 28_000, lost: 100 + 900 * random() }))
  const recorded = record(microphone({ length: 600_000, gaps, late: () => 10 + 4 * random(), scatter: () => 3 * random() }))
  const all = slips(recorded)
  assert.ok(all.length > 40_000 && p99(all) < 5 && Math.abs(spread(all)) < 2, `${all.length}: ${p99(all)}, ${spread(all)}`)
  const lost = gaps.reduce((sum, { lost }) => sum + lost, 0)
  assert.ok(Math.abs(recorded.line.filledMs - lost) < 200, `${recorded.line.filledMs} for ${lost}`)
})

test('late delivery is no gap, whether stamps tell it or not', () => {
  for (const stamped of [false, true]) {
    const random = randoms()
    const late = (/** @type {number} */ t) => (t % 10_000 < 400 ? 700 - (t % 10_000) : 8) + 3 * random()
    const recorded = record(microphone({ length: 120_000, late, scatter: (_, late) => (stamped ? late : 0) }))
    const all = slips(recorded)
    assert.ok(p99(all) < 20 && recorded.line.filledMs < 60, `${stamped}: ${p99(all)} ${recorded.line.filledMs}`)
  }
})

test('a sound card that is off by 200 ppm, or 500, doesn’t drift', () => {
  for (const ppm of [200, -500]) {
    const random = randoms()
    const recorded = record(microphone({ length: 400_000, ppm, late: () => 10 + 4 * random(), scatter: () => 3 * random() }))
    const all = slips(recorded)
    assert.ok(p99(all) < 10 && Math.abs(spread(all)) < 2, `${ppm}: ${p99(all)} ${spread(all)}`)
    assert.ok(Math.abs(recorded.clock.ppm - ppm) < 30, `${recorded.clock.ppm} for ${ppm}`)
    assert.ok(recorded.line.filledMs < 1, String(recorded.line.filledMs))
  }
})

test('a card that counts its stamps itself is followed by its arrivals', () => {
  const random = randoms()
  const blocks = microphone({ length: 300_000, ppm: 200, late: () => 10 + 4 * random() })
  blocks.forEach((block, i) => (block.stamp = i * 10)) // as if it were exact, and of no known origin
  const recorded = record(blocks, { origins: [] })
  const all = slips(recorded)
  assert.ok(p99(all) < 20, String(p99(all)))
})

test('stamps that jump move nothing, either way', () => {
  for (const jump of [300, -300, 3_600_000, -50]) {
    const random = randoms()
    const recorded = record(microphone({ length: 60_000, late: () => 10 + 4 * random(), scatter: t => (t > 30_000 ? jump : 0) }))
    const all = slips(recorded)
    assert.ok(p99(all) < 8 && recorded.line.filledMs < 8, `${jump}: ${p99(all)} ${recorded.line.filledMs}`)
  }
})

test('rate and channels may change in the middle', () => {
  const first = microphone({ length: 20_000 })
  const second = microphone({ length: 20_000, rate: 44_100, size: 441, channels: 2, from: 21_300 })
  const third = microphone({ length: 20_000, rate: 16_000, size: 160, from: 41_300 })
  const recorded = record([...first, ...second, ...third])
  const all = slips(recorded)
  assert.ok(p99(all) < 8 && Math.abs(recorded.line.filledMs - 300) < 60, `${p99(all)} ${recorded.line.filledMs}`)
})

test('a microphone that starts late, goes and comes back leaves silence, and no slip', () => {
  const first = microphone({ length: 5_000, from: 9_000 })
  const second = microphone({ length: 5_000, from: 44_000 })
  const recorded = record([...first, ...second], { from: 3_000, to: 48_000 })
  assert.ok(p99(slips(recorded)) < 5)
  assert.ok(Math.abs(recorded.line.filledMs - 36_000) < 20, String(recorded.line.filledMs))
  assert.equal(recorded.samples.length, 45 * RATE)
})

test('sound of other rates keeps its form', () => {
  for (const rate of [16_000, 44_100, 48_000, 96_000]) {
    const tone = (/** @type {number} */ t) => Math.sin((2 * Math.PI * 997 * t) / 1000)
    const size = rate / 100
    const pieces = Array.from({ length: 200 }, (_, b) => ({
      planes: [Float32Array.from({ length: size }, () => 0)],
      frames: size, rate, start: b * 10 * (1 + 1e-4), step: (1000 / rate) * (1 + 1e-4),
    }))
    pieces.forEach((piece, b) => (piece.planes = [Float32Array.from({ length: size }, (_, i) => tone(piece.start + i * pieces[b].step))]))
    /** @type {number[]} */
    const out = []
    const line = new SoundLine(0, 48_000, 1, ([plane]) => out.push(...plane))
    for (const piece of pieces) line.push(piece)
    let power = 0
    for (let i = 4800; i < 48_000; i++) power += (out[i] - tone((i / 48_000) * 1000)) ** 2
    const noise = 10 * Math.log10(power / 43_200 / 0.5)
    assert.ok(noise < -70, `${rate}: ${noise} dB`)
  }
})

test('one channel goes to both, and two to one', () => {
  const piece = (/** @type {number[]} */ values) => ({ planes: values.map(v => new Float32Array(RATE).fill(v)), frames: RATE, rate: RATE, start: 0, step: 1000 / RATE })
  for (const [values, channels, want] of /** @type {[number[], number, number[]][]} */ ([[[0.5], 2, [0.5, 0.5]], [[0.2, 0.6], 1, [0.4]]])) {
    /** @type {Float32Array[][]} */
    const out = []
    new SoundLine(0, RATE, channels, planes => out.push(planes)).push(piece(values))
    assert.deepEqual(out[0].map(plane => Math.round(plane[2000] * 1000) / 1000), want)
  }
})

test('where sound begins and ends within silence nothing clicks', () => {
  const planes = [new Float32Array(RATE / 10).fill(1)]
  /** @type {number[]} */
  const out = []
  const line = new SoundLine(0, RATE, 1, ([plane]) => out.push(...plane))
  line.push({ planes, frames: RATE / 10, rate: RATE, start: 50, step: 1000 / RATE })
  line.end(300)
  const steps = out.slice(1).map((v, i) => Math.abs(v - out[i]))
  assert.ok(Math.max(...steps) < 0.1 && out.length === 0.3 * RATE && Math.max(...out) > 0.99)
})
