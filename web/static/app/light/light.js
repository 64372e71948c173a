import { enterSession } from '../ui/entry.js'
import { byId } from '../ui/ui.js'
import { WakeLock } from '../../lib/wakelock.js'
import { pictureOf } from './code.js'
import { HEIGHT, WIDTH, draw } from './draw.js'
import { Ticks } from './ticks.js'

/** @import { Session } from '../../downbeat.js' */

/** How often the words are renewed, ms. */
const SAY = 1000

start().catch(error => say(`No light: ${error?.message ?? error}`))

async function start() {
  const sessionId = new URLSearchParams(location.search).get('session')
  if (!sessionId) return say('No session is named: open this page by the link on the console.')
  const session = await enterSession(sessionId, { username: 'Light', viewType: 'light', records: false }, () => say('The session isn’t on the server now. Waiting for it.'))
  const awake = new WakeLock()
  awake.needed = true
  run(session)
}

/** @param {Session} session */
function run(session) {
  const canvas = /** @type {HTMLCanvasElement} */ (byId('light'))
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }))
  const ticks = new Ticks()
  let unit = 0
  const fit = () => {
    const box = canvas.getBoundingClientRect()
    unit = Math.max(10, Math.floor((Math.min(box.width / WIDTH, box.height / HEIGHT) * devicePixelRatio) / 10) * 10)
    canvas.width = WIDTH * unit
    canvas.height = HEIGHT * unit
    canvas.style.width = `${canvas.width / devicePixelRatio}px`
    canvas.style.height = `${canvas.height / devicePixelRatio}px`
  }
  addEventListener('resize', fit)
  fit()
  const frame = (/** @type {number} */ stamp) => {
    if (session.state === 'synced') {
      // What is drawn now is lit at the next refresh.
      const refresh = ticks.next(session.now() - performance.now() + stamp + (ticks.period || 0))
      if (refresh) draw(context, unit, pictureOf(refresh.page, refresh.grid, refresh.index))
    }
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  setInterval(() => say(wordsOf(session, ticks)), SAY)
}

/**
 * @param {Session} session
 * @param {Ticks} ticks
 */
function wordsOf(session, ticks) {
  if (session.state !== 'synced' || !(ticks.period > 0)) return 'Waiting for the clock and the screen’s refreshes…'
  const bound = ticks.period + ticks.jitter + session.bound
  return `Film this. Refreshes ${ticks.period.toFixed(2)} ms apart; the light is right to ± ${bound.toFixed(1)} ms and what this screen itself takes.`
}

/** @param {string} words */
function say(words) {
  if (byId('words').textContent !== words) byId('words').textContent = words
}
