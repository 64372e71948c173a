/**
 * A span of time for people: 34 µs, 1.27 ms, 88 ms, 2.5 s.
 *
 * @param {number | null | undefined} ms
 */
export function span(ms) {
  if (ms == null || !Number.isFinite(ms)) return '—'
  const [value, digits, unit] = sized(ms)
  return `${number(value, digits)} ${unit}`
}

/**
 * A span in the unit that suits its size: the value, digits behind the point, the unit.
 *
 * @param {number} ms
 * @returns {[number, number, string]}
 */
function sized(ms) {
  const size = Math.abs(ms)
  if (size < 0.9995) return [ms * 1000, 0, 'µs']
  if (size < 9.995) return [ms, 2, 'ms']
  if (size < 999.5) return [ms, size < 99.95 ? 1 : 0, 'ms']
  return [ms / 1000, 1, 's']
}

/**
 * With its sign, for errors.
 *
 * @param {number} ms
 */
export function signed(ms) {
  const text = span(ms)
  return ms > 0 && !/^0\D/.test(text) ? `+${text}` : text
}

/**
 * A mark on an axis: as `signed`, without zeros behind the point that tell nothing.
 *
 * @param {number} ms
 */
export function tick(ms) {
  const [value, digits, unit] = sized(ms)
  if (Number(value.toFixed(digits)) === 0) return '0'
  return `${value > 0 ? '+' : ''}${number(value, Math.min(digits, decimals(value, digits)))} ${unit}`
}

/**
 * How many digits behind the point say something, of those that are shown.
 *
 * @param {number} value
 * @param {number} most
 */
function decimals(value, most) {
  let digits = 0
  while (digits < most && Number(value.toFixed(digits)) !== Number(value.toFixed(most))) digits++
  return digits
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

/**
 * A running time for people: 0:07, 12:30, 1:02:03.
 *
 * @param {number} s  seconds
 */
export function clock(s) {
  const whole = Math.max(0, Math.floor(s))
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0')
  const [h, m] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return h ? `${h}:${two(m)}:${two(whole % 60)}` : `${m}:${two(whole % 60)}`
}

/**
 * Seconds, of what somebody typed: 90, 2.5 or 2,5, 1:30 or 1:02:03; NaN when it is none of
 * these, and of 1,000 and the like, which is a thousand to some and one to others.
 *
 * @param {string} text
 */
export function parseClock(text) {
  const typed = text.trim()
  if (!/^\d+(:[0-5]?\d){0,2}([.,]\d+)?$/.test(typed) || /^[1-9]\d{0,2},\d{3}$/.test(typed)) return NaN
  return typed.replace(',', '.').split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

/**
 * A number of bytes for people, in powers of ten as disks are sold: 812 kB, 1.2 GB.
 *
 * @param {number | null | undefined} n
 */
export function bytes(n) {
  if (n == null || !Number.isFinite(n)) return '—'
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  let value = Math.abs(n)
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000
  return `${number(value, unit > 0 && value < 9.95 ? 1 : 0)} ${units[unit]}`
}

/**
 * Time of the day, of a session time.
 *
 * @param {number} t  ms
 */
export function timeOfDay(t) {
  return new Date(t).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
}

/**
 * How long ago, roughly: just now, 5 min ago, 3 h ago, 2 days ago.
 *
 * @param {number} ms
 */
export function ago(ms) {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.round(minutes / 60)
  if (hours < 36) return `${hours} h ago`
  return `${Math.round(hours / 24)} days ago`
}

/**
 * An id for people: of a long one the beginning, which tells it apart from the others.
 *
 * @param {string} id
 */
export function shortId(id) {
  return id.length > 20 ? id.slice(0, 8) : id
}

/**
 * A session for people: its name, or, without one, the beginning of its id.
 *
 * @param {string | undefined} name
 * @param {string} id
 */
export function sessionTitle(name, id) {
  return name || `Session ${shortId(id)}`
}

/**
 * 1 device, 2 devices.
 *
 * @param {number} n
 * @param {string} word
 */
export function count(n, word) {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

/** @param {string | undefined} path */
export function path(path) {
  switch (path) {
    case 'udp': return 'WebRTC, UDP'
    case 'tcp': return 'WebRTC, TCP'
    case 'websocket': return 'WebSocket'
    case 'socket.io': return 'Socket.IO'
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
