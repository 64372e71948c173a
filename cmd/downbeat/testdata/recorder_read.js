// Reads a recording back: what mediabunny and WebCodecs make of the file.
import { ALL_FORMATS, BlobSource, Input, VideoSampleSink } from '/vendor/mediabunny/mediabunny.js'
import { readCode } from '/test/timecode.js'

async function inputOf(url) {
  const blob = await (await fetch(url)).blob()
  return new Input({ formats: ALL_FORMATS, source: new BlobSource(blob) })
}

/** Frames and samples of a file: how many, when, and what the first and the last picture show. */
export async function readFile(url, { codes = false } = {}) {
  const input = await inputOf(url)
  const video = await input.getPrimaryVideoTrack()
  const audio = await input.getPrimaryAudioTrack()
  const sink = video && new VideoSampleSink(video)
  const times = []
  let first, last
  for await (const sample of sink.samples()) {
    times.push(sample.timestamp)
    if (codes) {
      const frame = sample.toVideoFrame()
      last = readCode(frame)
      first ??= last
      frame.close()
    }
    sample.close()
  }
  const sound = audio && { first: await audio.getFirstTimestamp(), end: await audio.computeDuration() }
  return { frames: times.length, start: times[0], end: times.at(-1), sound, first, last, type: await input.getMimeType() }
}

/** The first picture of a file, small and grey. */
export async function firstPicture(url) {
  const input = await inputOf(url)
  const sink = new VideoSampleSink(await input.getPrimaryVideoTrack())
  for await (const sample of sink.samples()) {
    const frame = sample.toVideoFrame()
    const picture = grey(frame)
    frame.close()
    sample.close()
    return picture
  }
}

const canvas = new OffscreenCanvas(160, 120)
const context = canvas.getContext('2d', { willReadFrequently: true })

/** A picture as brightnesses. */
export function grey(picture) {
  context.drawImage(picture, 0, 0, 160, 120)
  const { data } = context.getImageData(0, 0, 160, 120)
  const pixels = new Uint8Array(data.length / 4)
  for (let i = 0; i < pixels.length; i++) pixels[i] = (data[4 * i] + 2 * data[4 * i + 1] + data[4 * i + 2]) / 4
  return pixels
}
