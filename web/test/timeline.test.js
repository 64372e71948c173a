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
  assert.deepEqual(t.info, { mediaUrl: '/b.webm', title: 'B', duration: 60 })
})

test('who comes late hears of title and length', () => {
  const t = new Timeline()
  t.receive('session_joined', { session: { playbackState: still, media: { mediaUrl: film.mediaUrl, mediaId: 'film', mediaTitle: 'Film', mediaDuration: 90 } } })
  assert.deepEqual(t.info, { mediaUrl: film.mediaUrl, title: 'Film', duration: 90 })
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
