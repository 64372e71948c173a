/** What a media element says when something of it changed. */
const EVENTS = ['loadedmetadata', 'loadeddata', 'canplay', 'canplaythrough', 'seeked', 'playing', 'progress', 'timeupdate', 'error', 'emptied']

/**
 * Waits until `test` holds: true then, false after `patience` ms. Rejects
 * with the signal's reason when that is aborted.
 *
 * @param {HTMLMediaElement} element
 * @param {() => boolean} test
 * @param {AbortSignal} signal
 * @param {number} patience
 * @returns {Promise<boolean>}
 */
export function until(element, test, signal, patience) {
  return new Promise((resolve, reject) => {
    const over = new AbortController()
    const end = (/** @type {() => void} */ fn) => {
      clearTimeout(timer)
      over.abort()
      fn()
    }
    const look = () => test() && end(() => resolve(true))
    const timer = setTimeout(() => end(() => resolve(test())), patience)
    for (const event of EVENTS) element.addEventListener(event, look, { signal: over.signal })
    if (signal.aborted) return end(() => reject(signal.reason))
    signal.addEventListener('abort', () => end(() => reject(signal.reason)), { signal: over.signal })
    look()
  })
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    }, { once: true })
  })
}

/**
 * Can it go on from where it is?
 *
 * @param {HTMLMediaElement} element
 */
export function ready(element) {
  return element.readyState >= element.HAVE_FUTURE_DATA && !element.seeking
}

/**
 * Is the medium there already, for a moment from `position` on?
 *
 * @param {HTMLMediaElement} element
 * @param {number} position  s
 */
export function buffered({ buffered, duration }, position) {
  const end = Math.min(position + 0.5, Number.isFinite(duration) ? duration : Infinity)
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= position && buffered.end(i) >= end) return true
  }
  return false
}

/** Places just outside of what can be sought are its ends, s. */
const BRINK = 0.1

/**
 * Does the medium let itself be brought to `position`? Without ranges from its
 * server it doesn't: a browser that is asked to then begins at 0.
 *
 * @param {{seekable: TimeRanges}} element
 * @param {number} position  s
 */
export function reaches({ seekable }, position) {
  for (let i = 0; i < seekable.length; i++) {
    if (seekable.start(i) - BRINK <= position && position <= seekable.end(i) + BRINK) return true
  }
  return false
}

/** A device that had to load goes on with so much of the medium there, s. */
const COMFORT = 4

/**
 * Could it go on from `position` for a while?
 *
 * @param {HTMLMediaElement} element
 * @param {number} position  s
 */
export function comfortable(element, position) {
  const { readyState, HAVE_ENOUGH_DATA, seeking, buffered, duration } = element
  if (seeking || element.error) return false
  if (readyState >= HAVE_ENOUGH_DATA) return true
  const end = Math.min(position + COMFORT, (Number.isFinite(duration) ? duration : Infinity) - 0.2)
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= position + BRINK && buffered.end(i) >= end) return true
  }
  return false
}

/** An exact position is this exact, s: less than any frame or ear can tell. */
const EXACT = 0.001

/**
 * Goes to `position` and waits until the medium can go on from there. Resolves
 * with how long that took, ms, or with NaN when it wasn't ready in time.
 *
 * @param {HTMLMediaElement} element
 * @param {number} position  s
 * @param {AbortSignal} signal
 * @param {number} patience  ms
 */
export async function seek(element, position, signal, patience) {
  const began = performance.now()
  if (Math.abs(element.currentTime - position) > EXACT || element.seeking) element.currentTime = position
  const there = await until(element, () => ready(element), signal, patience)
  return there ? performance.now() - began : NaN
}

/** Readings of the position after a start, and the pause between them, ms. */
const READINGS = 6
const APART = 15
/** A start that hasn't moved after that won't for now, ms. */
const STANDS = 4000
/** The first moments after a start are not of the rate that follows, s. */
const SKIP = 0.08

/**
 * When a medium that was told to play from `from` really began: the device
 * time at which it would have been there, going by how it moves now. NaN when
 * it doesn't.
 *
 * @param {HTMLMediaElement} element
 * @param {number} from  s
 * @param {number} rate
 * @param {AbortSignal} signal
 */
export async function began(element, from, rate, signal) {
  const told = performance.now()
  while (element.currentTime < from + SKIP * rate) {
    if (performance.now() - told > STANDS) return NaN
    await sleep(APART, signal)
  }
  const starts = []
  for (let i = 0; i < READINGS; i++) {
    const position = element.currentTime
    starts.push(performance.now() - ((position - from) / rate) * 1000)
    await sleep(APART, signal)
  }
  return starts.sort((a, b) => a - b)[READINGS >> 1]
}
