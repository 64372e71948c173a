// What lies between sound and picture in a recording whose both tell the page's time.
import { ALL_FORMATS, AudioSampleSink, BlobSource, Input, VideoSampleSink } from '/vendor/mediabunny/mediabunny.js'
import { RATE, offsets } from '/test/bursts.js'
import { readCode } from '/test/timecode.js'

export async function offsetsIn(url) {
  const input = new Input({ formats: ALL_FORMATS, source: new BlobSource(await (await fetch(url)).blob()) })
  const pictures = []
  for await (const sample of new VideoSampleSink(await input.getPrimaryVideoTrack()).samples()) {
    const frame = sample.toVideoFrame()
    pictures.push({ time: sample.timestamp * 1000, shown: readCode(frame) / 1000 })
    frame.close()
    sample.close()
  }
  return { offsets: offsets(await samplesOf(await input.getPrimaryAudioTrack()), pictures) }
}

/** All samples of the first channel, from the file's beginning on. */
export async function samplesOf(track) {
  const samples = new Float32Array(Math.ceil(((await track.computeDuration()) + 1) * RATE))
  for await (const sample of new AudioSampleSink(track).samples()) {
    const own = new Float32Array(sample.numberOfFrames)
    sample.copyTo(own, { planeIndex: 0, format: 'f32-planar' })
    const at = Math.round(sample.timestamp * RATE)
    samples.set(own.subarray(Math.max(0, -at)), Math.max(0, at))
    sample.close()
  }
  return samples
}
