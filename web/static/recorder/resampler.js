/** Samples on either side of which one is made. */
export const REACH = 24
/** Places between two samples for which the filter is worked out; between them it is interpolated. */
const PHASES = 512
/** Kaiser's window: 80 dB. */
const BETA = 8

/** @type {Map<number, Float32Array>} */
const filters = new Map()

/**
 * A windowed sinc that cuts off at `cutoff` of half the incoming rate, one row
 * of 2 · REACH · stretch + 1 weights for each phase.
 *
 * @param {number} stretch  how much wider than for equal rates, ≥ 1: the outgoing rate is as much lower
 * @returns {Float32Array}
 */
function filterOf(stretch) {
  const known = filters.get(stretch)
  if (known) return known
  const reach = REACH * stretch
  const width = 2 * reach
  const rows = new Float32Array((PHASES + 1) * width)
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0
    for (let k = 0; k < width; k++) sum += rows[phase * width + k] = weight(k - reach + 1 - phase / PHASES, stretch, reach)
    for (let k = 0; k < width; k++) rows[phase * width + k] /= sum // a steady value stays what it is
  }
  filters.set(stretch, rows)
  return rows
}

/**
 * @param {number} x  distance, samples
 * @param {number} stretch
 * @param {number} reach
 */
function weight(x, stretch, reach) {
  const u = x / reach
  if (Math.abs(u) >= 1) return 0
  const angle = (Math.PI * x) / stretch
  const sinc = angle === 0 ? 1 : Math.sin(angle) / angle
  return sinc * (bessel(BETA * Math.sqrt(1 - u * u)) / bessel(BETA))
}

/**
 * The modified Bessel function of order 0.
 *
 * @param {number} x
 */
function bessel(x) {
  let sum = 1
  for (let k = 1, term = 1; term > 1e-10 * sum; k++) sum += term *= (x / (2 * k)) ** 2
  return sum
}

/** Samples at any place between those of one channel. */
export class Resampler {
  /** Samples that it needs on either side. */
  reach
  #rows
  #width

  /** @param {number} ratio  the outgoing rate's part of the incoming one */
  constructor(ratio) {
    const stretch = Math.max(1, Math.round(4 / ratio) / 4) // in quarters, so that a few filters do
    this.reach = Math.ceil(REACH * stretch)
    this.#width = 2 * this.reach
    this.#rows = filterOf(this.reach / REACH)
  }

  /**
   * @param {Float32Array} samples  with `reach` of them on either side of the place
   * @param {number} place  in samples; whole numbers are the samples themselves
   */
  at(samples, place) {
    const whole = Math.floor(place)
    const phase = (place - whole) * PHASES
    const row = Math.floor(phase)
    const part = phase - row
    const rows = this.#rows
    const width = this.#width
    let low = 0
    let high = 0
    for (let k = 0, i = whole - this.reach + 1, r = row * width; k < width; k++, i++, r++) {
      const sample = samples[i]
      low += sample * rows[r]
      high += sample * rows[r + width]
    }
    return low + (high - low) * part
  }
}
