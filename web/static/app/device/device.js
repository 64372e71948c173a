import { Status } from '../../recorder/devicestatus.js'
import { Beeper } from './beep.js'
import { deviceName, deviceType, measured, missing, runningOut } from './checks.js'
import { choiceOf, keepChoice, keptChoice } from './choice.js'
import { choosing } from './setup.js'
import { MISSING, enterSession } from '../ui/entry.js'
import * as format from '../ui/format.js'
import { missedWords } from '../ui/missed.js'
import { goneWords, refusedChoice, showOutside } from './refusal.js'
import { Identity } from './identity.js'
import { at } from '../ui/server.js'
import { stateOf } from './statewords.js'
import { tune } from './sound.js'
import { watchTwins } from './duplicatetab.js'
import { alertError, alertUser, byId, calm, el, say, setPill } from '../ui/ui.js'
import { warm } from './preload.js'
import { WakeLock } from '../../lib/wakelock.js'
import * as wire from '../../lib/wire.js'

/** @import { Act, Command, DownbeatError, Session } from '../../downbeat.js' */
/** @import { Choice } from './choice.js' */
/** @import { Filming } from './filming.js' */

const screen = byId('flash')
/** How long WebRTC may take before its absence is worth a word, ms. */
const PATIENCE = 8000
/** How often is looked at what runs out, ms. */
const LOOK = 15_000
/** In the background for less than this isn't worth a word, ms. */
const AWAY = 1000
const params = new URLSearchParams(location.search)

byId('old').remove()
start().catch(error => showOutside('', String(error?.message ?? error)))

async function start() {
  byId('rejoin').onclick = () => location.reload()
  byId('change').onclick = () => change(params.get('session') ?? '')
  const sessionId = params.get('session')
  ask(sessionId ?? '')
  if (!sessionId) return
  const choice = choiceOf(params, keptChoice(), deviceName())
  if (choice.camera === null) return choose(sessionId, choice)
  await enter(sessionId, choice, false)
}

/**
 * Asks for the session, where none is named or there is none of that name; a form of its own accord may go nowhere here.
 *
 * @param {string} sessionId
 */
function ask(sessionId) {
  const field = /** @type {HTMLInputElement} */ (byId('existing'))
  byId('enter').hidden = !!sessionId
  field.value = sessionId
  if (!sessionId) setPill(byId('state'), 'no session')
  byId('enter').onsubmit = event => {
    event.preventDefault()
    const search = `?session=${encodeURIComponent(field.value)}`
    if (search === location.search) location.reload()
    else location.search = search
  }
}

/**
 * @param {string} sessionId
 * @param {Choice} choice  to begin with
 */
async function choose(sessionId, choice) {
  setPill(byId('state'), 'not joined yet')
  byId('here').hidden = true
  warm()
  await enter(sessionId, await choosing(choice), true)
}

/** Takes back why a choice couldn't be. */
let unsay = () => {}

/**
 * @param {string} sessionId
 * @param {Choice} choice
 * @param {boolean} asked  has somebody just said so?
 */
async function enter(sessionId, choice, asked) {
  setPill(byId('state'), 'connecting', 'warn')
  byId('here').hidden = false
  byId('name').textContent = [choice.view, choice.name].filter(Boolean).join(' · ')
  showChecks(missing())
  const filming = choice.camera ? import('./filming.js') : null // many files, which a device without a camera doesn't wait for
  try {
    const s = await enterSession(sessionId, {
      username: choice.name, deviceType: deviceType(), viewType: choice.view || undefined, records: choice.camera !== false, actions: at('app/ui/actions.js'),
    }, () => {
      setPill(byId('state'), 'waiting', 'warn')
      byId('words').textContent = MISSING
      byId('enter').hidden = false
    })
    byId('enter').hidden = true
    unsay()
    if (asked) take(s, choice)
    const Filming = (await filming)?.Filming
    run(s, Filming ? new Filming(s) : null)
  } catch (error) {
    const { code, message } = /** @type {DownbeatError} */ (error)
    const refused = refusedChoice(code)
    if (!refused) return showOutside(code, message)
    unsay = alertError(error)
    keepChoice({ ...keptChoice(), [refused]: undefined })
    await choose(sessionId, { ...choice, camera: null, [refused]: refused === 'name' ? deviceName() : '' })
  }
}

/**
 * What the server has taken is kept for the next visit. A device that was there before is
 * called what it was called then, unless somebody has just said another name.
 *
 * @param {Session} s
 * @param {Choice} choice
 */
function take(s, choice) {
  keepChoice(choice)
  const before = s.session?.users?.find(u => u.id === s.userId)?.username
  if (before !== choice.name) s.request(wire.UPDATE_USER, { username: choice.name }).catch(alertError)
}

/**
 * @param {Session} s
 * @param {Filming | null} film
 */
function run(s, film) {
  byId('live').hidden = false
  const beeper = new Beeper(s)
  s.onCommand('flash', flash, { prepare: command => beeper.prepare(command) })
  s.onCommand('pulse', 'pulse')
  s.on(wire.MISSED, ({ lateMs, reason }) => (byId('last').textContent = missedWords(lateMs, reason)))
  s.on('clock', () => show(s, film))
  s.on('closed', ({ code, message }) => gone(s, film, code, message))
  for (const event of /** @type {const} */ (['failed', wire.ERROR])) s.on(event, ({ message }) => alertUser(message))
  s.on('reconnecting', ({ reason, code }) => {
    byId('words').title = reason ?? ''
    absent = code === wire.CODE_SESSION_NOT_FOUND
    show(s, film)
  })
  s.on(wire.SESSION_JOINED, () => (absent = false))
  s.on(wire.SESSION_COMPLETED, () => (byId('last').textContent = 'every recording of the session is on the server'))
  tune(s, beeper)
  new Identity(s, beeper)
  look(s)
  setInterval(() => show(s, film), 1000)
  byId('change').onclick = () => void s.leave().finally(() => change(s.sessionId))
  byId('leave').onclick = () => void s.leave().finally(() => gone(s, film, '', ''))
  keepAwake()
  show(s, film)
  if (film) return void follow(s, film)
  const status = new Status(s)
  status.microphone = 'none'
  status.camera = 'none'
}

/**
 * @param {Session} s
 * @param {Filming} film
 */
function follow(s, film) {
  film.changed = () => show(s, film)
  let takeBack = () => {}
  watchTwins(s.sessionId, twice => {
    takeBack()
    takeBack = twice ? alertUser('This page is open twice in this browser, for the same session: two devices with one camera. Close one of them.') : () => {}
  })
  void film.open()
}

/** The session isn't on the server, and is waited for. */
let absent = false

/**
 * This device is out of the session, and stays out until somebody wants it back.
 *
 * @param {Session} s
 * @param {Filming | null} film
 * @param {string} code
 * @param {string} message
 */
function gone(s, film, code, message) {
  over = goneWords(code, message)
  byId('live').hidden = true
  film?.close()
  byId('finder').hidden = true
  byId('rejoin').hidden = false
  show(s, null)
}

/** Why this device is out of the session. */
let over = ''

/**
 * Lights the whole screen, and says how well it was timed.
 *
 * @param {Command} _command
 * @param {Act} act
 */
function flash(_command, { lateness, late }) {
  if (calm()) screen.animate([{ opacity: 0.6 }, { opacity: 0.6 }], 400)
  else screen.animate([{ opacity: 1 }, { opacity: 1, offset: 0.25 }, { opacity: 0 }], 700)
  byId('last').textContent = late ? `came late, by ${format.span(lateness)}` : `${format.signed(lateness)} by its own clock`
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
 * @param {Filming | null} film
 */
function show(s, film) {
  const { state, bound } = s
  byId('bound').textContent = Number.isFinite(bound) ? `± ${format.span(bound)}` : '—'
  byId('path').textContent = format.path(s.path)
  byId('clock').textContent = `${format.span(s.resolution)} steps, ${s.clockThread === 'worker' ? 'undisturbed by the page' : 'disturbed while the page is busy'}`
  const [text, kind, words] = stateOf(state, bound, film?.state ?? 'closed', absent)
  setPill(byId('state'), text, kind)
  say(byId('words'), over || words)
}

/**
 * Asks again for name, view and camera.
 *
 * @param {string} sessionId
 */
function change(sessionId) {
  const { name, view } = keptChoice()
  keepChoice({ name, view })
  const as = params.get('as') === 'new' ? '&as=new' : ''
  const search = `?session=${encodeURIComponent(sessionId)}${as}`
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
    if (performance.now() - hidden > AWAY) {
      alertUser('This page was in the background, where browsers stop cameras and hold timers back. Keep it in front while the session goes on.')
    }
  }
  document.addEventListener('visibilitychange', ask)
  ask()
  new WakeLock().needed = true
}
