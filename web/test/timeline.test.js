import assert from 'node:assert/strict'
import test from 'node:test'
import { Timeline } from '../static/lib/timeline.js'

const film = { mediaUrl: 'https://a.example/film.webm', mediaId: 'film' }
const still = { ...film, position: 0, isPlaying: false, lastUpdateTime: 1000, playbackRate: 1 }

/**
 * @param {string} commandId
 * @param {number} timestamp
 * @param {number} position
 * @param {object} [more]
 */
function sync(commandId, timestamp, position, more = {}) {
  return { ...film, commandId, timestamp, lastUpdateTime: timestamp, position, isPlaying: true, playbackRate: 1, ...more }
}

test('nothing is at the beginning', () => {
  const t = new Timeline()
  assert.equal(t.at(5).mediaUrl, '')
  assert.equal(t.position(5), 0)
  assert.equal(t.next(5), null)
})

test('the state before a change holds until its instant', () => {
  const t = new Timeline()
  t.receive('session_joined', { session: { playbackState: still } })
  t.receive('playback_sync', sync('a', 2000, 10, { playbackRate: 1.5 }))
  assert.equal(t.position(1999), 0)
  assert.equal(t.at(1999).isPlaying, false)
  assert.equal(t.next(1999)?.commandId, 'a')
  assert.equal(t.position(2000), 10)
  assert.equal(t.position(4000), 13)
  assert.equal(t.next(2000), null)
})

test('several changes lie ahead; one is called off', () => {
  const t = new Timeline()
  t.receive('session_joined', { session: { playbackState: still } })
  t.receive('playback_sync', sync('a', 2000, 10))
  t.receive('playback_sync', sync('b', 3000, 50))
  assert.equal(t.position(2500), 10.5)
  assert.equal(t.position(3500), 50.5)
  assert.equal(t.receive('cancelled', { commandId: 'b' }), true)
  assert.equal(t.receive('cancelled', { commandId: 'other' }), false)
  assert.equal(t.position(3500), 11.5)
})

test('what is issued last holds, though it acts before what was planned', () => {
  const t = new Timeline()
  t.receive('playback_sync', sync('a', 5000, 10))
  t.receive('playback_sync', sync('b', 3000, 50))
  assert.equal(t.position(6000), 53)
})

test('another medium is there at once, at its beginning', () => {
  const t = new Timeline()
  t.receive('playback_sync', sync('a', 2000, 10))
  t.receive('media_loaded', { mediaUrl: '/b.webm', mediaId: 'b', mediaTitle: 'B', mediaDuration: 60, timestamp: 1500, loadedBy: 'u' })
  assert.equal(t.at(3000).mediaUrl, '/b.webm')
  assert.equal(t.position(3000), 0)
  assert.deepEqual([t.info.mediaUrl, t.info.title, t.info.duration], ['/b.webm', 'B', 60])
})

test('who comes late hears of title and length', () => {
  const t = new Timeline()
  t.receive('session_joined', { session: { playbackState: still, media: { mediaUrl: film.mediaUrl, mediaId: 'film', mediaTitle: 'Film', mediaDuration: 90 } } })
  assert.deepEqual([t.info.mediaUrl, t.info.title, t.info.duration], [film.mediaUrl, 'Film', 90])
})

test('coming back keeps what lies ahead, since the server tells it once', () => {
  const t = new Timeline()
  t.receive('session_joined', { session: { playbackState: still } })
  t.receive('playback_sync', sync('a', 9000, 10))
  t.receive('session_joined', { session: { playbackState: { ...still, position: 3, lastUpdateTime: 1200 } } })
  assert.equal(t.position(2000), 3)
  assert.equal(t.position(9500), 10.5)
})

test('the authority is believed; what it repeats changes nothing', () => {
  const t = new Timeline()
  t.receive('playback_sync', sync('a', 2000, 10))
  const { commandId, timestamp, leaderId, ...state } = /** @type {any} */ (sync('a', 2000, 10))
  t.receive('desync_recovery', { authoritativeState: { ...state, timestamp: 2500 } })
  assert.equal(t.at(3000).commandId, 'a')
  assert.equal(t.receive('session_state', { playbackState: state }), false)
  assert.equal(t.receive('desync_recovery', { authoritativeState: { ...state, position: 70, timestamp: 2500 } }), true)
  assert.equal(t.position(3000), 71)
})

/** A timeline whose film of 90 s plays from position 10 at 2000. */
function playing(more = {}) {
  const t = new Timeline()
  t.receive('media_loaded', { ...film, mediaDuration: 90, timestamp: 1000, ...more })
  t.receive('playback_sync', sync('a', 2000, 10, { mediaDuration: 90, ...more }))
  return t
}

test('at its end the film stands, and says so', () => {
  const t = playing()
  assert.deepEqual([t.at(81999).isPlaying, t.position(81999)], [true, 89.999])
  assert.deepEqual([t.at(82000).isPlaying, t.position(82000), t.at(1e9).lastUpdateTime], [false, 90, 82000])
  assert.equal(t.at(1e9), t.at(82000), 'one and the same')
  assert.deepEqual([t.next(5000), t.end(5000), t.end(82_000)], [null, 82_000, Infinity])
  assert.equal(t.planned(5000).isPlaying, true)
  assert.equal(t.planned(90_000).isPlaying, false)
  assert.equal(t.planned(NaN).isPlaying, true)
  t.receive('playback_sync', sync('b', 100_000, 0, { mediaDuration: 90 }))
  assert.deepEqual([t.position(99_000), t.position(101_000), t.planned(99_000).position], [90, 1, 0])
})

test('the authority says that it is over: nothing changes', () => {
  const t = playing()
  const { commandId, ...over } = t.at(1e6)
  t.receive('session_state', { playbackState: over })
  assert.equal(t.receive('session_state', { playbackState: over }), false)
  assert.equal(t.at(1e6).commandId, 'a')
})

test('the authority says where the media is now: nothing changes', () => {
  const t = playing()
  const before = t.at(12_000)
  const { commandId, ...state } = before
  t.receive('desync_recovery', { authoritativeState: { ...state, position: 20, lastUpdateTime: 12_000, timestamp: 12_000 } })
  assert.equal(t.at(12_000), before)
  assert.equal(t.receive('desync_recovery', { authoritativeState: { ...state, position: 25, lastUpdateTime: 12_000, timestamp: 12_000 } }), true)
  assert.equal(t.position(13_000), 26)
})

test('the length comes late', () => {
  const t = playing({ mediaDuration: 0 })
  assert.equal(t.position(200_000), 208)
  assert.equal(t.receive('media_info', { ...film, mediaDuration: 90, loop: false, timestamp: 200_000 }), true)
  assert.deepEqual([t.position(200_000), t.info.duration], [90, 90])
})

test('a loop begins again, and ends without a jump', () => {
  const t = playing({ loop: true })
  assert.deepEqual([81_000, 82_000, 92_000, 182_000].map(at => t.position(at)), [89, 0, 10, 10])
  assert.deepEqual([t.turn(2000), t.turn(82_000), t.turn(90_000), t.next(5000)], [82_000, 172_000, 172_000, null])
  t.receive('playback_sync', sync('pause', 192_000, 20, { isPlaying: false, loop: true, mediaDuration: 90 }))
  t.receive('media_info', { ...film, mediaDuration: 90, loop: false, timestamp: 191_000 })
  assert.deepEqual([t.position(190_500), t.position(191_500), t.position(1e9), t.turn(191_500)], [18.5, 19.5, 20, Infinity])
  t.receive('playback_sync', sync('on', 200_000, 20, { loop: false, mediaDuration: 90 }))
  t.receive('media_info', { ...film, mediaDuration: 90, loop: true, timestamp: 300_000 })
  assert.deepEqual([t.at(299_999).isPlaying, t.at(300_000).isPlaying, t.position(300_000)], [false, false, 90])
  t.receive('playback_sync', sync('round', 310_000, 90, { loop: true, mediaDuration: 90 }))
  assert.deepEqual([t.position(310_000), t.position(312_000)], [0, 2])
})
