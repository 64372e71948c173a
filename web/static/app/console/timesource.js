import { span } from '../ui/format.js'
import { at } from '../ui/server.js'
import { byId, say } from '../ui/ui.js'

/** How often the console asks what session time follows, ms. */
const ASK = 10_000

/**
 * Keeps the line that tells what session time follows.
 *
 * @param {import('../ui/painter.js').Painter} painter
 */
export function showTime(painter) {
  const ask = () => fetch(at('api/info'))
    .then(response => response.json())
    .then(info => painter.ask('time', () => say(byId('time'), timeLine(info.time))))
    .catch(() => {})
  ask()
  setInterval(ask, ASK)
}

/** @typedef {{instance: string, self: boolean, boundMs: number, followers: number, why?: string}} Reference */
/** @typedef {{state: string, why?: string, rootDistanceMs?: number | null, used?: number, servers?: number, reference?: Reference}} Time */

/**
 * What session time follows, for people.
 *
 * @param {Time} time  as in /api/info
 */
export function timeLine(time) {
  return utcLine(time) + referenceLine(time.reference)
}

/**
 * Whose session time this server has, where there are several.
 *
 * @param {Reference | undefined} reference  as in /api/info; undefined where there is one server
 */
function referenceLine(reference) {
  if (!reference) return ''
  if (reference.self) return ` ${reference.followers === 0 ? 'No other server follows' : reference.followers === 1 ? 'One other server follows' : `${reference.followers} other servers follow`} it.`
  const off = `within ${span(reference.boundMs)}`
  return reference.why ? ` This server was at the other servers’ time ${off}, and that grows: ${reference.why}.` : ` This server has it from server ${reference.instance.slice(0, 8)}, ${off}.`
}

/** @param {Time} time  as in /api/info */
function utcLine(time) {
  const servers = `${time.used} of ${time.servers} NTP servers`
  if (time.state === 'ntp') return `Session time follows UTC by ${servers}, within ${span(time.rootDistanceMs)}.`
  if (time.state === 'holdover') return `Session time goes on by this server’s own clock: ${time.why}. It was UTC within ${span(time.rootDistanceMs)}, and that grows.`
  return `Session time follows the clock of the server’s machine${time.why ? ` (${time.why})` : ''}: the devices are as exact among each other as ever.`
}
