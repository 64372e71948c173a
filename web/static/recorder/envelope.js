/** Points that a line is put through: a minute of them. */
const POINTS = 60
/** Fewer points tell no slope. */
const LEAST = 10
/** Which part of the points may lie below the line: nearly none, since what delays them only raises them. */
const LOW = 0.2
/** Nothing that is measured here drifts faster. */
const STEEPEST = 1e-3

/**
 * The lower edge of values that are delayed by chance but never early: the
 * least of each second, and a robust line through these.
 */
export class Envelope {
  #span
  /** @type {{x: number, y: number}[]} */ #points = []
  /** @type {{bucket: number, x: number, y: number} | null} */ #open = null
  /** @type {{slope: number, x: number, y: number} | null} */ #line = null

  /** @param {number} [span]  of x, of which the least value counts */
  constructor(span = 1000) {
    this.#span = span
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {boolean}  the line has moved
   */
  add(x, y) {
    const bucket = Math.floor(x / this.#span)
    const open = this.#open
    if (open?.bucket === bucket) {
      if (y < open.y) Object.assign(open, { x, y })
      return false
    }
    this.#open = { bucket, x, y }
    if (!open) return false
    this.#points.push({ x: open.x, y: open.y })
    if (this.#points.length > POINTS) this.#points.shift()
    this.#line = fit(this.#points)
    return true
  }

  /** How y grows with x; 0 while that is unknown. */
  get slope() {
    return this.#line?.slope ?? 0
  }

  /** Is the slope known? */
  get known() {
    return this.#points.length >= LEAST
  }

  /**
   * The edge at x; NaN before anything is known.
   *
   * @param {number} x
   */
  at(x) {
    if (!this.#line) return this.#open?.y ?? NaN
    const { slope, x: x0, y } = this.#line
    return y + slope * (x - x0)
  }

  clear() {
    this.#points = []
    this.#open = this.#line = null
  }
}

/**
 * Theil and Sen's line: the median of all slopes, so that some seconds under
 * load bend nothing; its height from the lower points.
 *
 * @param {{x: number, y: number}[]} points
 */
function fit(points) {
  const slope = points.length < LEAST ? 0 : clamp(median(slopes(points)), STEEPEST)
  const { x } = points[points.length - 1]
  const heights = points.map(p => p.y - slope * (p.x - x)).sort((a, b) => a - b)
  return { slope, x, y: heights[Math.floor((heights.length - 1) * LOW)] }
}

/** @param {{x: number, y: number}[]} points */
function slopes(points) {
  const all = new Float64Array((points.length * (points.length - 1)) / 2)
  for (let i = 1, n = 0; i < points.length; i++) {
    for (let k = 0; k < i; k++) all[n++] = (points[i].y - points[k].y) / (points[i].x - points[k].x)
  }
  return all
}

/** @param {Float64Array} values */
function median(values) {
  return values.sort()[values.length >> 1]
}

/**
 * @param {number} value
 * @param {number} most
 */
export function clamp(value, most) {
  return Math.max(-most, Math.min(most, value))
}
