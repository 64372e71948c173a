/** @import { SessionClock } from './clockmap.js' */

/**
 * A timer may be this late; only then one looks closely, ms. Not much more, since whoever
 * has spun for long is the one that the system takes the processor from.
 */
const NEAR = 6
/** The last of it is spun; until then the thread sleeps once more, ms. */
const LAST = 1
/** A page can sleep by timers alone, which count in whole milliseconds, ms. */
const LAST_ON_PAGE = 1.5
/** Timers are set again at least this often, since the map moves, ms. */
const LONGEST = 5000
/** How often to look again while session time is unknown, ms. */
export const UNKNOWN = 20

/**
 * @typedef {object} Instant
 * @property {number} time      session time read as the function began, ms
 * @property {number} lateness  `time` less the time asked for, ms
 * @property {number} device    this thread's performance.now() of the same reading
 */

/**
 * Calls `fn` at session time `t`: a timer until shortly before, then a loop.
 * At once when `t` has passed. Returns a function that calls it off.
 *
 * @param {SessionClock} clock
 * @param {number} t  session time, ms
 * @param {(instant: Instant) => void} fn
 * @returns {() => void}
 */
export function at(clock, t, fn) {
  const wait = () => {
    const ms = delay(clock, t)
    if (ms > 0) off = clock.after(ms, wait)
    else act(clock, t, fn)
  }
  let off = clock.after(delay(clock, t), wait)
  return () => off()
}

/**
 * A timer, as the clock of a thread without a better one has it.
 *
 * @param {number} ms
 * @param {() => void} fn
 * @returns {() => void} calls it off
 */
export function after(ms, fn) {
  const timer = setTimeout(fn, ms)
  return () => clearTimeout(timer)
}

/**
 * @param {SessionClock} clock
 * @param {number} t
 * @param {(instant: Instant) => void} fn
 */
function act(clock, t, fn) {
  const target = clock.toDevice(t)
  doze(target - clock.read() - LAST)
  let device = clock.read()
  while (device < target) device = clock.read()
  const time = clock.toSession(device)
  fn({ time, lateness: time - t, device })
}

/**
 * How long a timer may sleep before looking again; 0 when it is time to spin.
 *
 * @param {SessionClock} clock
 * @param {number} t
 */
function delay(clock, t) {
  if (!clock.valid) return UNKNOWN
  const left = clock.toDevice(t) - clock.read()
  if (left > NEAR) return Math.min(LONGEST, left - NEAR)
  const nap = left - LAST_ON_PAGE
  return never || nap < 1 ? 0 : nap
}

/** Something to wait for that never comes; null on a page, which mustn't block. */
const never = mayBlock() ? new Int32Array(new SharedArrayBuffer(4)) : null

function mayBlock() {
  return 'WorkerGlobalScope' in globalThis && typeof SharedArrayBuffer !== 'undefined'
}

/**
 * Sleeps without the coarseness of timers, where that is possible. Spinning
 * all the while would take the processor from other devices on the same
 * machine, at the very instant that they wait for as well.
 *
 * @param {number} ms
 */
function doze(ms) {
  if (never && ms > 0) Atomics.wait(never, 0, 0, ms)
}
