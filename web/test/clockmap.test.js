import assert from 'node:assert/strict'
import test from 'node:test'
import { Follower, MAX_SLEW, boundAt, deviceAt, follow, mapAt, sessionAt } from '../static/lib/clockmap.js'

const SESSION = 1_763_894_400_000
const base = { device: 1000, session: SESSION, rate: 20e-6, bound: 0.05, growth: 1e-6, hard: 0.3, epoch: 1, holdover: false }

/**
 * @param {number} got
 * @param {number} want
 * @param {number} [within] ms
 */
function near(got, want, within = 0.001) {
  assert.ok(Math.abs(got - want) <= within, `${got} is not within ${within} of ${want}`)
}

test('the first map holds at once', () => {
  const course = follow(null, base, 5000)
  near(sessionAt(course, 5000), SESSION + 4000 * (1 + 20e-6))
  near(boundAt(course, 5000), 0.05 + 4000e-6, 1e-9)
})

test('a correction is slewed at 500 ppm and arrives exactly', () => {
  for (const error of [1, -1]) {
    const before = follow(null, base, 1000)
    const after = follow(before, { ...base, session: SESSION + error }, 2000)
    near(sessionAt(after, 2000), sessionAt(before, 2000))
    near(sessionAt(after, 3000), sessionAt(before, 3000) + error * 0.5)
    near(after.until, 2000 + 1 / MAX_SLEW, 1)
    near(sessionAt(after, 5000), sessionAt(before, 5000) + error)
  }
})

test('what is still to be slewed counts in the bound', () => {
  const course = follow(follow(null, base, 1000), { ...base, session: SESSION + 1 }, 1000)
  near(boundAt(course, 1000), 0.05 + 1, 1e-3)
  near(boundAt(course, 2000), 0.05 + 1000e-6 + 0.5, 1e-3)
  near(boundAt(course, 4000), 0.05 + 3000e-6, 1e-3)
})

test('a new epoch steps', () => {
  const course = follow(follow(null, base, 1000), { ...base, epoch: 2, session: SESSION + 3600e3 }, 2000)
  near(sessionAt(course, 2000), SESSION + 3600e3 + 1000.02)
})

test('never backwards within an epoch, whatever maps come', () => {
  /** @type {import('../static/lib/clockmap.js').Course | null} */
  let course = null
  let last = -Infinity
  let seed = 1
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647
  for (let d = 1000; d < 60_000; d += 37) {
    if (random() < 0.3) {
      const error = (random() - 0.5) * 40
      course = follow(course, { ...base, device: d, session: SESSION + d + error, rate: (random() - 0.5) * 200e-6 }, d)
    }
    if (!course) continue
    const now = sessionAt(course, d)
    assert.ok(now > last)
    last = now
  }
})

test('deviceAt is the inverse, before, in and after a slew', () => {
  for (const error of [0, 2, -2]) {
    const course = follow(follow(null, base, 1000), { ...base, session: SESSION + error, rate: -50e-6 }, 2000)
    for (const d of [-5000, 1999, 2000, 2001, 3500, course.until, course.until + 1, 1e6]) {
      near(deviceAt(course, sessionAt(course, d)), d)
    }
  }
})

test('mapAt far away keeps microseconds', () => {
  near(mapAt(base, 1000 + 86_400e3), SESSION + 86_400e3 + 86_400e3 * 20e-6)
})

/** @param {number} now */
function followerAt(now) {
  const follower = new Follower()
  follower.read = () => now
  return follower
}

test('a follower of another thread counts in that thread’s time', () => {
  const worker = followerAt(1000)
  worker.take(base)
  const page = followerAt(51_000)
  page.shift = -50_000
  page.shiftError = 0.005
  page.adopt(worker.course, false)
  near(page.toSession(51_000), worker.toSession(1000))
  near(page.toDevice(SESSION + 7), worker.toDevice(SESSION + 7) + 50_000)
  near(page.bound(51_000), worker.bound(1000) + 0.005, 1e-9)
})

test('a clock that may have stopped is vouched for by a new epoch only', () => {
  const follower = followerAt(1000)
  follower.doubt()
  assert.equal(follower.doubted, false, 'nothing is known yet')
  follower.take(base)
  follower.doubt()
  assert.equal(follower.bound(1000), Infinity)
  follower.take({ ...base, session: SESSION + 1 })
  assert.equal(follower.bound(1000), Infinity)
  follower.take({ ...base, epoch: 2 })
  near(follower.bound(1000), 0.05)
})

test('or by any map after the server said that it has none', () => {
  const follower = followerAt(1000)
  follower.take(base)
  follower.doubt()
  follower.take(base)
  assert.equal(follower.bound(1000), Infinity)
  follower.forget()
  near(follower.toSession(1000), SESSION)
  follower.take({ ...base, session: SESSION + 5000 })
  near(follower.bound(1000), 0.05)
  near(follower.toSession(1000), SESSION + 5000)
})

test('without a map nothing is known', () => {
  const follower = followerAt(0)
  assert.ok(Number.isNaN(follower.toSession(0)))
  assert.ok(Number.isNaN(follower.toDevice(SESSION)))
  assert.equal(follower.bound(0), Infinity)
})

test('a map that was overtaken on its way is dropped', () => {
  const follower = new Follower()
  follower.read = () => 2000
  follower.take({ ...base, session: SESSION + 5000, device: 6000 })
  const course = follower.course
  follower.take({ ...base, session: SESSION + 4999, device: 6000 })
  assert.equal(follower.course, course)
  follower.take({ ...base, session: SESSION - 3600e3, epoch: 2 })
  assert.notEqual(follower.course, course, 'another server')
})
