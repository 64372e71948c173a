import assert from 'node:assert/strict'
import test from 'node:test'
import { FRAME_BYTES, HIDDEN, STOPPED, millis, parsePing, stampPong, writePong } from '../static/lib/frames.js'
import { ping } from './ping.js'

const known = {
  flags: 1, epoch: 7, nonce: 0xfedcba9876543210n, device: 12_345_678_901n, session: 1_763_894_400_123_456_789n,
  rate: -12.5e-6, bound: 34_000n, growth: 1e-6, hard: 250_000n,
}

test('a ping with a map', () => {
  assert.deepEqual(parsePing(ping(known)), {
    nonce: known.nonce,
    map: {
      device: 12345.678901, session: 1763894400123.4568, rate: -12.5e-6, bound: 0.034, growth: 1e-6,
      hard: 0.25, epoch: 7, holdover: false,
    },
  })
})

test('a ping in holdover', () => {
  assert.equal(parsePing(ping({ ...known, flags: 3 }))?.map?.holdover, true)
})

test('a ping without a map is answered all the same', () => {
  assert.deepEqual(parsePing(ping({ ...known, flags: 0 })), { nonce: known.nonce, map: null })
})

test('a ping with a map that no clock could have is none', () => {
  for (const [name, fields] of Object.entries({
    'a rate of a half': { rate: 0.5 }, 'no rate': { rate: NaN }, 'negative bound': { bound: -1n },
    'negative growth': { growth: -1e-6 }, 'no growth': { growth: NaN }, 'negative hard bound': { hard: -1n },
  })) {
    assert.equal(parsePing(ping({ ...known, ...fields })), null, name)
  }
})

test('anything else is no ping', () => {
  assert.equal(parsePing(new ArrayBuffer(0)), null)
  assert.equal(parsePing(new ArrayBuffer(FRAME_BYTES - 1)), null)
  assert.equal(parsePing(new ArrayBuffer(FRAME_BYTES + 1)), null)
  assert.equal(parsePing(new ArrayBuffer(FRAME_BYTES)), null)
})

test('a pong', () => {
  const view = new DataView(new ArrayBuffer(FRAME_BYTES))
  writePong(view, { nonce: known.nonce, flags: HIDDEN | STOPPED, resolution: 0.005, t2: 1234.567891 })
  stampPong(view, 1234.6)
  assert.equal(view.getUint8(0), 2)
  assert.equal(view.getUint8(1), 3)
  assert.equal(view.getUint16(2), 5)
  assert.equal(view.getBigUint64(4), known.nonce)
  assert.equal(view.getBigInt64(12), 1234567891n)
  assert.equal(view.getBigInt64(20), 1234600000n)
})

test('a resolution beyond what its field holds', () => {
  const view = new DataView(new ArrayBuffer(FRAME_BYTES))
  for (const [resolution, want] of [[1000, 0xffff], [0, 1], [1, 1000]]) {
    writePong(view, { nonce: 0n, flags: 0, resolution, t2: 0 })
    assert.equal(view.getUint16(2), want)
  }
})

test('milliseconds keep the last quarter of a microsecond', () => {
  assert.equal(millis(1_763_894_400_123_456_789n), 1763894400123.4568)
  assert.equal(millis(-1_500_000n), -1.5)
})
