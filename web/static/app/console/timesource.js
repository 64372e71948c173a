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

/** @typedef {{state: string, why?: string, rootDistanceMs?: number | null, used?: number, servers?: number}} Time */

/**
 * What session time follows, for people.
 *
 * @param {Time} time  as in /api/info
 */
export function timeLine(time) {
  const servers = `${time.used} of ${time.servers} NTP servers`
  if (time.state === 'ntp') return `Session time follows UTC by ${servers}, within ${span(time.rootDistanceMs)}.`
  if (time.state === 'holdover') return `Session time goes on by this server’s own clock: ${time.why}. It was UTC within ${span(time.rootDistanceMs)}, and that grows.`
  return `Session time follows the clock of the server’s machine${time.why ? ` (${time.why})` : ''}: the devices are as exact among each other as ever.`
}
