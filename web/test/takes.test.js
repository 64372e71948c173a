import assert from 'node:assert/strict'
import test from 'node:test'
import { lookAgainIn, progress, statusWords, takesOf, takeWords } from '../static/app/console/takestate.js'
import { follow, phase, reading, takeIn } from '../static/app/console/currenttake.js'

const start = { commandId: 't', postureLabel: 'plank', duration: 2000, timestamp: 10_000 }

test('a take is counted down, recorded and over', () => {
  const take = follow(null, 'start_recording', start)
  assert.deepEqual([9000, 10_000, 11_999, 12_000].map(t => phase(take, t)), ['counting', 'recording', 'recording', 'none'])
  assert.equal(phase(null, 0), 'none')
  assert.equal(phase(null, NaN), 'none')
  assert.equal(phase(take, NaN), 'recording', 'it can be stopped, whatever the time is')
})

test('a take without a duration goes on until it is stopped', () => {
  const open = follow(null, 'start_recording', { ...start, duration: 0 })
  assert.equal(phase(open, 1e12), 'recording')
  const stopped = follow(open, 'stop_recording', { commandId: 't-stop', timestamp: 15_000 })
  assert.deepEqual([phase(stopped, 14_999), phase(stopped, 15_000)], ['recording', 'none'])
  assert.equal(phase(follow(stopped, 'cancelled', { commandId: 't-stop' }), 15_000), 'recording', 'the stop was taken back')
})

test('a take that is called off was none', () => {
  const take = follow(null, 'start_recording', start)
  assert.equal(follow(take, 'cancelled', { commandId: 't' }), null)
  assert.equal(follow(take, 'cancelled', { commandId: 'another' }), take)
  assert.equal(follow(null, 'stop_recording', { commandId: 'x', timestamp: 1 }), null)
})

test('the clock counts whole seconds, and says when it changes', () => {
  const take = follow(null, 'start_recording', start)
  assert.deepEqual(reading(take, 7000), { phase: 'counting', seconds: 3, changesAt: 8000 })
  assert.deepEqual(reading(take, 7001), { phase: 'counting', seconds: 3, changesAt: 8000 })
  assert.deepEqual(reading(take, 9999), { phase: 'counting', seconds: 1, changesAt: 10_000 })
  assert.deepEqual(reading(take, 10_000), { phase: 'recording', seconds: 0, changesAt: 11_000 })
  assert.deepEqual(reading(take, 11_500), { phase: 'recording', seconds: 1, changesAt: 12_000 })
  assert.deepEqual(reading(take, 12_000), { phase: 'none', seconds: 0, changesAt: Infinity })
})

test('a console that comes in the middle of a take learns of it from the session', () => {
  const of = (/** @type {object} */ take) => ({ status: 'active', take: { takeId: 'b', postureLabel: 'x', timestamp: 5, duration: 0, stopTimestamp: null, stopCommandId: null, devices: null, ...take } })
  const open = { commandId: 'b', label: 'x', start: 5, stop: Infinity, stopId: '', devices: null }
  assert.deepEqual(takeIn(of({})), open)
  assert.deepEqual(takeIn(of({ duration: 20 })), { ...open, stop: 25 })
  assert.deepEqual(takeIn(of({ duration: 20, stopTimestamp: 9, stopCommandId: 's' })), { ...open, stop: 9, stopId: 's' }, 'stopped before its end')
  assert.deepEqual(takeIn(of({ devices: ['d'] })), { ...open, devices: ['d'] })
  for (const none of [{ take: null }, {}, null]) assert.equal(takeIn(none), null)
})

test('while session time isn’t known a take has no clock', () => {
  assert.deepEqual(reading(follow(null, 'start_recording', start), NaN), { phase: 'recording', seconds: NaN, changesAt: Infinity })
})

const listing = {
  recordings: [
    { recordingId: 'r1', takeId: 'a', takeTimestamp: 10, postureLabel: 'one', startTimestamp: 12, startBoundMs: 0.5 },
    { recordingId: 'r2', takeId: 'a', takeTimestamp: 10, postureLabel: 'one', startTimestamp: 19, startBoundMs: 0.25 },
    { recordingId: 'r3', takeId: 'b', takeTimestamp: 20, postureLabel: '', startTimestamp: null, startBoundMs: null },
  ],
  takes: [{ takeId: 'a', manifestUrl: '/m', otioUrl: '/o', ffmpegUrl: '/f' }, { takeId: 'unknown', manifestUrl: '/x' }],
}

test('recordings are listed by take, the latest first', () => {
  const [b, a] = takesOf(listing)
  assert.deepEqual([b.number, b.label, b.manifestUrl, b.recordings.length], [2, '', undefined, 1])
  assert.deepEqual([a.number, a.label, a.manifestUrl, a.otioUrl, a.ffmpegUrl, a.recordings.length], [1, 'one', '/m', '/o', '/f', 2])
  assert.deepEqual(takesOf(null), [])
  assert.deepEqual(takesOf({ recordings: [] }), [], 'a server that lists no takes')
})

test('the list is asked for while something is unfinished, less often when it stands still', () => {
  const of = (/** @type {string[]} */ ...all) => all.map(uploadStatus => ({ uploadStatus }))
  assert.equal(lookAgainIn([], 0), Infinity)
  assert.equal(lookAgainIn(of('uploaded', 'failed'), 0), 1_200_000, 'links expire')
  assert.equal(lookAgainIn(of('uploaded', 'uploading'), 0), 1000)
  assert.equal(lookAgainIn(of('pending'), 60_000), 10_000)
})

test('how far an upload is', () => {
  assert.equal(progress({ uploadStatus: 'uploaded' }), 1)
  assert.equal(progress({ uploadStatus: 'uploading', uploadedBytes: 25, uploadLength: 100 }), 0.25)
  assert.equal(progress({ uploadStatus: 'uploading', uploadedBytes: 25, uploadLength: null }), null)
  assert.equal(progress({ uploadStatus: 'uploading' }), null, 'an older server')
  assert.equal(progress({ uploadStatus: 'pending', uploadLength: 100 }), null)
  assert.deepEqual(statusWords({ uploadStatus: 'failed' }), ['nothing recorded', 'bad'])
})

test('a take that devices warn of is no plain success', () => {
  const of = (/** @type {any[]} */ ...all) => all.map(([uploadStatus, ...codes]) => ({ uploadStatus, report: { warnings: codes.map((/** @type {string} */ code) => ({ code })) } }))
  assert.deepEqual(takeWords(of(['uploaded'], ['uploaded'])), ['all 2 uploaded', 'good'])
  assert.deepEqual(takeWords(of(['uploaded'])), ['uploaded', 'good'])
  assert.deepEqual(takeWords(of(['uploaded', 'no_sound', 'late_start'], ['uploaded'])), ['all 2 uploaded, 1 recording with warnings', 'warn'])
  assert.deepEqual(takeWords(of(['uploaded'], ['failed'])), ['1 of 2 uploaded, 1 failed', 'bad'])
  assert.deepEqual(takeWords(of(['recording', 'silence'])), ['recording, 1 recording with warnings', 'warn'])
  assert.deepEqual(takeWords([{ uploadStatus: 'uploaded', report: null }]), ['uploaded', 'good'])
})
