/**
 * Clock frames: 60 bytes each way, big-endian. Times are milliseconds here
 * and int64 nanoseconds on the wire.
 */

export const FRAME_BYTES = 60
export const HIDDEN = 1
export const STOPPED = 2
/** A map with a greater rate, either way, or growth is no clock's: the limits of docs/vectors.json. */
export const MAX_RATE = 0.01
export const MAX_GROWTH = 1

const PING = 1
const PONG = 2
const VALID = 1
const HOLDOVER = 2

/**
 * What the server knows of this device's clock:
 * session(t) = session + (t − device)·(1 + rate).
 *
 * @typedef {object} ClockMap
 * @property {number} device   device time, ms
 * @property {number} session  session time at `device`, ms since the Unix epoch
 * @property {number} rate     session rate over device rate − 1
 * @property {number} bound    error not exceeded with 99 % confidence at `device`, ms
 * @property {number} growth   growth of `bound`, ms per ms
 * @property {number} hard     what causality alone guarantees at `device`, ms
 * @property {number} epoch    changes when the map steps instead of being slewed
 * @property {boolean} holdover the server's own reference is lost for now
 */

/**
 * @typedef {object} Ping
 * @property {bigint} nonce
 * @property {ClockMap | null} map  null until the server knows one
 */

/**
 * Reads a ping; null for anything else, and for one with a map that is no clock's.
 *
 * @param {ArrayBuffer} buffer
 * @returns {Ping | null}
 */
export function parsePing(buffer) {
  if (buffer.byteLength !== FRAME_BYTES) return null
  const view = new DataView(buffer)
  if (view.getUint8(0) !== PING) return null
  const flags = view.getUint8(1)
  const nonce = view.getBigUint64(4)
  if (!(flags & VALID)) return { nonce, map: null }
  const map = {
    device: millis(view.getBigInt64(12)),
    session: millis(view.getBigInt64(20)),
    rate: view.getFloat64(28),
    bound: millis(view.getBigInt64(36)),
    growth: view.getFloat64(44),
    hard: millis(view.getBigInt64(52)),
    epoch: view.getUint16(2),
    holdover: (flags & HOLDOVER) !== 0,
  }
  return possible(map) ? { nonce, map } : null
}

/**
 * A pong for `nonce` without its last stamp, so that T3 can be read when
 * nothing but sending is left to do: see `stampPong`.
 *
 * @param {DataView} view  60 zeroed bytes, may be reused
 * @param {{nonce: bigint, flags: number, resolution: number, t2: number}} pong
 *   resolution of the device's clock and T2 in ms
 */
export function writePong(view, { nonce, flags, resolution, t2 }) {
  view.setUint8(0, PONG)
  view.setUint8(1, flags)
  view.setUint16(2, Math.min(0xffff, Math.max(1, Math.round(resolution * 1000))))
  view.setBigUint64(4, nonce)
  view.setBigInt64(12, nanos(t2))
}

/**
 * Writes T3, in ms, into a pong.
 *
 * @param {DataView} view
 * @param {number} t3
 */
export function stampPong(view, t3) {
  view.setBigInt64(20, nanos(t3))
}

/**
 * int64 ns as ms. Whole milliseconds and the rest apart: a float64 of
 * nanoseconds since 1970 would lose a quarter of a microsecond twice.
 *
 * @param {bigint} ns
 */
export function millis(ns) {
  return Number(ns / 1000000n) + Number(ns % 1000000n) / 1e6
}

/** @param {number} ms */
export function nanos(ms) {
  return BigInt(Math.round(ms * 1e6))
}

/**
 * Can it be of a clock? Comparisons with NaN are false.
 *
 * @param {ClockMap} map
 */
function possible(map) {
  return Math.abs(map.rate) <= MAX_RATE && map.growth >= 0 && map.growth <= MAX_GROWTH && map.bound >= 0 && map.hard >= 0
}
