import assert from 'node:assert/strict'
import test from 'node:test'
import { cannotWords, changed, reallyWords } from '../static/app/console/camerachoices.js'
import { ago, bytes, clock, count, parseClock, sessionTitle, shortId } from '../static/app/ui/format.js'
import { cut } from '../static/app/ui/characters.js'
import { clockFact } from '../static/app/console/card.js'
import { behindWords, rowsOf } from '../static/app/console/cardfacts.js'
import { CommandList, KEPT, longSummary, spreadOf, summary, titleOf } from '../static/app/console/commandlist.js'
import { factsOf, leaderWords, notJoined } from '../static/app/console/consolewords.js'
import { fileName, subtitlesOf } from '../static/app/console/mediafacts.js'
import { pictureOf } from '../static/app/console/monitorview.js'
import { Painter, quietFrom } from '../static/app/ui/painter.js'
import { serversApart, together, verdict, warningsOf } from '../static/app/console/readiness.js'
import { Roster } from '../static/app/console/roster.js'
import { plain } from '../static/app/ui/shortcuts.js'
import { warningsIn, warningWords } from '../static/app/console/warningwords.js'
import { filmWarning, step, told, watches } from '../static/app/console/step.js'

const tracking = { state: 'tracking', boundMs: 0.2, hidden: false }
const phone = { deviceId: 'a', userId: 'u', deviceType: 'mobile', isConnected: true, sync: tracking, status: null }
const wanted = { limitMs: 1, purpose: /** @type {import('../static/app/console/readiness.js').Purpose} */ ('film') }

/** @type {[string, object, object, string[]][]} */
const verdicts = [
  ['all is well', {}, {}, []],
  ['it tells all that it can', { status: { battery: 1, charging: false, camera: 'ready', pendingBytes: 0, freeBytes: 5e9 } }, {}, []],
  ['away', { isConnected: false }, {}, ['not connected']],
  ['nothing measured', { sync: undefined }, {}, ['clock not measured yet']],
  ['unsynced', { sync: { state: 'unsynced', boundMs: 0 } }, {}, ['clock not measured yet']],
  ['settling', { sync: { state: 'settling', boundMs: 0.1 } }, {}, ['clock is settling']],
  ['holdover', { sync: { state: 'holdover', boundMs: 0.1 } }, {}, ['clock runs on alone: no answers lately']],
  ['without a clock, which nothing makes better', { sync: { state: 'none', boundMs: 0, hidden: false } }, {}, []],
  ['a bound at the limit', { sync: { ...tracking, boundMs: 1 } }, {}, []],
  ['a bound above it', { sync: { ...tracking, boundMs: 1.4 } }, {}, ['clock only known to ± 1.40 ms']],
  ['which another limit allows', { sync: { ...tracking, boundMs: 1.4 } }, { limitMs: 5 }, []],
  ['hidden', { sync: { ...tracking, hidden: true } }, {}, ['page not in front']],
  ['the camera is off', { status: { camera: 'off' } }, {}, ['camera off']],
  ['which is nothing to a flash', { status: { camera: 'off', microphone: 'lost', freeBytes: 1, battery: 0.01, warnings: [{ code: 'camera_covered' }] } }, { purpose: 'act' }, []],
  ['but the clock is', { sync: { ...tracking, boundMs: 1.4 } }, { purpose: 'act' }, ['clock only known to ± 1.40 ms']],
  ['no microphone that works', { status: { microphone: 'lost' } }, {}, ['microphone lost']],
  ['a microphone that hears nothing', { status: { microphone: 'silent', warnings: [{ code: 'silence', value: 6 }] } }, {}, ['microphone hears nothing']],
  ['which doesn’t matter to a silent film', { status: { microphone: 'silent', warnings: [{ code: 'silence', value: 6 }] } }, { sound: false }, []],
  ['it warns of silence', { status: { microphone: 'ready', warnings: [{ code: 'silence', value: 6 }] } }, {}, ['microphone hears nothing']],
  ['sound alone', { status: { camera: 'none', microphone: 'ready' } }, {}, []],
  ['the picture is black', { status: { camera: 'covered', warnings: [{ code: 'camera_covered', value: 3 }] } }, {}, ['camera covered']],
  ['a film needs no fine clock', { sync: { ...tracking, boundMs: 15 } }, { purpose: 'watch' }, []],
  ['but one', { sync: { ...tracking, boundMs: 25 } }, { purpose: 'watch' }, ['clock only known to ± 25.0 ms']],
  ['the film can’t be played', { status: { media: { state: 'failed' }, camera: 'off' } }, { purpose: 'watch' }, ['can’t play the film']],
  ['it waits for a tap', { status: { media: { state: 'blocked' } } }, { purpose: 'watch' }, ['needs a tap on its page']],
  ['it records already', { status: { camera: 'recording' } }, {}, []],
  ['the camera isn’t allowed', { status: { camera: 'refused' } }, {}, ['camera not allowed']],
  ['a flat battery', { status: { battery: 0.1, charging: false } }, {}, ['battery 10 %, not charging']],
  ['on the charger', { status: { battery: 0.02, charging: true } }, {}, []],
  ['enough left', { status: { battery: 0.11, charging: false } }, {}, []],
  ['no room', { status: { freeBytes: 499e6 } }, {}, ['only 499 MB free']],
  ['two at once', { sync: { ...tracking, hidden: true }, status: { camera: 'lost' } }, {}, ['page not in front', 'camera lost']],
]

for (const [name, device, more, reasons] of verdicts) {
  test('servers whose times may be further apart than their devices’ clocks', () => {
  const device = (/** @type {number} */ boundMs, /** @type {number} */ sharedMs, state = 'tracking') => (/** @type {any} */ ({ isConnected: true, sync: { state, boundMs, sharedMs } }))
  assert.equal(serversApart([]), 0)
  assert.equal(serversApart([device(0.1, 0), device(0.12, 0.02)]), 0)
  assert.equal(serversApart([device(0.1, 0), device(0.25, 0.15)]), 0, 'too little to be said')
  assert.equal(serversApart([device(0.1, 0), device(3.1, 3)]), 3)
  assert.equal(serversApart([device(5, 0), device(3.1, 3)]), 0, 'a device is worse')
  assert.equal(serversApart([device(0.1, 0), device(3.1, 3, 'holdover')]), 0)
})

test(`go or no-go: ${name}`, () => {
    assert.deepEqual(verdict({ ...phone, ...device }, { ...wanted, ...more }), { go: reasons.length === 0, reasons })
  })
}

test('all together are ready when each is, for what is about to be done', () => {
  const good = { name: 'Front', verdict: { go: true, reasons: [] } }
  const bad = { name: 'Left', verdict: { go: false, reasons: ['camera off', 'battery 3 %, not charging'] } }
  const told = (/** @type {any[]} */ devices, /** @type {any} */ purpose, others = 0) => {
    const { state, light, words, reasons } = together(devices, purpose, others)
    return [state, light, words, ...reasons]
  }
  assert.deepEqual(told([good], 'film'), ['go', 'Go for a take', 'The camera is ready.'])
  assert.deepEqual(told([good, good], 'act'), ['go', 'Go for a flash', 'All 2 devices are ready.'])
  assert.deepEqual(told([good, bad], 'film'), ['stop', 'No-go for a take', '1 of 2 cameras ready.', 'Left: camera off; battery 3 %, not charging'])
  assert.deepEqual(told([good], 'film', 2), ['go', 'Go for a take', 'The camera is ready. 2 other devices don’t film.'])
  assert.deepEqual(told([{ ...good, warnings: 1 }, good], 'film'), ['go', 'Go for a take', 'All 2 cameras are ready. 1 has a warning: see below.'])
  assert.deepEqual(['film', 'act', 'watch'].map(p => told([], p).slice(0, 2)), [['none', 'No camera yet'], ['none', 'No device yet'], ['none', 'Nobody watches yet']], 'nobody to ask is no no-go')
})

test('warnings say what is wrong, by how much, and what to do', () => {
  const codes = ['no_sound', 'silence', 'late_start', 'short_take', 'dropped_frames', 'low_frame_rate', 'camera_frozen', 'camera_covered', 'storage_low',
    'battery_low', 'hot', 'upload_stuck', 'film_failed', 'film_buffering', 'setting_refused', 'clock_coarse', 'program_away', 'program_failed']
  for (const code of codes) {
    for (const value of [undefined, NaN, 0.07, 7]) {
      const text = warningWords({ code, value })?.text ?? assert.fail(code)
      assert.match(text, /^[A-Z\d][^:]*[:.].*\.$/, code)
      assert.doesNotMatch(text, /undefined|NaN|null| {2}/, code)
    }
  }
  assert.match(warningWords({ code: 'late_start', value: 3000 })?.text ?? '', /began 3\.0 s late/)
  assert.match(warningWords({ code: 'dropped_frames', value: 1 })?.text ?? '', /^1 frame was lost/)
  assert.deepEqual([warningWords({ code: 'unheard_of' }), warningWords({ code: 'toString' })], [null, null])
  assert.deepEqual(warningsIn([{ code: 'hot' }, null, { code: 'x' }, { code: 'silence', value: 9 }]).map(w => w.stops), [true, false], 'what stops a take comes first')
  assert.deepEqual([warningsIn(undefined), warningsIn('hot')], [[], []])
})

test('a device without a clock of its own has no error of it', () => {
  const sync = /** @type {any} */ ({ state: 'none', boundMs: 0, delayMs: 12, offsetMs: 0, skewPpm: 0, path: 'socket.io' })
  assert.equal(clockFact(sync), 'no clock of its own')
  assert.match(clockFact(/** @type {any} */ (tracking)), /^clock ± /)
  const facts = new Map(rowsOf(/** @type {any} */ ({ ...phone, sync }), 0))
  assert.match(facts.get('Clock') ?? '', /^none of its own/)
  for (const row of ['Error, 99 %', 'Skew', 'Clock’s offset', 'Page']) assert.equal(facts.get(row), '', row)
  assert.equal(facts.get('Path'), 'Socket.IO')
})

test('a card says once what its verdict says already', () => {
  const of = (/** @type {object} */ status, sound = true) => warningsOf({ ...phone, status }, sound).map(w => w.text.slice(0, 14))
  assert.deepEqual(of({ camera: 'frozen', warnings: [{ code: 'camera_frozen' }, { code: 'hot' }] }), ['Its processor '])
  assert.deepEqual(of({ battery: 0.05, warnings: [{ code: 'battery_low', value: 0.05 }] }), [])
  assert.deepEqual(of({ battery: 0.15, warnings: [{ code: 'battery_low', value: 0.15 }] }), ['The battery is'])
  assert.deepEqual(of({ microphone: 'silent', warnings: [{ code: 'silence' }] }), [])
  assert.deepEqual(of({ warnings: [{ code: 'silence' }] }, false), [], 'sound isn’t wanted')
})

test('camera choices', () => {
  const chosen = { width: 1280, height: 720, frameRate: 25 }
  assert.deepEqual(changed(chosen, 'size', '1920x1080'), { width: 1920, height: 1080, frameRate: 25 })
  assert.deepEqual(changed(chosen, 'size', ''), { frameRate: 25 }, 'as the device likes')
  assert.deepEqual(changed(chosen, 'frameRate', ''), { width: 1280, height: 720 })
  assert.deepEqual(changed({}, 'bitRate', '5000000'), { bitRate: 5e6 })
  assert.equal(reallyWords({ width: 1280, height: 720, frameRate: 29.97, container: 'mp4' }), 'It records 1280 × 720, 30 frames a second, MP4.')
  assert.equal(reallyWords(null), '')
  assert.equal(cannotWords(['width', 'height', 'torch']), 'It can’t do this picture size, a lamp.')
  assert.equal(cannotWords(undefined), '')
})

test('pictures of cameras are pictures', () => {
  assert.equal(pictureOf('/9j/4AAQ=='), 'data:image/jpeg;base64,/9j/4AAQ==')
  assert.equal(pictureOf('UklGRiQ'), 'data:image/webp;base64,UklGRiQ')
  for (const none of ['PHN2Zy8+', '"onerror=', '', 7, null]) assert.equal(pictureOf(none), '')
})

test('names are cut between characters as people count them', () => {
  const family = '👨\u200d👩\u200d👧\u200d👦'
  assert.equal(cut(family.repeat(65), 64), family.repeat(64))
  assert.equal(cut('می\u200cخواهم', 64), 'می\u200cخواهم')
  assert.equal(cut('abc', 2), 'ab')
})

test('a session in the list is told from others', () => {
  assert.equal(factsOf({ leaderName: 'Anna', connectedCount: 3, userCount: 4, status: 'recording', hasMedia: true, idleMs: 0 }), 'Anna leads · 3 connected · recording now · a film is loaded · just now')
  assert.equal(factsOf({ leaderName: '', connectedCount: 0, userCount: 1, status: 'active', hasMedia: false, idleMs: 7.2e6 }), 'nobody connected · 2 h ago')
  assert.deepEqual([sessionTitle('Rehearsal', 'x'), sessionTitle('', 'a253c0a9-353d-4740-8e44-43d7b0c2948d')], ['Rehearsal', 'Session a253c0a9'])
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
  assert.deepEqual(['90', '1:30', '1:02:03', '0:05.5', '2,5', '1:30,25', '0,125', ' 7 ', '1:75', '1,000', '2.500,5', 'x', ''].map(parseClock), [90, 90, 3723, 5.5, 2.5, 90.25, 0.125, 7, NaN, NaN, NaN, NaN, NaN])
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
  const line = (/** @type {any[]} */ ...devices) => longSummary({ commandId: '', name: '', timestamp: 0, report: { spreadMs: 2, spreadBoundMs: 0.4, devices } }, id => id.toUpperCase())
  assert.equal(line(a, c), 'spread 2.00 ms ± 400 µs · 2 devices acted')
  assert.equal(line(a), '1 device acted')
  assert.equal(line(a, { deviceId: 'b', armed: true, at: null }), '1 device acted · ready but not heard of since: B')
  assert.equal(line({ ...b, errorMs: null }), '')
})

test('a report names who missed the command, and why, and doesn’t count it', () => {
  const acted = { deviceId: 'a', armed: true, at: 1, errorMs: 1, boundMs: 0.2, missed: null }
  const missed = { deviceId: 'b', armed: true, at: null, errorMs: null, boundMs: 0.2, missed: { lateMs: 19_000, reason: 'woke_late' } }
  const entry = (/** @type {any[]} */ ...devices) => ({ commandId: '', name: '', timestamp: 0, report: { spreadMs: null, devices } })
  const name = (/** @type {string} */ id) => id.toUpperCase()
  assert.equal(longSummary(entry(acted, missed), name), '1 device acted · B missed, 19.0 s late: the device was held up')
  assert.equal(longSummary(entry(missed), name), 'B missed, 19.0 s late: the device was held up')
  assert.equal(summary(entry(missed)), 'missed by 1 device')
})

test('a device that is left behind is told so, with what it needs', () => {
  assert.equal(behindWords({ leftBehind: [], leadMs: 20 }), '')
  assert.match(behindWords({ leftBehind: ['lead'], leadMs: 2800 }), /needs 2\.8 s to be ready/)
  assert.match(behindWords({ leftBehind: ['lead', 'buffering'], leadMs: 900 }), /900 ms.*film goes on without it/)
})

test('a spread is the server’s, with how wrong that may be', () => {
  const of = (/** @type {number | null} */ spreadMs, /** @type {number | null} */ spreadBoundMs, /** @type {(number | null)[]} */ ...errors) =>
    spreadOf({ spreadMs, spreadBoundMs, devices: errors.map(errorMs => ({ errorMs })) })
  assert.deepEqual(of(2, 0.75, 1, -1, 0), { spreadMs: 2, boundMs: 0.75 })
  assert.deepEqual(of(1, null, 1, 2), { spreadMs: 1, boundMs: Infinity })
  assert.deepEqual([of(0, null, 1, null), of(null, null), spreadOf(null)], [null, null, null])
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
  assert.match(leaderWords(true, 'Anna', false), /You lead/)
  assert.match(leaderWords(false, 'Anna', false), /Anna leads.*only the leader/)
  assert.match(leaderWords(false, 'Anna', true), /Anna.*away.*Take the lead/)
  assert.match(leaderWords(false, 'Anna', false, true), /take the lead back/)
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
  const ids = () => roster.expected('act').map(d => d.deviceId)
  assert.deepEqual(roster.devices.map(d => d.deviceId), ['a', 'b', 'w'], 'those that act come first')
  assert.deepEqual(ids(), ['a', 'b'])
  roster.setAside('b', true)
  assert.deepEqual(ids(), ['a'])
  roster.setAside('b', false)
  assert.deepEqual(ids(), ['a', 'b'])
  assert.deepEqual([roster.leaderName, roster.leaderAway], ['Anna', false])
})

test('a take is for the devices that film, and of them those that are chosen', () => {
  const roster = new Roster('own')
  const devices = [...session.devices, { deviceId: 'c', userId: 'v', deviceType: 'mobile', isConnected: true, records: false }, { deviceId: 'd', userId: 'v', deviceType: 'mobile', isConnected: true }]
  roster.take({ ...session, devices })
  roster.takeSync({ devices: [{ deviceId: 'd', status: { camera: 'none', microphone: 'none' } }] })
  const ids = () => roster.expected('film').map(d => d.deviceId)
  assert.deepEqual([ids(), roster.chosen], [['a', 'b'], undefined], 'all that film, later ones too')
  roster.leaveOut('a', true)
  assert.deepEqual([ids(), roster.chosen, roster.recorders.map(d => d.deviceId)], [['b'], ['b'], ['a', 'b']])
  roster.leaveOut('a', false)
  assert.equal(roster.chosen, undefined)
  assert.deepEqual(roster.expected('act').map(d => d.deviceId), ['a', 'b', 'c', 'd'], 'a flash is for all')
  assert.deepEqual(roster.people.map(p => p.id), ['v'], 'whom the lead may be handed to')
})

test('the roster keeps what was measured, and names apart', () => {
  const roster = new Roster('own')
  roster.take(session)
  roster.takeSync({ devices: [{ deviceId: 'a', boundMs: 1, status: { battery: 0.5 } }, { deviceId: 'gone' }] })
  roster.take(session)
  const a = roster.devices[0]
  assert.deepEqual([a.sync?.boundMs, a.status?.battery], [1, 0.5])
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
