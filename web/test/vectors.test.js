import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { Follower, MAX_SLEW, STALE, boundAt } from '../static/lib/clockmap.js'
import { MAX_GROWTH, MAX_RATE, parsePing, stampPong, writePong } from '../static/lib/frames.js'

const vectors = JSON.parse(readFileSync(new URL('../../docs/vectors.json', import.meta.url), 'utf8'))

/** @param {string} hex */
const bytes = hex => Uint8Array.from(hex.match(/../g) ?? [], x => parseInt(x, 16)).buffer

/** @param {string} ns */
const ms = ns => Number(BigInt(ns) / 1000000n) + Number(BigInt(ns) % 1000000n) / 1e6

test('the limits', () => {
  const { rate, growth, slew, staleMs } = vectors.limits
  assert.deepEqual([MAX_RATE, MAX_GROWTH, MAX_SLEW, STALE], [rate, growth, slew, staleMs])
})

for (const { name, hex, nonce, map } of vectors.pings) {
  test(`ping: ${name}`, () => {
    const ping = parsePing(bytes(hex))
    assert.equal(ping?.nonce, BigInt(nonce))
    const want = map && {
      device: ms(map.device), session: ms(map.session), rate: map.rate, bound: ms(map.bound), growth: map.growth, hard: ms(map.hard),
      epoch: map.epoch, holdover: map.holdover,
    }
    assert.deepEqual(ping?.map, want)
  })
}

for (const { name, as, hex } of vectors.refused) {
  if (as === 'ping') test(`no ping: ${name}`, () => assert.equal(parsePing(bytes(hex)), null))
}

for (const { name, hex, nonce, flags, resolutionUs, t2, t3 } of vectors.pongs) {
  // The browser's clock begins with the page, is never finer than 1 µs, and its milliseconds are float64.
  if (resolutionUs < 1 || Math.abs(ms(t3)) > 2 ** 43) continue
  test(`pong: ${name}`, () => {
    const view = new DataView(new ArrayBuffer(60))
    writePong(view, { nonce: BigInt(nonce), flags, resolution: resolutionUs / 1000, t2: ms(t2) })
    stampPong(view, ms(t3))
    assert.deepEqual(view.buffer, bytes(hex))
  })
}

for (const { name, steps } of vectors.follow) {
  test(`follow: ${name}`, () => {
    const follower = new Follower()
    for (const { at, ping, session, bound } of steps) {
      follower.read = () => ms(at)
      if (ping) {
        const { map } = /** @type {import('../static/lib/frames.js').Ping} */ (parsePing(bytes(ping)))
        if (map) follower.take(map)
        continue
      }
      assert.ok(Math.abs(follower.toSession(ms(at)) - ms(session)) <= 0.001, `${follower.toSession(ms(at))} instead of ${ms(session)}`)
      const { course } = follower
      assert.ok(course && Math.abs(boundAt(course, ms(at)) - ms(bound)) <= 0.001)
    }
  })
}
