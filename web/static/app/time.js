import { span } from './format.js'
import { at } from './server.js'
import { byId, say } from './ui.js'

/** How often the console asks what session time follows, ms. */
const ASK = 10_000

/**
 * Keeps the line that tells what session time follows.
 *
 * @param {import('./painter.js').Painter} painter
 */
export function showTime(painter) {
  const ask = () => fetch(at('api/info'))
    .then(response => response.json())
    .then(info => painter.ask('time', () => say(byId('time'), timeLine(info.time))))
    .catch(() => {})
  ask()
  setInterval(ask, ASK)
}

/**
 * What session time follows, for people.
 *
 * @param {any} time  as in /api/info
 */
export function timeLine(time) {
  const servers = `${time.used} of ${time.servers} servers`
  if (time.state === 'ntp') return `Time: NTP, root distance ${span(time.rootDistanceMs)}, ${servers}`
  if (time.state === 'holdover') return `Time: local clock (${time.why}), root distance ${span(time.rootDistanceMs)} and growing`
  return time.why ? `Time: local clock (${time.why})` : 'Time: local clock'
}
