// A camera and a microphone that both tell the page's time, as far as a busy page comes to it.
// Every 5 s the microphone loses 350 ms.
import { burst } from '/test/bursts.js'
import { drawCode } from '/test/timecode.js'

const FRAME = 33
const BLOCK = 10

export function live() {
  const camera = new MediaStreamTrackGenerator({ kind: 'video' })
  const microphone = new MediaStreamTrackGenerator({ kind: 'audio' })
  every(FRAME, 0, camera.writable.getWriter(), picture())
  every(BLOCK, BLOCK, microphone.writable.getWriter(), t => (t % 5000 < 350 ? null : sound(t)))
  return new MediaStream([camera, microphone])
}

/** Gives something every `ms`, that takes `length`, as soon as it can. */
function every(ms, length, writer, make) {
  let t = performance.now()
  setInterval(() => {
    for (; t + length <= performance.now(); t += ms) {
      const data = make(t)
      if (data) void writer.write(data)
    }
  }, ms)
}

function picture() {
  const canvas = new OffscreenCanvas(320, 240)
  const context = canvas.getContext('2d', { alpha: false })
  return t => {
    drawCode(context, Math.round(t * 1000))
    return new VideoFrame(canvas, { timestamp: Math.round(t * 1000) })
  }
}

function sound(t) {
  const data = Float32Array.from({ length: 480 }, (_, i) => burst(t + i / 48))
  return new AudioData({ format: 'f32-planar', sampleRate: 48_000, numberOfFrames: 480, numberOfChannels: 1, timestamp: Math.round(t * 1000), data })
}
