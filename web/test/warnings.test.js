import assert from 'node:assert/strict'
import test from 'node:test'
import { Troubles } from '../static/recorder/recordertroubles.js'
import { HealthWarnings } from '../static/recorder/healthwarnings.js'
import { WarningLog, Warnings } from '../static/recorder/warnings.js'

/** What a good camera and a good microphone say. */
const WELL = { frameRate: 29.9, droppedFrames: 0, peakDb: -20, rmsDb: -35, dark: false, frozenMs: 30, soundGapMs: 10 }
const EXPECTED = { frameRate: 30, video: true, audio: true }

function watched() {
  let now = 0
  let changes = 0
  const warnings = new Warnings(() => changes++)
  const health = new HealthWarnings(warnings, () => now)
  /** Says the same for some seconds. */
  const say = (/** @type {object} */ more, /** @type {number} */ seconds, /** @type {object} */ expected = {}) => {
    for (let i = 0; i < seconds; i++) {
      now += 1000
      health.update({ ...WELL, ...more }, { ...EXPECTED, ...expected })
    }
    return warnings.all
  }
  return { say, warnings, health, changes: () => changes }
}

test('nothing is said of a camera that is well, nor of a moment that isn’t', () => {
  const { say, changes } = watched()
  assert.deepEqual(say({}, 60), [])
  say({ frameRate: 12 }, 2)
  say({ peakDb: -120 }, 4)
  say({ dark: true }, 2)
  say({ droppedFrames: 2 }, 5)
  assert.deepEqual([say({}, 1), changes()], [[], 0])
})

test('each fault is said with its number, and taken back', () => {
  for (const [fault, seconds, warning] of /** @type {[object, number, object][]} */ ([
    [{ peakDb: -120, rmsDb: -120 }, 8, { code: 'silence', value: 7 }],
    [{ soundGapMs: 2500 }, 1, { code: 'no_sound' }],
    [{ frameRate: 11.2 }, 5, { code: 'low_frame_rate', value: 11.2 }],
    [{ dark: true }, 6, { code: 'camera_covered', value: 5 }],
    [{ frozenMs: 4200, frameRate: 0 }, 1, { code: 'camera_frozen', value: 4.2 }],
    [{ droppedFrames: 17 }, 1, { code: 'dropped_frames', value: 17 }],
  ])) {
    const { say, changes } = watched()
    assert.deepEqual(say(fault, seconds), [warning])
    assert.deepEqual([say({}, 1), changes()], [[], 2])
  }
})

test('a frame rate between bad and good neither says nor takes back', () => {
  const { say } = watched()
  assert.deepEqual(say({ frameRate: 23 }, 10), [])
  say({ frameRate: 15 }, 5)
  assert.deepEqual(say({ frameRate: 23 }, 10).map(w => w.code), ['low_frame_rate'])
  assert.deepEqual(say({ frameRate: 27 }, 1), [])
  assert.deepEqual(say({ frameRate: 7 }, 10, { frameRate: undefined }), [], 'a source that promises nothing')
})

test('what isn’t there isn’t missed, and another camera begins anew', () => {
  const { say, health, warnings } = watched()
  assert.deepEqual(say({ peakDb: -120, soundGapMs: 9000 }, 10, { audio: false }), [])
  assert.deepEqual(say({ dark: true, frozenMs: 5000 }, 10, { video: false }), [])
  say({ dark: true }, 6)
  health.reset()
  assert.deepEqual(warnings.all, [])
})

test('a recording has the worst of each warning', () => {
  const log = new WarningLog()
  for (const [code, value] of /** @type {[string, number?][]} */ ([
    ['low_frame_rate', 15], ['low_frame_rate', 9], ['low_frame_rate', 12], ['silence', 6], ['silence', 40], ['short_take'], ['silence', 5],
  ])) log.note(code, value)
  assert.deepEqual(log.all, [{ code: 'low_frame_rate', value: 9 }, { code: 'silence', value: 40 }, { code: 'short_take' }])
})

test('a session is told at most sixteen', () => {
  const warnings = new Warnings(() => {})
  for (let i = 0; i < 40; i++) warnings.set(`w${i}`, i)
  assert.equal(warnings.all.length, 16)
})

test('a trouble is said, holds, and is taken back once', () => {
  /** @type {string[]} */ const told = []
  const troubles = new Troubles(({ code }) => told.push(`+${code}`), code => told.push(`-${code}`))
  troubles.say('camera_frozen')
  troubles.say('storage_full', 'QuotaExceededError')
  assert.deepEqual(troubles.all.map(t => [t.code, t.fatal]), [['camera_frozen', false], ['storage_full', true]])
  troubles.clear('camera_frozen', 'no_frames')
  troubles.clear('camera_frozen')
  assert.deepEqual(told, ['+camera_frozen', '+storage_full', '-camera_frozen'])
  assert.equal(troubles.has('storage_full'), true)
})
