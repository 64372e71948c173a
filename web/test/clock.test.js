import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { Clock } from '../static/clock.js'
import { fakeTime } from './fakes.js'
import { ping } from './ping.js'

const SESSION = 1_763_894_400_000
const vectors = JSON.parse(readFileSync(new URL('../../docs/vectors.json', import.meta.url), 'utf8'))

/** @param {string} hex */
const bytes = hex => Uint8Array.from(hex.match(/../g) ?? [], x => parseInt(x, 16))

/** @param {string} ns */
const ms = ns => Number(BigInt(ns) / 1000000n) + Number(BigInt(ns) % 1000000n) / 1e6

/** Numbers from 0 to 1 that are the same each time. @param {number} seed */
const numbers = seed => () => (seed = (seed * 16807) % 2147483647) / 2147483647

for (const { name, steps } of vectors.follow) {
  test(`follow: ${name}`, t => {
    let now = 0
    t.mock.method(performance, 'now', () => now)
    t.mock.method(Date, 'now', () => now)
    const clock = new Clock(() => {}, { resolution: 0.001 })
    for (const { at, ping, session, bound, hard } of steps) {
      now = ms(at)
      if (ping) {
        assert.ok(clock.receive(bytes(ping)))
        continue
      }
      for (const [got, want] of [[clock.now(), session], [clock.bound, bound], [clock.hard, hard]]) {
        assert.ok(Math.abs(got - ms(want)) <= 0.001, `${got} instead of ${ms(want)}`)
      }
      assert.ok(Math.abs(clock.toDevice(clock.toSession(now)) - now) <= 0.001)
    }
  })
}

for (const { name, hex, nonce, t2 } of vectors.pongs.slice(0, 1)) {
  test(`answers a ping, in whatever form it comes: ${name}`, t => {
    t.mock.method(performance, 'now', () => ms(t2))
    /** @type {Uint8Array[]} */ const sent = []
    const clock = new Clock(frame => sent.push(frame), { resolution: 0.005 })
    const plain = ping({ flags: 0, epoch: 0, nonce: BigInt(nonce), device: 0n, session: 0n, rate: 0, bound: 0n, growth: 0, hard: 0n })
    const within = new Uint8Array(100)
    within.set(new Uint8Array(plain), 7)
    for (const frame of [plain, new Uint8Array(plain), new DataView(plain), within.subarray(7, 67)]) assert.ok(clock.receive(frame))
    assert.equal(sent.length, 4)
    assert.equal(new Set(sent.map(frame => frame.buffer)).size, 4, 'a transport may keep what it is given')
    for (const frame of sent) {
      assert.deepEqual(frame.slice(4, 20), bytes(hex).slice(4, 20)) // nonce and T2
      assert.equal(new DataView(frame.buffer).getUint16(2), 5)
    }
  })
}

test('what is no ping changes nothing and is answered by nothing', () => {
  const clock = new Clock(() => assert.fail('it answers'), { resolution: 0.001 })
  for (const frame of [new ArrayBuffer(0), new ArrayBuffer(60), bytes(vectors.pongs[0].hex), bytes('01')]) assert.equal(clock.receive(frame), false)
  assert.ok(Number.isNaN(clock.now()) && clock.bound === Infinity && clock.hard === Infinity && clock.map === null)
})

/**
 * A server whose maps are right to a quarter of a millisecond, of a device whose clock is 80 ppm slow.
 *
 * @param {number} seed
 */
function server(seed) {
  const random = numbers(seed)
  const rate = 80e-6
  const truth = (/** @type {number} */ d) => SESSION + d * (1 + rate)
  const ns = (/** @type {number} */ ms) => BigInt(Math.round(ms * 1e6))
  let nonce = 0n
  return {
    random, truth,
    ping: (/** @type {number} */ d) => ping({
      flags: 1, epoch: 1, nonce: ++nonce, device: ns(d), session: ns(truth(d) + (random() - 0.5) / 2), rate,
      bound: 250_000n, growth: 1e-6, hard: 2_000_000n,
    }),
  }
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`honest over a transport that loses, doubles and overtakes, seed ${seed}`, async t => {
    const time = fakeTime(t)
    const { random, truth, ping } = server(seed)
    /** @type {Map<bigint, number>} */ const answers = new Map()
    const clock = new Clock(frame => {
      const view = new DataView(frame.buffer)
      const nonce = view.getBigUint64(4)
      answers.set(nonce, (answers.get(nonce) ?? 0) + 1)
      assert.ok(view.getBigInt64(12) <= view.getBigInt64(20), 'T2 is before T3')
    }, { resolution: 0.005 })
    let arrived = 0
    let last = -Infinity
    for (let i = 0; i < 400; i++) {
      const frame = ping(time.now)
      for (let copies = random() < 0.3 ? 0 : random() < 0.2 ? 2 : 1; copies > 0; copies--) {
        setTimeout(() => { arrived++; clock.receive(frame) }, 300 * random() ** 3)
      }
      await time.pass(50)
      const now = clock.now()
      if (Number.isNaN(now)) continue
      const off = Math.abs(now - truth(time.now))
      assert.ok(off <= clock.bound + 0.002 && clock.bound <= clock.hard, `${off} off, ${clock.bound} told`)
      assert.ok(now > last)
      last = now
    }
    await time.pass(1000)
    assert.equal([...answers.values()].reduce((a, b) => a + b, 0), arrived)
    assert.ok(arrived > 200 && clock.bound < 0.3)
  })
}

test('acts at an instant, and not when it was called off', async t => {
  const time = fakeTime(t)
  const { ping, truth } = server(1)
  const clock = new Clock(() => {}, { resolution: 0.005 })
  /** @type {number[]} */ const acted = []
  clock.at(truth(2000), () => assert.fail('it was called off'))()
  clock.at(truth(3000), ({ time, lateness }) => acted.push(time, lateness)) // before session time is known
  await time.pass(100)
  clock.receive(ping(time.now))
  await time.pass(3000)
  assert.equal(acted.length, 2)
  assert.ok(Math.abs(acted[0] - truth(3000)) < 0.3 && acted[1] >= 0 && acted[1] < 0.1)
})

test('vouches for nothing after performance.now() stood still, until it is measured anew', async t => {
  const time = fakeTime(t)
  const { ping } = server(1)
  /** @type {number[]} */ const flags = []
  const clock = new Clock(frame => flags.push(frame[1]), { resolution: 0.005 })
  clock.receive(ping(time.now))
  await time.pass(1000)
  assert.ok(clock.bound < 1)
  time.sleep(60_000)
  assert.equal(clock.bound, Infinity)
  assert.equal(clock.hard, Infinity)
  clock.receive(ping(time.now)) // of before
  clock.receive(ping(time.now))
  assert.deepEqual(flags, [0, 2, 0])
  assert.equal(clock.bound, Infinity)
  const renewed = new DataView(ping(time.now))
  renewed.setUint16(2, 2)
  clock.receive(renewed)
  assert.ok(clock.bound < 1)
})
