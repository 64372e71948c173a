import assert from 'node:assert/strict'
import test from 'node:test'
import { Choices, choose } from '../static/recorder/codecs.js'
import { Cut } from '../static/recorder/cut.js'
import { dark } from '../static/recorder/health.js'
import { Level } from '../static/recorder/level.js'
import { reportOf } from '../static/recorder/report.js'
import { FrameCounter } from '../static/recorder/framecounter.js'

/** A browser that can encode so much. */
function browser(/** @type {{hard?: string[], soft?: string[], sound?: string[]}} */ { hard = [], soft = ['avc', 'vp8', 'vp09'], sound = ['mp4a', 'opus'] }) {
  let asked = 0
  const kind = (/** @type {string} */ codec) => codec.slice(0, 4).replace('avc1', 'avc')
  Object.assign(globalThis, {
    VideoEncoder: {
      isConfigSupported: async (/** @type {VideoEncoderConfig} */ { codec, hardwareAcceleration }) => {
        asked++
        return { supported: (hardwareAcceleration === 'prefer-hardware' ? hard : soft).includes(kind(codec)) }
      },
    },
    AudioEncoder: { isConfigSupported: async (/** @type {AudioEncoderConfig} */ { codec }) => ({ supported: sound.includes(codec.slice(0, 4)) }) },
  })
  return { get asked() { return asked } }
}

const picture = { width: 1280, height: 721, framerate: 30 }
const mono = { channels: 1 }

test('MP4 where H.264 and AAC come at little cost, and where the leader wants it', async () => {
  /** @type {[Parameters<typeof browser>[0], 'auto' | 'mp4' | 'webm', string][]} */
  const cases = [
    [{ hard: ['avc'] }, 'auto', 'mp4 avc aac'],
    [{ hard: ['avc'], sound: ['opus'] }, 'auto', 'webm vp8 opus'],
    [{}, 'auto', 'webm vp8 opus'],
    [{ soft: ['avc'] }, 'auto', 'mp4 avc aac'],
    [{}, 'mp4', 'mp4 avc aac'],
    [{ sound: ['opus'] }, 'mp4', 'mp4 avc opus'],
    [{ soft: ['vp8'] }, 'mp4', 'webm vp8 opus'],
    [{ hard: ['avc'] }, 'webm', 'webm vp8 opus'],
    [{ hard: ['avc'], soft: ['vp09'], sound: [] }, 'webm', 'webm vp9 null'],
  ]
  for (const [can, container, want] of cases) {
    browser(can)
    const choice = await choose(picture, mono, { container })
    assert.equal(`${choice.container} ${choice.videoCodec} ${choice.audioCodec}`, want, JSON.stringify([can, container]))
  }
})

test('sound is 48 kHz whatever the card has; the leader’s bit rate is bounded', async () => {
  browser({})
  const { video, audio } = await choose(picture, { channels: 6 }, { bitRate: 1e12 })
  assert.deepEqual([audio?.sampleRate, audio?.numberOfChannels, video?.bitrate, video?.height], [48_000, 2, 100_000_000, 720])
  assert.deepEqual(await choose(null, mono).then(c => [c.video, c.container, c.audioCodec]), [null, 'mp4', 'aac'])
})

test('a choice is made once for the same, and anew for what differs', async () => {
  const can = browser({})
  const choices = new Choices()
  await Promise.all([choices.of(picture, null), choices.of(picture, null)])
  const { asked } = can
  assert.equal((await choices.of(picture, mono)).audioCodec, 'opus')
  assert.ok(can.asked > asked)
})

test('frames that are missing are counted by the camera’s usual interval, which may change', () => {
  const counter = new FrameCounter()
  let t = 0
  for (let i = 0; i < 60; i++) counter.frame((t += 33))
  counter.frame((t += 132)) // three missing
  for (let i = 0; i < 60; i++) counter.frame((t += 66)) // it got dark
  const after = counter.missing
  for (let i = 0; i < 60; i++) counter.frame((t += 66))
  assert.ok(after >= 3 && counter.missing === after && Math.round(counter.interval) === 66, `${after} ${counter.missing}`)
  counter.frame((t += 5000))
  assert.deepEqual([counter.missing, counter.stillMs, counter.stood(t + 2000)], [after, 5000, 7000])
})

test('what a recording came to', () => {
  const choice = /** @type {any} */ ({ video: { width: 640, height: 360 }, container: 'webm', videoCodec: 'vp8', audioCodec: null })
  const cut = Object.assign(new Cut(), { from: 1000, to: 5000, first: 1400, last: 3000 })
  const counter = new FrameCounter()
  for (let t = 1400; t <= 3000; t += 40) counter.frame(t)
  const report = reportOf(choice, cut, counter, null, NaN)
  assert.deepEqual(report, {
    frames: 41, droppedFrames: 0, lateMs: 400, durationMs: 1640, sound: 'none', frameRate: 25, width: 640, height: 360,
    codec: 'vp8', container: 'webm', warnings: [{ code: 'late_start', value: 400 }, { code: 'short_take', value: 2 }],
  })
})

test('levels are of full scale, and of what was heard since', () => {
  const level = new Level()
  level.add([Float32Array.from([0.5, -0.5, 0.5, -0.5])])
  const { peakDb, rmsDb } = level.take()
  assert.ok(Math.abs(peakDb + 6.02) < 0.01 && Math.abs(rmsDb + 6.02) < 0.01)
  assert.deepEqual(level.take(), { peakDb: -120, rmsDb: -120 })
})

test('a covered lens is dark and even; a night with a lamp is not', () => {
  const points = (/** @type {(i: number) => number} */ luma) => Uint8ClampedArray.from({ length: 4 * 144 }, (_, i) => luma(i >> 2))
  assert.equal(dark(points(i => 6 + (i % 3))), true)
  assert.equal(dark(points(i => (i === 70 ? 240 : 6))), false)
  assert.equal(dark(points(() => 90)), false)
})
