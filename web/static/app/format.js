/**
 * A span of time for people: 34 µs, 1.27 ms, 88 ms, 2.5 s.
 *
 * @param {number | null | undefined} ms
 */
export function span(ms) {
  if (ms == null || !Number.isFinite(ms)) return '—'
  const size = Math.abs(ms)
  if (size < 0.9995) return `${number(ms * 1000, 0)} µs`
  if (size < 9.995) return `${number(ms, 2)} ms`
  if (size < 999.5) return `${number(ms, size < 99.95 ? 1 : 0)} ms`
  return `${number(ms / 1000, 1)} s`
}

/**
 * With its sign, for errors.
 *
 * @param {number} ms
 */
export function signed(ms) {
  return (ms > 0 ? '+' : '') + span(ms)
}

/**
 * A mark on an axis: as `signed`, without zeros at the end.
 *
 * @param {number} ms
 */
export function tick(ms) {
  return ms === 0 ? '0' : signed(ms).replace(/\.?0+ ms/, ' ms')
}

/**
 * Seconds to the microsecond, for offsets between clocks of any origin.
 *
 * @param {number | null | undefined} ms
 */
export function seconds(ms) {
  return ms == null || !Number.isFinite(ms) ? '—' : `${number(ms / 1000, 6)}\u00a0s`
}

/**
 * @param {number | null | undefined} ppm
 */
export function ppm(ppm) {
  return ppm == null || !Number.isFinite(ppm) ? '—' : `${ppm > 0 ? '+' : ''}${number(ppm, 2)} ppm`
}

/** @param {string | undefined} path */
export function path(path) {
  switch (path) {
    case 'udp': return 'WebRTC, UDP'
    case 'tcp': return 'WebRTC, TCP'
    case 'websocket': return 'WebSocket'
    default: return '—'
  }
}

/**
 * Thousands apart by thin spaces, a true minus.
 *
 * @param {number} value
 * @param {number} digits
 */
function number(value, digits) {
  const [whole, fraction] = Math.abs(value).toFixed(digits).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u2009')
  const zero = Number(Math.abs(value).toFixed(digits)) === 0
  return (value < 0 && !zero ? '−' : '') + grouped + (fraction ? '.' + fraction : '')
}
