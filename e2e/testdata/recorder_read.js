// Reads a recording back: what mediabunny and WebCodecs make of the file.
import { ALL_FORMATS, BlobSource, Input, VideoSampleSink } from '/vendor/mediabunny/mediabunny.js'
import { readCode } from '/test/timecode.js'

async function inputOf(url) {
  const blob = await (await fetch(url)).blob()
  return new Input({ formats: ALL_FORMATS, source: new BlobSource(blob) })
}

/** Frames and samples of a file: how many, when, and the numbers that pictures of so many blocks show. */
export async function readFile(url, blocks) {
  const input = await inputOf(url)
  const video = await input.getPrimaryVideoTrack()
  const audio = await input.getPrimaryAudioTrack()
  const sink = video && new VideoSampleSink(video)
  const times = []
  const codes = []
  for await (const sample of sink.samples()) {
    times.push(sample.timestamp)
    if (blocks) {
      const frame = sample.toVideoFrame()
      codes.push(readCode(frame, ...blocks))
      frame.close()
    }
    sample.close()
  }
  const sound = audio && { first: await audio.getFirstTimestamp(), end: await audio.computeDuration() }
  return { frames: times.length, start: times[0], end: times.at(-1), sound, codes, type: await input.getMimeType() }
}
