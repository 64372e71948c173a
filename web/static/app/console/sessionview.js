import { complain, settle, attempt } from '../ui/attempt.js'
import { CameraChoices } from './camerachoices.js'
import { CardGrid } from './cardgrid.js'
import { CardTools } from './cardtools.js'
import { FlashPanel } from './flash.js'
import { sessionTitle } from '../ui/format.js'
import { History } from './history.js'
import { LeaderLine } from './leader.js'
import { follow } from './members.js'
import { MonitorView } from './monitorview.js'
import { Playback } from './playback.js'
import { ReadinessPanel } from './readinesspanel.js'
import { RecordPanel } from './recordpanel.js'
import { Roster } from './roster.js'
import { SessionTools } from './sessiontools.js'
import { shortcuts } from '../ui/shortcuts.js'
import { TakeList } from './takelist.js'
import { byId, reveal, say, setPill } from '../ui/ui.js'
import { Views } from './views.js'
import { over } from '../ui/sessionwords.js'
import * as wire from '../../lib/wire.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Invitation } from './invitation.js' */
/** @import { Painter } from '../ui/painter.js' */

/**
 * The console of one session: its panels, and what each hears.
 *
 * @param {Session} s
 * @param {Invitation} links
 * @param {Painter} painter
 */
export function run(s, links, painter) {
  const roster = new Roster(s.deviceId)
  const views = new Views(view => {
    links.turn(view === 'watch' ? 'watch' : 'device')
    drawControls()
    drawDevices()
  })
  const readiness = new ReadinessPanel(roster, () => views.current, () => drawDevices())
  const monitor = new MonitorView(s, painter, () => views.current === 'film' && roster.recorders.some(d => d.isConnected), () => drawDevices())
  const record = new RecordPanel(s, painter, roster, () => readiness.verdict('film'))
  const cards = new CardGrid(roster, readiness, {
    tools: new CardTools(s, roster, monitor, () => drawDevices()),
    purpose: () => views.current, now: () => s.now(), leads: () => s.isLeader,
  })
  const avoid = (/** @type {{commandId: string, timestamp: number}} */ c) => painter.avoid(c.commandId, s.toDevice(c.timestamp))
  const past = new History(s.sessionId, painter, {
    nameOf: id => roster.name(id), leads: () => s.isLeader, now: () => s.now(), pending: avoid,
  })
  const flash = new FlashPanel(s)
  const playback = new Playback(s, painter, roster)
  const leader = new LeaderLine(s, roster)
  const tools = new SessionTools(s, roster)
  const takes = new TakeList(s.sessionId, roster, painter, () => s.isLeader)
  const cameras = new CameraChoices(settings => attempt('camera', s.request(wire.CAMERA_SETTINGS, { settings })), false)
  byId('camera-all').append(cameras.node)
  const drawDevices = () => {
    readiness.draw()
    cards.draw()
    record.draw()
    monitor.draw()
    playback.drawWho()
  }
  const drawControls = () => {
    showState(s)
    showName(s, roster)
    reveal(byId('camera-all'), s.isLeader && roster.recorders.length > 0)
    cameras.update(roster.camera)
    links.setKeys(s, s.isLeader)
    past.draw()
    for (const panel of [leader, tools, flash, record, playback]) panel.draw()
  }
  follow(s, roster, session => record.seen(session), () => {
    painter.ask('devices', drawDevices)
    painter.ask('controls', drawControls)
  })
  for (const event of ['clock', wire.LEADERSHIP_CHANGED]) s.on(event, () => painter.ask('controls', drawControls))
  s.on('timeline', () => playback.tick())
  s.on('clock', () => record.timed())
  s.on(wire.SESSION_JOINED, () => {
    for (const what of ['failed', wire.ERROR]) settle(what)
    takes.look()
    past.look()
  })
  for (const event of wire.COMMANDS) s.on(event, data => {
    avoid(data)
    if ('duration' in data && data.duration) painter.avoid(`${data.commandId} stop`, s.toDevice(data.timestamp + data.duration))
    past.scheduled(event, data)
  })
  for (const event of /** @type {const} */ ([wire.START_RECORDING, wire.STOP_RECORDING, wire.CANCELLED])) s.on(event, data => {
    record.heard(event, data)
    if ('timestamp' in data) takes.lookIn(data.timestamp - s.now() + 500)
  })
  s.on(wire.CANCELLED, ({ commandId, reason }) => {
    painter.forget(commandId)
    painter.forget(`${commandId} stop`)
    past.cancelled(commandId, reason)
  })
  s.on(wire.SESSION_COMPLETED, () => takes.look())
  s.on(wire.PLAYBACK_SYNC, ({ commandId }) => playback.ordered(commandId))
  s.on(wire.COMMAND_REPORT, report => {
    past.report(report)
    playback.report(report)
  })
  s.on('closed', ({ code, message }) => tools.closed(code) || complain('closed', over(code, message)))
  for (const event of /** @type {const} */ (['failed', wire.ERROR])) s.on(event, ({ message }) => complain(event, message))
  /** @param {import('./readiness.js').Purpose} view @param {() => void} act */
  const key = (view, act) => () => {
    views.show(view)
    act()
  }
  shortcuts({ r: key('film', () => record.press()), c: () => record.callOff(), f: key('act', () => flash.flash()), p: key('watch', () => playback.toggle()) },
    /** @type {HTMLInputElement} */ (byId('shortcuts')))
  links.turn(views.current === 'watch' ? 'watch' : 'device')
  takes.look()
  drawDevices()
  drawControls()
  playback.tick()
}

/**
 * @param {Session} s
 * @param {Roster} roster
 */
function showName(s, roster) {
  const title = sessionTitle(roster.sessionName, s.sessionId)
  say(byId('session-title'), title)
  byId('session-title').title = s.sessionId
  if (document.title !== `${title} · Downbeat`) document.title = `${title} · Downbeat`
}

/** @param {Session} s */
function showState(s) {
  /** @type {Record<string, ['' | 'good' | 'warn' | 'bad', string]>} */
  const words = {
    connecting: ['warn', 'connecting'],
    syncing: ['warn', 'measuring'],
    synced: ['good', 'connected'],
    reconnecting: ['bad', 'connection lost, trying again'],
    closed: ['bad', 'closed: reload to come back'],
  }
  const [kind, text] = words[s.state]
  setPill(byId('state'), text, kind)
}
