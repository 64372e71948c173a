/** Quieter than this is no sound at all. */
export const QUIET = 5e-4
/** What is told where there is none, dBFS. */
const FLOOR = -120

/** @param {number} amplitude  0–1 */
export function decibels(amplitude) {
  return Math.max(FLOOR, Math.min(0, 20 * Math.log10(amplitude)))
}

/** How loud sound is. */
export class Level {
  #peak = 0
  #power = 0
  #count = 0

  /** @param {Float32Array[]} planes */
  add(planes) {
    let peak = this.#peak
    let power = 0
    for (const plane of planes) {
      for (const sample of plane) {
        power += sample * sample
        if (sample > peak) peak = sample
        else if (-sample > peak) peak = -sample
      }
    }
    this.#peak = peak
    this.#power += power
    this.#count += planes.length * (planes[0]?.length ?? 0)
  }

  /** @returns {{peakDb: number, rmsDb: number}} */
  get value() {
    return { peakDb: decibels(this.#peak), rmsDb: decibels(Math.sqrt(this.#power / (this.#count || 1))) }
  }

  /** What it was since it was last taken. */
  take() {
    const { value } = this
    this.#peak = this.#power = this.#count = 0
    return value
  }
}
