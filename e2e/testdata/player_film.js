// Makes player.webm, the film of the players' tests: 66 s of 30 frames a
// second with the time and the frame's number in them, a beep each second, an
// index at the end. `DOWNBEAT_TEST_FILM=1 go test -run TestMakeFilm ./cmd/downbeat`.
import { AudioSample, AudioSampleSource, BufferTarget, CanvasSource, Output, WebMOutputFormat } from '/test/mediabunny.mjs'

const SECONDS = 66
const FRAMES = 30
const SAMPLES = 48000
const canvas = document.getElementById('canvas')
const g = canvas.getContext('2d')

/** Resolves with the file in base64. */
globalThis.makeFilm = async () => {
  const output = new Output({ format: new WebMOutputFormat(), target: new BufferTarget() })
  const video = new CanvasSource(canvas, { codec: 'vp9', bitrate: 8000, keyFrameInterval: 2, latencyMode: 'quality' })
  const audio = new AudioSampleSource({ codec: 'opus', bitrate: 6000 })
  output.addVideoTrack(video, { frameRate: FRAMES })
  output.addAudioTrack(audio)
  await output.start()
  for (let s = 0; s < SECONDS; s++) {
    await audio.add(new AudioSample({ data: beep(), format: 'f32', numberOfChannels: 1, sampleRate: SAMPLES, timestamp: s }))
    for (let f = 0; f < FRAMES; f++) {
      draw(s * FRAMES + f)
      await video.add(s + f / FRAMES, 1 / FRAMES)
    }
  }
  await output.finalize()
  return new Uint8Array(output.target.buffer).toBase64()
}

function beep() {
  return Float32Array.from({ length: SAMPLES }, (_, i) => (i < SAMPLES / 20 ? 0.2 * Math.sin((2 * Math.PI * 880 * i) / SAMPLES) : 0))
}

/** @param {number} n  of the frame: as seconds, and as twelve bits */
function draw(n) {
  g.fillStyle = '#222'
  g.fillRect(0, 0, 192, 108)
  for (let bit = 0; bit < 12; bit++) {
    g.fillStyle = (n >> (11 - bit)) & 1 ? '#fff' : '#000'
    g.fillRect(6 + bit * 15, 80, 13, 20)
  }
  g.fillStyle = '#fff'
  g.font = '30px monospace'
  g.fillText((n / FRAMES).toFixed(2).padStart(6), 36, 54)
}
