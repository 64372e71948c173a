/** How much of the past the fit uses, ms. */
const WINDOW = 10000
/** Samples closer together than this tell nothing new, ms. */
const SPACING = 50
/** Over a shorter span than this a slope is noise, ms. */
const SPAN = 4000
/** No audio clock is further off than this. */
const MAX_SKEW = 500e-6

/**
 * A line through readings of an audio context's clock: when will the sample
 * that is scheduled for `contextTime` be heard, on performance.now()?
 */
export class AudioFit {
  /** @type {{perf: number, audio: number}[]} */ #samples = []
  #dropped = false

  /**
   * @param {number} perf   ms
   * @param {number} audio  context time heard at `perf`, s
   */
  add(perf, audio) {
    if (!this.#dropped) {
      this.#dropped = true // the first one is off by a buffer
      return
    }
    const last = this.#samples.at(-1)
    if (last && perf - last.perf < SPACING) return
    this.#samples.push({ perf, audio: audio * 1000 })
    while (this.#samples[0].perf < perf - WINDOW) this.#samples.shift()
  }

  get ready() {
    return this.#samples.length >= 3
  }

  /**
   * The context time in s that is heard at `perf`.
   *
   * @param {number} perf  ms
   */
  at(perf) {
    const n = this.#samples.length
    const x0 = this.#samples[0].perf
    const y0 = this.#samples[0].audio
    let sx = 0, sy = 0, sxx = 0, sxy = 0
    for (const { perf, audio } of this.#samples) {
      const x = perf - x0
      const y = audio - y0 - x
      sx += x
      sy += y
      sxx += x * x
      sxy += x * y
    }
    const spread = sxx - (sx * sx) / n
    const span = this.#samples[n - 1].perf - x0
    const slope = span < SPAN ? 0 : Math.max(-MAX_SKEW, Math.min(MAX_SKEW, (sxy - (sx * sy) / n) / spread))
    const x = perf - x0
    return (y0 + x + sy / n + slope * (x - sx / n)) / 1000
  }
}

/** Follows one AudioContext's clock from its creation until `close`. */
class AudioClock {
  #ctx
  #fit = new AudioFit()
  #timer

  /** @param {AudioContext} ctx */
  constructor(ctx) {
    this.#ctx = ctx
    this.#timer = setInterval(() => this.#sample(), 2 * SPACING)
    ctx.addEventListener('statechange', () => (this.#fit = new AudioFit()))
  }

  #sample() {
    const ctx = this.#ctx
    if (ctx.state === 'closed') return this.close()
    if (ctx.state !== 'running' || !ctx.getOutputTimestamp) return
    const { contextTime = 0, performanceTime = 0 } = ctx.getOutputTimestamp()
    const age = performance.now() - performanceTime
    const behind = ctx.currentTime - contextTime
    const plausible = contextTime > 0 && age > -20 && age < 500 && behind > -0.02 && behind < 1
    if (plausible) this.#fit.add(performanceTime, contextTime)
  }

  /**
   * The context time at which to start a source so that it is heard at
   * `perf`, in s. Where the browser's output stamps are no good, what it says
   * of its latency is subtracted instead.
   *
   * @param {number} perf  performance.now() of the page, ms
   */
  toAudio(perf) {
    if (this.#fit.ready) return this.#fit.at(perf)
    const { currentTime, baseLatency = 0, outputLatency = 0 } = this.#ctx
    return currentTime + (perf - performance.now()) / 1000 - baseLatency - outputLatency
  }

  close() {
    clearInterval(this.#timer)
  }
}

/** The clocks of all audio contexts in use. */
export class AudioClocks {
  /** @type {Map<AudioContext, AudioClock>} */ #clocks = new Map()

  /**
   * The clock of `ctx`, followed from the first call on.
   *
   * @param {AudioContext} ctx
   */
  of(ctx) {
    let clock = this.#clocks.get(ctx)
    if (!clock) {
      clock = new AudioClock(ctx)
      this.#clocks.set(ctx, clock)
    }
    return clock
  }

  close() {
    for (const clock of this.#clocks.values()) clock.close()
    this.#clocks.clear()
  }
}
