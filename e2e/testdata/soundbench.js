// The recorder's own engine in a worker, with a camera and a microphone of its own making
// whose truth is known, faster than they would be: what lies between sound and picture in the
// file that comes of it.
import { ALL_FORMATS, BufferSource, Input, VideoSampleSink } from '/vendor/mediabunny/mediabunny.js'
import { choose } from '/recorder/codecs.js'
import { CaptureClocks } from '/recorder/captureclocks.js'
import { Take } from '/recorder/take.js'
import { RATE, burst, offsets } from '/test/bursts.js'
import { samplesOf } from '/test/recorder_offsets.js'

const WIDTH = 160
const HEIGHT = 96
const COLUMNS = 6
const ROWS = 4
/** Camera and microphone stamp by a clock of their own, ms. */
const ORIGIN = 4321
const FRAME = 100

/** Encoders, to wait for. */
const encoders = []
for (const name of ['VideoEncoder', 'AudioEncoder']) {
  self[name] = class extends self[name] {
    constructor(...options) {
      super(...options)
      encoders.push(this)
    }
  }
}

function randoms(seed = 11) {
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647
}

/** What happens, in the order in which it arrives: frames, and blocks of sound of which some are lost. */
function happenings({ length, ppm, gaps, bursts, random }) {
  const all = []
  const step = 1000 / (RATE * (1 + ppm / 1e6))
  const lost = Array.from({ length: gaps }, (_, i) => ({ at: (length / gaps) * (i + 0.4), ms: 100 + 900 * random() }))
  const late = t => 8 + 4 * random() + (bursts && t % 7000 < 500 ? 600 - (t % 7000) : 0)
  let last = 0
  for (let t = 0; t < length + 1500; ) {
    if (lost.length && t > lost[0].at) t += lost.shift().ms
    const end = t + 480 * step
    last = Math.max(last, end + late(t))
    all.push({ at: last, start: t, step, stamp: t + 2 * random() })
    t = end
  }
  for (let t = 0; t < length + 1500; t += FRAME) all.push({ at: t + 20 + 4 * random(), frame: t + 3 * random() })
  return all.sort((a, b) => a.at - b.at)
}

const canvas = new OffscreenCanvas(WIDTH, HEIGHT)
const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })

/** A frame that shows its own time, tenths of a millisecond. */
function frameOf(t) {
  for (let bit = 0, rest = Math.round(t * 10); bit < COLUMNS * ROWS; bit++, rest = Math.floor(rest / 2)) {
    context.fillStyle = rest % 2 ? 'white' : 'black'
    context.fillRect((bit % COLUMNS) * (WIDTH / COLUMNS), Math.floor(bit / COLUMNS) * (HEIGHT / ROWS), WIDTH / COLUMNS, HEIGHT / ROWS)
  }
  return new VideoFrame(canvas, { timestamp: Math.round((t - ORIGIN) * 1000) })
}

function soundOf({ start, step, stamp }) {
  const data = Float32Array.from({ length: 480 }, (_, i) => burst(start + i * step))
  return new AudioData({
    format: 'f32-planar', sampleRate: RATE, numberOfFrames: 480, numberOfChannels: 1, timestamp: Math.round((stamp - ORIGIN) * 1000), data,
  })
}

async function record({ length, ppm = 0, gaps = 0, bursts = false, container = 'auto' }) {
  const choice = await choose({ width: WIDTH, height: HEIGHT, framerate: 1000 / FRAME }, { channels: 1 }, { container })
  let now = 0
  const clocks = new CaptureClocks(0.1, { shift: 0, error: 0 }, () => now)
  const parts = []
  let over = () => {}
  const ended = new Promise(resolve => (over = resolve))
  const take = new Take(choice, { warm() {}, started() {}, over, trouble: code => parts.push(code), write: bytes => parts.push(bytes) })
  Object.assign(take.cut, { from: 1000, to: length })
  let ticked = 0
  for (const happening of happenings({ length, ppm, gaps, bursts, random: randoms() })) {
    now = happening.at
    if (happening.frame === undefined) hear(take, clocks, soundOf(happening))
    else see(take, clocks, frameOf(happening.frame), happening.frame)
    if (now - ticked > 100) for (const piece of (ticked = now, take.tick(now), clocks.certain())) take.sound(piece)
    while (encoders.some(e => e.state === 'configured' && e.encodeQueueSize > 20)) await new Promise(resolve => setTimeout(resolve, 1))
  }
  await ended
  await take.finish()
  return { blob: new Blob(parts.filter(part => typeof part !== 'string')), troubles: parts.filter(part => typeof part === 'string'), report: take.report(clocks.ppm) }
}

function hear(take, clocks, data) {
  for (const piece of clocks.sound(data)) take.sound(piece)
  data.close()
}

function see(take, clocks, frame, t) {
  clocks.saw([{ capture: t, media: t - 500 }])
  take.frame(frame, clocks.captured(frame.timestamp))
  frame.close()
}

const small = new OffscreenCanvas(COLUMNS * 4, ROWS * 4).getContext('2d', { willReadFrequently: true })

function shownBy(sample) {
  small.drawImage(sample.toCanvasImageSource(), 0, 0, COLUMNS * 4, ROWS * 4)
  const { data } = small.getImageData(0, 0, COLUMNS * 4, ROWS * 4)
  let value = 0
  for (let bit = COLUMNS * ROWS - 1; bit >= 0; bit--) {
    const pixel = (Math.floor(bit / COLUMNS) * 4 + 2) * COLUMNS * 4 + (bit % COLUMNS) * 4 + 2
    value = value * 2 + (data[4 * pixel] > 127 ? 1 : 0)
  }
  return value / 10
}

async function read(blob) {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(await blob.arrayBuffer()) })
  const pictures = []
  for await (const sample of new VideoSampleSink(await input.getPrimaryVideoTrack()).samples()) {
    pictures.push({ time: sample.timestamp * 1000, shown: shownBy(sample) })
    sample.close()
  }
  return offsets(await samplesOf(await input.getPrimaryAudioTrack()), pictures)
}

self.onmessage = async ({ data }) => {
  try {
    const { blob, troubles, report } = await record(data)
    self.postMessage({ offsets: await read(blob), troubles, report, bytes: blob.size })
  } catch (error) {
    self.postMessage({ error: error.stack })
  }
}
