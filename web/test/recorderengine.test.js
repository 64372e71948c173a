import assert from 'node:assert/strict'
import test from 'node:test'
import { RecorderEngine } from '../static/recorder/recorderengine.js'
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from '../static/vendor/mediabunny/mediabunny.js'
import { Folder, UploadServer, fakePage, fakeTime, settled } from './fakes.js'

/** Time between two frames, ms, and by how much each is early or late, which tells them apart; how much later than it was captured a frame arrives, ms. */
const INTERVAL = 40
const jitter = (/** @type {number} */ i) => Math.sin(i * i) * 3
const LAG = 5
/** What the stamps of frames count from, in page time, ms. */
const ORIGIN = -70_000

/** A frame; those that nobody has closed are counted. */
class Frame {
  static open = 0
  displayWidth = 640
  displayHeight = 480
  #closed = false

  /** @param {number} timestamp  µs */
  constructor(timestamp) {
    this.timestamp = timestamp
    Frame.open++
  }

  clone() {
    assert.ok(!this.#closed, 'a frame that is closed is of no use')
    return new Frame(this.timestamp)
  }

  close() {
    if (!this.#closed) Frame.open--
    this.#closed = true
  }
}

/** An encoder of VP8 that makes a hundred bytes of each frame. */
class Encoder {
  static broken = false
  state = 'unconfigured'
  encodeQueueSize = 0

  /** @param {{codec: string}} config */
  static async isConfigSupported({ codec }) {
    return { supported: codec === 'vp8' }
  }

  /** @param {{output: (chunk: any, meta: any) => void, error: (error: Error) => void}} on */
  constructor(on) {
    this.on = on
  }

  configure() {
    this.state = 'configured'
  }

  /** @param {Frame} frame @param {{keyFrame: boolean}} options */
  encode({ timestamp }, { keyFrame }) {
    if (Encoder.broken) return this.on.error(new Error('out of encoders'))
    const chunk = { type: keyFrame ? 'key' : 'delta', timestamp, byteLength: 100, copyTo: (/** @type {Uint8Array} */ into) => into.fill(7) }
    queueMicrotask(() => this.on.output(chunk, keyFrame ? { decoderConfig: { codec: 'vp8', codedWidth: 640, codedHeight: 480 } } : undefined))
  }

  async flush() {
    await settled()
  }

  close() {
    this.state = 'closed'
  }
}

const canvas = class {
  getContext() {
    return { drawImage() {}, getImageData: () => ({ data: new Uint8ClampedArray(16 * 9 * 4).fill(128) }) }
  }
}

/**
 * A recorder's engine with the page in the test's hands.
 *
 * @param {any} t
 * @param {Folder} [folder]
 * @param {object | null} [server]
 */
async function rig(t, folder = new Folder(), server = null) {
  const time = fakeTime(t)
  const storage = { getDirectory: async () => ({ getDirectoryHandle: async () => folder }) }
  fakePage(t, { navigator: { storage }, VideoEncoder: Encoder, AudioEncoder: Encoder, VideoFrame: Frame, OffscreenCanvas: canvas })
  Frame.open = 0
  Encoder.broken = false
  /** @type {any[]} */ const posted = []
  const engine = new RecorderEngine(m => void posted.push(m))
  const of = (/** @type {string} */ type) => posted.filter(m => m.type === type)
  engine.receive({ type: 'open', server: /** @type {any} */ (server) })
  await time.pass(20)
  const state = () => of('take').at(-1)?.take.state
  return { time, folder, engine, posted, of, state }
}

/**
 * One with a camera, which is told to film.
 *
 * @param {any} t
 */
async function filming(t) {
  const it = await rig(t)
  const { time, engine } = it
  /** @type {any} */ let camera
  /** When frames were captured, page time, ms. */
  /** @type {number[]} */ const captures = []
  const start = time.now
  engine.receive({
    type: 'tracks', video: new ReadableStream({ start: controller => void (camera = controller) }), step: 0.005, relation: { shift: 0, error: 0 }, settings: { frameRate: 25 },
  })
  /** Time goes on and the camera runs. @param {number} ms */
  const film = async ms => {
    for (const end = time.now + ms; ;) {
      const capture = start + captures.length * INTERVAL + jitter(captures.length)
      if (capture + LAG >= end) return time.pass(end - time.now)
      await time.pass(capture + LAG - time.now)
      captures.push(capture)
      camera.enqueue(new Frame((capture - ORIGIN) * 1000))
      engine.receive({ type: 'captures', times: [{ capture, media: capture }] })
      await settled()
    }
  }
  await film(2000)
  const arm = async (/** @type {object} */ more = {}) => {
    const from = time.now + 500
    engine.receive({ type: 'arm', id: 'r1', notes: { label: 'plank', filename: 'front', sessionId: 's' }, from, to: Infinity, ...more })
    await film(400)
    return from
  }
  return { ...it, film, arm, captures }
}

/** What is in a file: the instants of its pictures, s. @param {Blob} blob */
async function picturesIn(blob) {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(new Uint8Array(await blob.arrayBuffer())) })
  const track = /** @type {any} */ (await input.getPrimaryVideoTrack())
  const times = []
  const sink = /** @type {any} */ (new EncodedPacketSink(track))
  for await (const packet of sink.packets()) times.push(packet.timestamp)
  return times
}

test('recorder engine: a take has the first frame at its instant, the last before its stop, and all between', async t => {
  const { time, engine, of, state, film, arm, captures } = await filming(t)
  assert.equal(of('settled').length, 1)
  const from = await arm()
  assert.deepEqual(of('armed').map(m => m.id), ['r1'])
  assert.equal(of('started').length, 0)
  await film(1000)
  const [started] = of('started')
  const first = captures.findIndex(at => at >= from)
  assert.ok(Math.abs(started.at - captures[first]) < 0.1 && started.error < 1, JSON.stringify([started, captures[first]]))
  const to = captures[first] + 2010
  engine.receive({ type: 'bounds', id: 'r1', from, to })
  await film(2500)
  const [stopped] = of('stopped')
  const last = captures.findLastIndex(at => at < to)
  assert.ok(Math.abs(stopped.at - captures[last]) < 0.1, JSON.stringify([stopped.at, captures[last]]))
  const taken = captures.slice(first, last + 1)
  assert.deepEqual([stopped.empty, stopped.report.frames, stopped.report.droppedFrames, stopped.report.sound], [false, taken.length, 0, 'none'])
  assert.equal(state(), 'waiting', 'nobody uploads it')
  engine.receive({ type: 'file', id: 'r1' })
  await settled()
  const pictures = await picturesIn(of('file')[0].blob)
  assert.equal(pictures.length, taken.length)
  assert.ok(pictures.every((at, i) => Math.abs(at * 1000 - (taken[i] - taken[0])) < 1.1), String(pictures)) // WebM counts milliseconds
  assert.equal(Frame.open, 1, 'the newest frame alone is kept')
  engine.receive({ type: 'close' })
  await time.pass(500)
  assert.deepEqual([of('closed').length, Frame.open], [1, 0])
})

test('recorder engine: a take that is called off leaves nothing', async t => {
  const { engine, of, folder, film, arm } = await filming(t)
  await arm()
  assert.equal(folder.files.size, 2)
  engine.receive({ type: 'cancel', id: 'r1' })
  await film(2000)
  assert.deepEqual([of('started').length, of('stopped').length, folder.files.size], [0, 0, 0])
})

test('recorder engine: one that has begun can’t be called off, and has one file', async t => {
  const { engine, of, folder, film, arm } = await filming(t)
  const from = await arm()
  await film(1000)
  engine.receive({ type: 'cancel', id: 'r1' })
  engine.receive({ type: 'arm', id: 'r1', notes: { filename: 'front' }, from, to: Infinity })
  await settled()
  assert.deepEqual(of('refused'), [{ type: 'refused', id: 'r1', code: 'begun_before', error: undefined }])
  assert.equal(folder.files.size, 2)
})

test('recorder engine: a full storage ends the take, and what was written is kept', async t => {
  const { of, folder, state, film, arm } = await filming(t)
  await arm()
  await film(3000)
  const { length } = /** @type {any} */ (folder.files.get('r1.media')).bytes
  assert.ok(length > 1000)
  folder.full = true
  await film(3000)
  assert.deepEqual(of('trouble').map(m => m.code), ['storage_full'])
  const [stopped] = of('stopped')
  assert.deepEqual([stopped.torn, stopped.empty, state()], [true, false, 'waiting'])
  assert.equal(folder.files.get('r1.media')?.bytes.length, length)
})

test('recorder engine: an encoder that gives up ends the take, and says so', async t => {
  const { of, film, arm } = await filming(t)
  await arm()
  await film(1500)
  Encoder.broken = true
  await film(500)
  assert.deepEqual([of('trouble').map(m => m.code), of('stopped').length], [['encoder_failed'], 1])
})

test('recorder engine: a camera that gives nothing is told of, and that it gives again', async t => {
  const { time, of, film } = await filming(t)
  await time.pass(3000)
  assert.deepEqual([of('frozen').length, of('flowing').length], [1, 0])
  await film(200)
  assert.deepEqual([of('frozen').length, of('flowing').length], [1, 1])
})

test('recorder engine: without a frame there is no take', async t => {
  const { time, engine, of } = await rig(t)
  engine.receive({ type: 'tracks', video: new ReadableStream(), step: 0.005, relation: { shift: 0, error: 0 } })
  engine.receive({ type: 'arm', id: 'r1', notes: { filename: 'front' }, from: 0, to: Infinity })
  await time.pass(10_000)
  assert.deepEqual(of('refused').map(m => m.code), ['no_frames'])
})

test('recorder engine: a browser that can’t encode is refused by name', async t => {
  const { engine, of, film } = await filming(t)
  t.mock.method(Encoder, 'isConfigSupported', async () => ({ supported: false }))
  engine.receive({ type: 'arm', id: 'r1', notes: { filename: 'front' }, from: 0, to: Infinity, prefer: { bitRate: 123_456 } })
  await film(100)
  assert.deepEqual(of('refused').map(m => m.code), ['cannot_encode'])
})

test('recorder engine: what comes from the page is kept, and goes up', async t => {
  const server = new UploadServer().install(t)
  const { time, engine, of, state, folder } = await rig(t, new Folder(), { url: 'https://beat.example/', authorization: 'k' })
  engine.receive({ type: 'begin', id: 'r2', notes: { label: 'plank', filename: 'front.webm', filetype: 'video/webm' } })
  await settled()
  assert.deepEqual([of('begun').map(m => m.id), state()], [['r2'], 'recording'])
  for (const size of [1000, 2000]) engine.receive({ type: 'append', id: 'r2', bytes: new ArrayBuffer(size) })
  engine.receive({ type: 'complete', id: 'r2', notes: { stopped: 1 } })
  await time.pass(500)
  assert.deepEqual([state(), [...server.uploads.values()][0].size, folder.files.size], ['uploaded', 3000, 0])
})

test('recorder engine: a piece that doesn’t fit is the last', async t => {
  const { engine, of, folder } = await rig(t)
  engine.receive({ type: 'begin', id: 'r2', notes: { filename: 'front.webm' } })
  await settled()
  engine.receive({ type: 'append', id: 'r2', bytes: new ArrayBuffer(1000) })
  folder.full = true
  engine.receive({ type: 'append', id: 'r2', bytes: new ArrayBuffer(500) })
  folder.full = false
  engine.receive({ type: 'append', id: 'r2', bytes: new ArrayBuffer(500) })
  assert.deepEqual([of('full'), folder.files.get('r2.media')?.bytes.length], [[{ type: 'full', id: 'r2', empty: false }], 1000])
  assert.deepEqual(of('trouble').map(m => m.code), ['storage_full'])
})

test('recorder engine: whether there is anything in a file is found out, not guessed', async t => {
  const { engine, of, film, arm, time } = await filming(t)
  await arm()
  await film(1500)
  engine.receive({ type: 'bounds', id: 'r1', from: 0, to: time.now })
  await film(1500)
  engine.receive({ type: 'examine', id: 'r1' })
  engine.receive({ type: 'examine', id: 'nothing' })
  for (let i = 0; i < 50; i++) await settled()
  assert.deepEqual(of('examined').toSorted((a, b) => (a.id < b.id ? -1 : 1)), [
    { type: 'examined', id: 'nothing', empty: true }, { type: 'examined', id: 'r1', empty: false },
  ])
})

test('recorder engine: what an earlier page left is found, and ends where its file does', async t => {
  const { engine, folder, film, arm, time } = await filming(t)
  await arm()
  await film(3000)
  const size = folder.files.get('r1.media')?.bytes.length
  for (const file of folder.files.values()) file.open = false // the page is gone
  engine.receive({ type: 'close' })
  t.mock.timers.reset()
  t.mock.restoreAll()
  const next = await rig(t, folder)
  const [{ lasting, found }] = next.of('opened')
  assert.equal(lasting, true)
  assert.deepEqual(found.map((/** @type {any} */ left) => [left.notes.recordingId, left.notes.label, left.bytes, left.interrupted]), [['r1', 'plank', size, true]])
  assert.ok(time.now > 0)
})
