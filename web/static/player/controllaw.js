/** A drift is worked off with this time constant, s. */
const TIME_CONSTANT = 2
/** No correction is larger: 34 cents where the pitch follows. */
export const MAX_CORRECTION = 0.02
/** But of a medium that can't be sought, when it is far off. */
export const WIDE_CORRECTION = 0.1
/** Corrections are multiples of this, so that noise doesn't set the rate again each time: one cent. */
const STEP = 0.0005

/**
 * By how much faster than the timeline the medium should play, so that its
 * drift goes away. There is no dead zone: what is less than a step is made up
 * of steps and rests, whose mean it is.
 */
export class Corrector {
  #owed = 0
  #last = NaN
  #correction = 0

  /**
   * @param {number} drift  media less timeline, s: positive is ahead
   * @param {number} d      device time, ms
   * @param {number} [most] the largest correction
   * @returns {number} the correction, 0.004 is 0.4 % faster
   */
  correct(drift, d, most = MAX_CORRECTION) {
    const since = Number.isFinite(this.#last) ? (d - this.#last) / 1000 : 0
    const wanted = clamp(-drift / Math.max(TIME_CONSTANT, 1.5 * since), most)
    this.#last = d
    this.#owed = clamp(this.#owed + wanted - this.#correction, STEP)
    this.#correction = clamp(Math.round((wanted + this.#owed) / STEP) * STEP, most)
    return this.#correction
  }

  reset() {
    this.#owed = this.#correction = 0
    this.#last = NaN
  }
}

/**
 * @param {number} x
 * @param {number} limit
 */
function clamp(x, limit) {
  return Math.max(-limit, Math.min(limit, x))
}

/** Above this a seek is quicker than a rate, s. */
export const SEEK_ABOVE = 0.15
/** Within this for CALM ms the medium is held, s. */
const HELD = 0.04
const CALM = 5000
/** The pauses between seeks double from the first to the last, ms. */
const FIRST_PAUSE = 1000
const LAST_PAUSE = 30000

/**
 * Whether a drift is worth a seek. After each one the next must wait, longer
 * every time, until the medium has been held for a while: a device that can't
 * hold it is left behind by its rate rather than seeking for ever.
 */
export class Seeks {
  #pause = FIRST_PAUSE
  #last = -Infinity
  #heldSince = NaN
  count = 0

  /**
   * @param {number} drift  s
   * @param {number} d      device time, ms
   */
  worth(drift, d) {
    const size = Math.abs(drift)
    this.#calm(size, d)
    return size > SEEK_ABOVE && d - this.#last >= this.#pause
  }

  /**
   * @param {number} size
   * @param {number} d
   */
  #calm(size, d) {
    if (size > HELD) this.#heldSince = NaN
    else if (!(d - this.#heldSince >= 0)) this.#heldSince = d
    if (d - this.#heldSince >= CALM) this.#pause = FIRST_PAUSE
  }

  /**
   * One was made to correct a drift.
   *
   * @param {number} d  device time, ms
   */
  made(d) {
    this.count++
    if (Number.isFinite(this.#last)) this.#pause = Math.min(LAST_PAUSE, d - this.#last < 2 * this.#pause ? this.#pause * 2 : this.#pause)
    this.#last = d
  }

  /** The timeline itself jumped: that seek is nobody's fault. */
  forgive() {
    this.#last = -Infinity
    this.#pause = FIRST_PAUSE
  }
}

/** What the server is told of: this far off, s, for this long, ms. */
const DESYNC = 0.25
const DESYNC_FOR = 2000
/** And then not again for so long, ms. */
const DESYNC_PAUSE = 5000

/** Tells when a device can't hold the timeline. */
export class Complaint {
  #since = NaN
  #last = -Infinity

  /**
   * @param {number} drift  s
   * @param {number} d      device time, ms
   */
  due(drift, d) {
    if (Math.abs(drift) <= DESYNC) {
      this.#since = NaN
      return false
    }
    if (!(d - this.#since >= 0)) this.#since = d
    if (d - this.#since < DESYNC_FOR || d - this.#last < DESYNC_PAUSE) return false
    this.#last = d
    return true
  }
}
