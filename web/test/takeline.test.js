import assert from 'node:assert/strict'
import test from 'node:test'
import { correction, lineOf, partAt, Transport } from '../static/app/console/taketimeline.js'

/** @param {string} id @param {string} deviceId @param {number} start @param {number} stop @param {object} [more] */
const recording = (id, deviceId, start, stop, more = {}) => ({
  recordingId: id, deviceId, startTimestamp: start, stopTimestamp: stop, fileUrl: `/${id}`, ...more,
})

test('recordings lie on one line that begins with the first frame, parts on their device’s track', () => {
  const line = lineOf([
    recording('b1', 'b', 10_040, 12_000, { report: { frameRate: 60, sound: 'ok' } }),
    recording('a1', 'a', 10_000, 20_000, { report: { frameRate: 30 } }),
    recording('b2', 'b', 15_000, 21_500),
    recording('c', 'c', 9_000, 9_500, { fileUrl: null }),
    recording('d', 'd', 9_000, 9_500, { stopTimestamp: null }),
  ])
  assert.equal(line.length, 11.5)
  assert.equal(line.frame, 1 / 60)
  assert.deepEqual(line.tracks.map(t => [t.deviceId, t.sounds, t.parts.map(p => [p.recordingId, p.from, p.to])]), [
    ['a', false, [['a1', 0, 10]]],
    ['b', true, [['b1', 0.04, 2], ['b2', 5, 11.5]]],
  ])
  assert.equal(lineOf([recording('a', 'a', 0, 1000)]).frame, 1 / 30)
  assert.deepEqual(lineOf([]), { length: 0, frame: 1 / 30, tracks: [] })
})

test('a track shows its part, its last frame for one frame, and nothing in a gap', () => {
  const [, b] = lineOf([recording('a', 'a', 0, 9000), recording('b1', 'b', 1000, 2000), recording('b2', 'b', 5000, 6000)]).tracks
  const at = (/** @type {number} */ t) => partAt(b, t, 0.04)?.recordingId
  assert.deepEqual([0.99, 1, 2.04, 2.05, 4.9, 5, 6.05].map(at), [undefined, 'b1', 'b1', undefined, undefined, 'b2', undefined])
})

test('small errors are taken up by speed, without a dead zone, large ones by a jump', () => {
  assert.deepEqual(correction(0, 1), { jump: false, rate: 1 })
  assert.ok(correction(0.01, 1).rate < 1 && correction(-0.01, 1).rate > 1)
  assert.equal(correction(0.2, 2).rate, 2 * 0.85)
  assert.equal(correction(-0.2, 1).rate, 1.15)
  assert.deepEqual([correction(0.31, 1).jump, correction(-0.31, 1).jump, correction(0.31, 2).jump], [true, true, false])
  // It converges: an error of 100 ms is gone within 3 s at looks 100 ms apart.
  let error = 0.1
  for (let i = 0; i < 30; i++) error += (correction(error, 1).rate - 1) * 0.1
  assert.ok(Math.abs(error) < 0.001, String(error))
})

test('the line runs by the clock, waits, ends, and begins again', () => {
  let now = 5000
  const line = new Transport(10, () => now)
  line.play()
  assert.equal(line.position, 0, 'it waits for data')
  line.run(true)
  now += 2500
  assert.equal(line.position, 2.5)
  line.run(false)
  now += 1000
  assert.equal(line.position, 2.5)
  line.run(true)
  line.setSpeed(2)
  now += 1000
  assert.equal(line.position, 4.5)
  line.seek(9.5)
  now += 10_000
  assert.equal(line.position, 10)
  assert.ok(line.over)
  line.pause()
  assert.equal(line.position, 10)
  line.play()
  assert.equal(line.position, 0)
  line.seek(-3)
  assert.equal(line.position, 0)
})
