import assert from 'node:assert/strict'
import test from 'node:test'
import { ago, bytes, clock, count, parseClock, shortId } from '../static/app/format.js'
import { CommandList, KEPT, longSummary, spreadOf, titleOf } from '../static/app/commandlist.js'
import { notJoined, words } from '../static/app/leader.js'
import { fileName, subtitlesOf } from '../static/app/media.js'
import { Painter, quietFrom } from '../static/app/painter.js'
import { together, verdict } from '../static/app/ready.js'
import { Roster } from '../static/app/roster.js'
import { plain } from '../static/app/shortcuts.js'
import { filmWarning, step, told, watches } from '../static/app/step.js'

const tracking = { state: 'tracking', boundMs: 0.2, hidden: false }
const phone = { deviceId: 'a', userId: 'u', deviceType: 'mobile', isConnected: true, sync: tracking, status: null }
const wanted = { limitMs: 1, recording: true }

/** @type {[string, object, object, string[]][]} */
const verdicts = [
  ['all is well', {}, {}, []],
  ['it tells all that it can', { status: { battery: 1, charging: false, camera: 'ready', pendingBytes: 0, freeBytes: 5e9 } }, {}, []],
  ['away', { isConnected: false }, {}, ['not connected']],
  ['nothing measured', { sync: undefined }, {}, ['clock not measured yet']],
  ['unsynced', { sync: { state: 'unsynced', boundMs: 0 } }, {}, ['clock not measured yet']],
  ['settling', { sync: { state: 'settling', boundMs: 0.1 } }, {}, ['clock is settling']],
  ['holdover', { sync: { state: 'holdover', boundMs: 0.1 } }, {}, ['clock runs on alone: no answers lately']],
  ['a bound at the limit', { sync: { ...tracking, boundMs: 1 } }, {}, []],
  ['a bound above it', { sync: { ...tracking, boundMs: 1.4 } }, {}, ['clock only known to ± 1.40 ms']],
  ['which another limit allows', { sync: { ...tracking, boundMs: 1.4 } }, { limitMs: 5 }, []],
  ['hidden', { sync: { ...tracking, hidden: true } }, {}, ['page in the background']],
  ['the camera is off', { status: { camera: 'off' } }, {}, ['camera off']],
  ['which is nothing to a flash', { status: { camera: 'off', freeBytes: 1 } }, { recording: false }, []],
  ['it records already', { status: { camera: 'recording' } }, {}, []],
  ['the camera isn’t allowed', { status: { camera: 'refused' } }, {}, ['camera not allowed']],
  ['a flat battery', { status: { battery: 0.1, charging: false } }, {}, ['battery 10 %, not charging']],
  ['on the charger', { status: { battery: 0.02, charging: true } }, {}, []],
  ['enough left', { status: { battery: 0.11, charging: false } }, {}, []],
  ['no room', { status: { freeBytes: 499e6 } }, {}, ['only 499 MB free']],
  ['two at once', { sync: { ...tracking, hidden: true }, status: { camera: 'lost' } }, {}, ['page in the background', 'camera lost']],
]

for (const [name, device, more, reasons] of verdicts) {
  test(`go or no-go: ${name}`, () => {
    assert.deepEqual(verdict({ ...phone, ...device }, { ...wanted, ...more }), { go: reasons.length === 0, reasons })
  })
}

test('all together are ready when each is', () => {
  const good = { name: 'Front', verdict: { go: true, reasons: [] } }
  const bad = { name: 'Left', verdict: { go: false, reasons: ['camera off', 'battery 3 %, not charging'] } }
  assert.equal(together([]).go, false)
  assert.deepEqual(together([good]), { go: true, words: 'The device is ready.', reasons: [] })
  assert.deepEqual(together([good, good]), { go: true, words: 'All 2 devices are ready.', reasons: [] })
  assert.deepEqual(together([good, bad]), { go: false, words: '1 of 2 ready.', reasons: ['Left: camera off; battery 3 %, not charging'] })
})

test('nothing is drawn around an instant', () => {
  assert.equal(quietFrom([], 1000), 1000)
  assert.equal(quietFrom([2000], 1000), 1000)
  assert.equal(quietFrom([2000], 1700), 1700)
  assert.equal(quietFrom([2000], 1701), 2300)
  assert.equal(quietFrom([2000], 2300), 2300)
  assert.equal(quietFrom([2500, 2000], 1900), 2800, 'nor around the next one')
  assert.equal(quietFrom([3000, 2000], 1900), 2300)
})

test('what is asked for twice is drawn once, after the instant', async () => {
  const painter = new Painter()
  const instant = performance.now() + 50
  painter.avoid('a', instant)
  /** @type {string[]} */
  const drawn = []
  await new Promise(resolve => {
    painter.ask('x', () => drawn.push('first'))
    painter.ask('x', () => drawn.push(performance.now() >= instant + 300 ? 'after it' : 'too early'))
    painter.ask('y', () => resolve(null))
  })
  assert.deepEqual(drawn, ['after it'])
  painter.close()
})

test('a drawing that fails doesn’t keep the others', async () => {
  const painter = new Painter()
  const reported = globalThis.reportError
  /** @type {unknown[]} */
  const errors = []
  globalThis.reportError = error => errors.push(error)
  painter.ask('bad', () => {
    throw new Error('bad')
  })
  await new Promise(resolve => painter.ask('good', () => resolve(null)))
  globalThis.reportError = reported
  assert.equal(errors.length, 1)
})

test('times, sizes and numbers for people', () => {
  assert.deepEqual([0, 7.9, 750, 3723, -1].map(clock), ['0:00', '0:07', '12:30', '1:02:03', '0:00'])
  assert.deepEqual(['90', '1:30', '1:02:03', '0:05.5', '1:75', 'x', ''].map(parseClock), [90, 90, 3723, 5.5, NaN, NaN, NaN])
  assert.deepEqual([0, 999, 1000, 812e3, 9.96e6, 1.25e9, 3e15, null].map(bytes), ['0 B', '999 B', '1.0 kB', '812 kB', '10 MB', '1.3 GB', '3\u2009000 TB', '—'])
  assert.deepEqual([5e3, 5 * 60e3, 3 * 3600e3, 50 * 3600e3].map(ago), ['just now', '5 min ago', '3 h ago', '2 days ago'])
  assert.deepEqual(['rehearsal-2', 'a253c0a9-353d-4740-8e44-43d7b0c2948d'].map(shortId), ['rehearsal-2', 'a253c0a9'])
  assert.deepEqual([1, 2, 0].map(n => count(n, 'take')), ['1 take', '2 takes', '0 takes'])
})

test('commands have names for people', () => {
  assert.deepEqual(['flash', 'pulse', 'lights-2'].map(name => titleOf('command', { name })), ['Flash', 'Silent test', 'lights-2'])
  assert.equal(titleOf('start_recording', { postureLabel: 'plank' }), 'Record “plank”')
  assert.equal(titleOf('start_recording', { postureLabel: '' }), 'Record')
  assert.equal(titleOf('playback_sync', { isPlaying: true, position: 61.5 }), 'Play at 1:01')
  assert.equal(titleOf('playback_sync', { isPlaying: false, position: 0, playbackRate: 1 }), 'Pause at 0:00')
  assert.equal(titleOf('playback_sync', { isPlaying: true, position: 0, playbackRate: 1.25 }), 'Play at 0:00, 1.25×')
})

test('a report in a line tells who is silent', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((deviceId, i) => ({ deviceId, armed: true, at: i, errorMs: i, boundMs: 0.2 }))
  const line = (/** @type {any[]} */ ...devices) => longSummary({ commandId: '', name: '', timestamp: 0, report: { spreadMs: 2, devices } }, id => id.toUpperCase())
  assert.equal(line(a, c), 'spread 2.00 ms ± 400 µs · 2 devices acted')
  assert.equal(line(a), '1 device acted')
  assert.equal(line(a, { deviceId: 'b', armed: true, at: null }), '1 device acted · ready but not heard of since: B')
  assert.equal(line({ ...b, errorMs: null }), '')
})

test('a spread has the uncertainty of its two outermost devices', () => {
  const of = (/** @type {[number | null, number | null][]} */ ...all) => spreadOf({ devices: all.map(([errorMs, boundMs]) => ({ errorMs, boundMs })) })
  assert.deepEqual(of([1, 0.5], [-1, 0.25], [0, 9]), { spreadMs: 2, boundMs: 0.75 })
  assert.deepEqual(of([1, null], [2, 1]), { spreadMs: 1, boundMs: Infinity })
  assert.deepEqual([of([1, 1], [null, 1]), of(), spreadOf(null)], [null, null, null])
})

test('the list of commands is rebuilt from the server’s, whatever was heard before and after', () => {
  const list = new CommandList()
  const flash = { commandId: 'f', event: 'command', name: 'flash', timestamp: 20, cancelled: false, report: null }
  list.scheduled('command', flash)
  list.listed([{ ...flash, report: { spreadMs: 1, devices: [] } }, { commandId: 'r', event: 'start_recording', postureLabel: 'x', timestamp: 10, cancelled: true, reason: 'by Anna', report: null }])
  list.listed([flash])
  assert.deepEqual(list.entries.map(e => [e.commandId, e.name, e.cancelled, e.report?.spreadMs]), [['f', 'Flash', undefined, 1], ['r', 'Record “x”', 'by Anna', undefined]], 'a report stays')
  assert.equal(list.scheduled('command', flash), false, 'known')
  for (let i = 0; i < 2 * KEPT; i++) list.scheduled('command', { commandId: `n${i}`, name: 'pulse', timestamp: 100 + i })
  assert.deepEqual([list.entries.length, list.entries[0].commandId, list.find('f')], [KEPT, `n${2 * KEPT - 1}`, undefined])
})

test('who is in step, and what that is known by', () => {
  const viewer = { ...phone, deviceType: '' }
  const out = { ...viewer, sync: { desync: { timestamp: 1000, lastMs: -400, maxMs: 900 } } }
  assert.deepEqual([watches(viewer), watches({ ...viewer, isConnected: false }), watches(phone), watches({ ...out, deviceType: 'mobile' })], [true, false, false, true])
  const plays = (/** @type {any} */ media) => ({ ...viewer, status: { timestamp: 1000, media: { mediaUrl: '/f', state: 'playing', ...media } } })
  const words = (/** @type {any} */ device, /** @type {number | undefined} */ errorMs = undefined, now = 3000) => Object.values(step(device, errorMs, now)).join(' | ')
  assert.equal(words(viewer), 'not told |  | nothing heard of a player there', 'no news is no good news')
  assert.equal(words(viewer, 16.3), 'not told |  | nothing heard of a player there')
  assert.equal(words(plays({ driftMs: 3 }), 16.3), 'in step | good | 3.00 ms ahead; 2 s ago; last play or pause at +16.3 ms')
  assert.equal(words(plays({ driftMs: 3 }), undefined, 17_000), 'not told |  | nothing heard of its player lately')
  assert.equal(words(plays({ driftMs: -400, error: 'slow' }), 16.3, 1000), 'out of step | bad | 400 ms behind, the film comes too slowly; just now')
  assert.equal(words(plays({ driftMs: 120 })), 'catching up | warn | 120 ms ahead; 2 s ago')
  assert.match(words(plays({ state: 'failed', error: 'not_found' }), 16.3), /^failed . bad . there is no such file .404.; 2 s ago$/)
  assert.match(words(plays({ state: 'blocked', error: 'autoplay_refused' })), /^needs a tap . bad . .* tap/)
  assert.match(words(plays({ state: 'buffering' })), /^buffering . warn/)
  assert.match(words(plays({ error: 'live' })), /^plays . {2}. a live stream/)
  assert.equal(told(plays({}), 17_000), null)
})

test('a film that nobody can load is said once, for all', () => {
  const viewer = (/** @type {string} */ state, error = '') => ({ ...phone, deviceType: '', status: { timestamp: 1000, media: { mediaUrl: '/f', state, error } } })
  assert.equal(filmWarning([viewer('playing'), { ...phone }], '/f', 2000), '')
  assert.match(filmWarning([viewer('failed', 'not_found'), viewer('failed', 'not_found'), phone], '/f', 2000), /^Nobody can load this film: there is no such file .404..$/)
  assert.match(filmWarning([viewer('failed', 'broken'), viewer('playing')], '/f', 2000), /^1 of 2 can’t load this film: .*decode/)
  assert.match(filmWarning([viewer('playing', 'no_ranges')], '/f', 2000), /no ranges/)
  assert.equal(filmWarning([viewer('failed', 'broken')], '/another', 2000), '', 'of the film before')
})

test('subtitles, one on a line', () => {
  assert.deepEqual(subtitlesOf('/film.pt-BR.vtt\n\n https://a.example/x.vtt ', 'https://c.example/'), [
    { url: 'https://c.example/film.pt-BR.vtt', label: 'português (Brasil)', language: 'pt-BR' },
    { url: 'https://a.example/x.vtt', label: 'x.vtt', language: '' },
  ])
  assert.equal(subtitlesOf('http://', 'https://c.example/'), null)
  assert.equal(subtitlesOf('/a.vtt\n'.repeat(9), 'https://c.example/'), null)
})

test('a medium without a title goes by its file’s name', () => {
  const names = ['https://a.example/x/My%20film.mp4?t=1#a', 'https://a.example/100%.mp4', 'https://a.example/'].map(fileName)
  assert.deepEqual(names, ['My film.mp4', '100%.mp4', 'https://a.example/'])
})

test('who doesn’t lead learns what there is to do', () => {
  assert.match(notJoined('key_needed', ''), /whole link.*admin key/)
  assert.equal(notJoined('unheard_of', 'it rains'), 'it rains.')
  assert.match(words(true, 'Anna', false), /You lead/)
  assert.match(words(false, 'Anna', false), /Anna leads.*only the leader/)
  assert.match(words(false, 'Anna', true), /Anna.*away.*Take over/)
})

const session = {
  users: [{ id: 'u', username: 'Anna', isLeader: true, isConnected: true }, { id: 'v', username: 'Ben', isConnected: true }],
  devices: [
    { deviceId: 'own', userId: 'u', deviceType: '', viewType: '', isConnected: true },
    { deviceId: 'w', userId: 'v', deviceType: '', viewType: '', isConnected: true },
    { deviceId: 'a', userId: 'v', deviceType: 'mobile', viewType: 'front', isConnected: true },
    { deviceId: 'b', userId: 'v', deviceType: 'mobile', viewType: 'front', isConnected: false },
  ],
}

test('the roster waits for devices that act, but not for those set aside', () => {
  const roster = new Roster('own')
  roster.take(session)
  const ids = () => roster.expected.map(d => d.deviceId)
  assert.deepEqual(roster.devices.map(d => d.deviceId), ['a', 'b', 'w'], 'those that act come first')
  assert.deepEqual(ids(), ['a', 'b'])
  roster.setAside('b', true)
  assert.deepEqual(ids(), ['a'])
  roster.setAside('b', false)
  assert.deepEqual(ids(), ['a', 'b'])
  assert.deepEqual([roster.leaderName, roster.leaderAway], ['Anna', false])
})

test('the roster keeps what was measured, and names apart', () => {
  const roster = new Roster('own')
  roster.take(session)
  roster.takeSync({ devices: [{ deviceId: 'a', boundMs: 1, status: { battery: 0.5 } }, { deviceId: 'gone' }] })
  roster.take(session)
  const a = roster.devices[0]
  assert.deepEqual([a.sync.boundMs, a.status.battery], [1, 0.5])
  assert.deepEqual(['a', 'b', 'w', 'own', 'gone'].map(id => roster.name(id)), ['front 1', 'front 2', 'Ben', 'This console', 'device gone'])
  assert.equal(roster.kind(a), 'Ben · mobile')
})

test('shortcuts don’t fire while somebody types', () => {
  const key = { repeat: false, ctrlKey: false, altKey: false, metaKey: false, target: { tagName: 'BUTTON' } }
  assert.equal(plain(key), true)
  for (const more of [{ repeat: true }, { ctrlKey: true }, { metaKey: true }, { altKey: true }, { target: { tagName: 'INPUT', type: 'text' } },
    { target: { tagName: 'TEXTAREA' } }, { target: { tagName: 'SELECT' } }, { target: { tagName: 'P', isContentEditable: true } }]) {
    assert.equal(plain({ ...key, ...more }), false)
  }
  assert.equal(plain({ ...key, target: { tagName: 'INPUT', type: 'checkbox' } }), true)
})
