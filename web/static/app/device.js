import { join } from '../downbeat.js'
import { Status } from '../recorder/status.js'
import { Beeper } from './beep.js'
import { nothingToRecord } from './blind.js'
import { deviceName, deviceType, measured, missing, runningOut } from './checks.js'
import { choiceOf, keepChoice, keptChoice } from './choice.js'
import { choosing } from './choosing.js'
import * as format from './format.js'
import { credentials } from './keys.js'
import { at, base } from './server.js'
import { stateOf } from './states.js'
import { tune } from './tune.js'
import { watchTwins } from './twice.js'
import { alertError, alertUser, byId, calm, el, setPill } from './ui.js'
import { warm } from './warm.js'

/** @import { Act, Command, Session } from '../downbeat.js' */
/** @import { Choice } from './choice.js' */
/** @import { Film } from './film.js' */

const screen = byId('flash')
/** How long WebRTC may take before its absence is worth a word, ms. */
const PATIENCE = 8000
/** How often is looked at what runs out, ms. */
const LOOK = 15_000
/** In the background for less than this isn't worth a word, ms. */
const AWAY = 1000
const params = new URLSearchParams(location.search)

byId('old').remove()
start().catch(error => {
  setPill(byId('state'), 'not joined', 'bad')
  byId('words').textContent = 'This device is not in the session.'
  byId('here').hidden = byId('rejoin').hidden = false
  byId('choose').hidden = true
  alertError(error)
})

async function start() {
  byId('rejoin').onclick = () => location.reload()
  const sessionId = params.get('session')
  byId('enter').hidden = !!sessionId
  if (!sessionId) return ask()
  let choice = choiceOf(params, keptChoice(), deviceName())
  if (choice.camera === null) {
    setPill(byId('state'), 'not joined yet')
    warm()
    choice = await choosing(choice)
    keepChoice(choice)
  }
  await enter(sessionId, choice)
}

/** Asks for the session; a form of its own accord may go nowhere here. */
function ask() {
  setPill(byId('state'), 'no session')
  byId('enter').onsubmit = event => {
    event.preventDefault()
    const id = /** @type {HTMLInputElement} */ (byId('existing')).value
    location.search = `?session=${encodeURIComponent(id)}`
  }
}

/**
 * @param {string} sessionId
 * @param {Choice} choice
 */
async function enter(sessionId, choice) {
  setPill(byId('state'), 'connecting', 'warn')
  byId('here').hidden = false
  byId('name').textContent = [choice.view, choice.name].filter(Boolean).join(' · ')
  showChecks(missing())
  const filming = choice.camera ? import('./film.js') : null // many files, which a device without a camera doesn't wait for
  const s = await join({
    url: base, sessionId, username: choice.name, deviceType: deviceType(), viewType: choice.view || undefined, actions: at('app/actions.js'), ...credentials(),
  })
  const Film = (await filming)?.Film
  run(s, Film ? new Film(s) : null)
}

/**
 * @param {Session} s
 * @param {Film | null} film
 */
function run(s, film) {
  byId('live').hidden = false
  const beeper = new Beeper(s)
  s.onCommand('flash', flash, { prepare: command => beeper.prepare(command) })
  s.onCommand('pulse', 'pulse')
  s.on('clock', () => show(s, film))
  s.on('closed', ({ message }) => alertUser(message))
  for (const event of ['failed', 'error']) s.on(event, ({ message }) => alertUser(message))
  s.on('reconnecting', ({ reason }) => reason && (byId('words').title = reason))
  s.on('session_completed', () => (byId('last').textContent = 'every recording of the session is on the server'))
  tune(s, beeper)
  look(s)
  setInterval(() => show(s, film), 1000)
  byId('change').onclick = () => change(s)
  keepAwake()
  show(s, film)
  if (film) {
    film.changed = () => show(s, film)
    watchTwins(s.sessionId, () => alertUser('This page is open twice in this browser, for the same session: two devices with one camera. Close one of them.'))
    return void film.open()
  }
  nothingToRecord(s)
  new Status(s).camera = 'none'
}

/**
 * Lights the whole screen, and says how well it was timed.
 *
 * @param {Command} _command
 * @param {Act} act
 */
function flash(_command, { lateness, late }) {
  if (calm()) screen.animate([{ opacity: 0.6 }, { opacity: 0.6 }], 400)
  else screen.animate([{ opacity: 1 }, { opacity: 1, offset: 0.25 }, { opacity: 0 }], 700)
  byId('last').textContent = late ? `came too late, by ${format.span(lateness)}` : `${format.signed(lateness)} by its own clock`
}

/**
 * Looks now and then at what keeps this device from being as good as it could be.
 *
 * @param {Session} s
 */
function look(s) {
  let patient = false
  const again = async () => showChecks([...missing(), ...measured(s, patient), ...(await runningOut())])
  setTimeout(() => {
    patient = true
    void again()
  }, PATIENCE)
  setInterval(again, LOOK)
  void again()
}

/** @param {import('./checks.js').Check[]} checks */
function showChecks(checks) {
  const said = checks.map(({ text }) => text).join()
  if (byId('checks').dataset.said === said) return // a screen reader would say it again
  byId('checks').dataset.said = said
  byId('checks').replaceChildren(...checks.map(({ text, fatal }) => el('li', { className: fatal ? 'bad' : '' }, text)))
}

/**
 * @param {Session} s
 * @param {Film | null} film
 */
function show(s, film) {
  const { state, bound } = s
  byId('bound').textContent = Number.isFinite(bound) ? `± ${format.span(bound)}` : '—'
  byId('path').textContent = format.path(s.path)
  byId('clock').textContent = `${format.span(s.resolution)} steps, in the ${s.clockThread === 'worker' ? 'background' : 'page'}`
  const [text, kind, words] = stateOf(state, bound, film?.state ?? 'closed')
  setPill(byId('state'), text, kind)
  const line = byId('words')
  if (line.textContent !== words) line.textContent = words
  if (state === 'closed') byId('rejoin').hidden = false
}

/**
 * Asks anew for name, view and camera; a device can't change them while it is in the session.
 *
 * @param {Session} s
 */
async function change(s) {
  const { name, view } = keptChoice()
  keepChoice({ name, view })
  await s.leave().catch(() => {})
  const search = `?session=${encodeURIComponent(s.sessionId)}`
  if (search === location.search) location.reload()
  else location.replace(`${location.pathname}${search}${location.hash}`)
}

/**
 * Keeps the screen and the radio awake while the page is seen, where that is allowed, and says
 * when it wasn't seen.
 */
function keepAwake() {
  let hidden = NaN
  const title = document.title
  const ask = () => {
    if (document.visibilityState !== 'visible') {
      hidden = performance.now()
      document.title = '⚠ Bring Downbeat to the front'
      return
    }
    document.title = title
    navigator.wakeLock?.request('screen').catch(() => {})
    if (performance.now() - hidden > AWAY) {
      alertUser('This page was in the background, where browsers stop cameras and hold timers back. Keep it in front while the session goes on.')
    }
  }
  document.addEventListener('visibilitychange', ask)
  ask()
}
