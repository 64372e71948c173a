// What there is to hear in a recording: for each 10 ms how loud it is, 0–1.
import { ALL_FORMATS, AudioSampleSink, BlobSource, Input } from '/vendor/mediabunny/mediabunny.js'

export async function loudness(url) {
  const blob = await (await fetch(url)).blob()
  const input = new Input({ formats: ALL_FORMATS, source: new BlobSource(blob) })
  const track = await input.getPrimaryAudioTrack()
  if (!track) return null
  const peaks = []
  for await (const sample of new AudioSampleSink(track).samples()) {
    const samples = new Float32Array(sample.numberOfFrames)
    sample.copyTo(samples, { planeIndex: 0, format: 'f32-planar' })
    const first = sample.timestamp * 100
    samples.forEach((value, i) => {
      const slot = Math.floor(first + (i / sample.sampleRate) * 100)
      if (slot >= 0) peaks[slot] = Math.max(peaks[slot] ?? 0, Math.abs(value))
    })
    sample.close()
  }
  return Array.from(peaks, peak => Math.round((peak ?? -1) * 100) / 100)
}
