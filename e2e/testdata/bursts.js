// A sound that tells the time: each second begins with 40 ms of a tone, another one for
// each of 16 seconds. And how to read it.
export const RATE = 48_000
const LENGTH = 40
const TONES = 16
const LOUD = 0.12

const hertz = second => 500 + 150 * (second % TONES)

/** The sample of an instant, ms. */
export function burst(t) {
  const second = Math.floor(t / 1000)
  const within = t - second * 1000
  return within < LENGTH ? 0.5 * Math.sin((2 * Math.PI * hertz(second) * within) / 1000) : 0
}

/** How much of a tone there is in samples, 0–1. */
function share(samples, frequency) {
  let re = 0, im = 0
  samples.forEach((value, i) => {
    re += value * Math.cos((2 * Math.PI * frequency * i) / RATE)
    im += value * Math.sin((2 * Math.PI * frequency * i) / RATE)
  })
  return Math.hypot(re, im) / samples.length
}

/** The whole bursts in samples: where each begins, ms, and its tone's number. */
export function findBursts(samples) {
  const found = []
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i]) < LOUD) continue
    let end = i
    for (let k = i; k < samples.length && k - end < RATE / 200; k++) if (Math.abs(samples[k]) > LOUD) end = k
    const length = ((end - i) / RATE) * 1000
    if (length > LENGTH - 5 && length < LENGTH + 5) {
      const tones = Array.from({ length: TONES }, (_, n) => share(samples.subarray(i, end), hertz(n)))
      found.push({ at: (i / RATE) * 1000, tone: tones.indexOf(Math.max(...tones)) })
    }
    i = end + RATE / 100
  }
  return found
}

/**
 * How much later than the picture each burst is, ms.
 *
 * @param {Float32Array} samples
 * @param {{time: number, shown: number}[]} pictures  when in the file, and what time they show, ms
 */
export function offsets(samples, pictures) {
  return findBursts(samples).flatMap(({ at, tone }) => {
    const i = pictures.findLastIndex(({ time }) => time <= at)
    if (i < 0) return []
    const truly = pictures[i].shown + at - pictures[i].time
    const second = Math.round((truly / 1000 - tone) / TONES) * TONES + tone
    return [{ at, ms: truly - second * 1000 }]
  })
}
