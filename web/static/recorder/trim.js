/**
 * Which samples of a block lie in [from, to).
 *
 * @param {number} start  when the first sample was captured, ms
 * @param {number} count
 * @param {number} rate   samples a second
 * @param {number} from   ms
 * @param {number} to     ms
 * @returns {{skip: number, keep: number}}
 */
export function trim(start, count, rate, from, to) {
  const index = (/** @type {number} */ t) => Math.min(count, Math.max(0, Math.ceil(((t - start) * rate) / 1000 - 1e-6)))
  const skip = index(from)
  return { skip, keep: Math.max(0, index(to) - skip) }
}

/**
 * A block without its first `skip` samples and of `keep` samples, stamped with
 * `timestamp`; closes the one given.
 *
 * @param {AudioData} data
 * @param {number} skip
 * @param {number} keep
 * @param {number} timestamp  µs
 */
export function part(data, skip, keep, timestamp) {
  const channels = data.numberOfChannels
  const samples = new Float32Array(keep * channels)
  for (let planeIndex = 0; planeIndex < channels; planeIndex++) {
    const plane = samples.subarray(planeIndex * keep, (planeIndex + 1) * keep)
    data.copyTo(plane, { planeIndex, frameOffset: skip, frameCount: keep, format: 'f32-planar' })
  }
  const { sampleRate } = data
  data.close()
  return new AudioData({
    format: 'f32-planar', sampleRate, numberOfFrames: keep, numberOfChannels: channels, timestamp, data: samples,
  })
}
