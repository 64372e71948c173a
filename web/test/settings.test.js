import assert from 'node:assert/strict'
import test from 'node:test'
import { constraintsFor, merged, refusedOf } from '../static/recorder/settings.js'
import { SettingsFollower } from '../static/recorder/settingsfollower.js'
import { FakeSession } from './recording-rig.js'

const soon = () => new Promise(resolve => setTimeout(resolve, 5))

test('the leader’s word for a device goes before that for all, field by field', () => {
  assert.deepEqual(merged({ sound: false, frameRate: 25 }, { width: 1920, frameRate: 50 }, { frameRate: 30 }), { sound: false, width: 1920, frameRate: 30 })
  assert.deepEqual(merged(null, undefined, { torch: false }), { torch: false })
})

test('wishes, not demands', () => {
  assert.deepEqual(constraintsFor({ width: 1920, height: 1080, frameRate: 30, torch: true, container: 'mp4' }), {
    width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 30 }, advanced: [{ torch: true }],
  })
  assert.deepEqual(constraintsFor({}), {})
})

test('what a camera doesn’t follow is named', () => {
  const wanted = /** @type {const} */ ({ width: 1920, height: 1080, frameRate: 30, torch: true, cameraId: 'b', container: 'mp4', sound: true, orientation: 'landscape', bitRate: 8e6 })
  assert.deepEqual(refusedOf(wanted, { width: 1920, height: 1080, frameRate: 29.97, torch: true, deviceId: 'b' },
    { container: 'mp4', sound: true, orientation: 'landscape', bitRate: 8e6 }), [])
  assert.deepEqual(refusedOf(wanted, { width: 1280, height: 720, frameRate: 15, deviceId: 'a' },
    { container: 'webm', sound: false, orientation: 'portrait', bitRate: 4e6 }),
  ['width', 'height', 'frameRate', 'cameraId', 'torch', 'sound', 'orientation', 'container', 'bitRate'])
  assert.deepEqual(refusedOf({ width: 1920, height: 1080 }, { width: 1080, height: 1920 }, {}), [], 'a phone that is held upright')
})

/** @param {any} t */
function followed(t) {
  Object.assign(globalThis, { navigator: {} })
  const session = new FakeSession()
  const state = { idle: true }
  /** @type {any[]} */ const configured = []
  /** @type {any[]} */ const refused = []
  let release = () => {}
  const media = {
    stream: {}, video: { getSettings: () => ({ width: 1280, height: 720, frameRate: 30 }) }, audio: {},
    configure: (/** @type {any} */ settings) => {
      configured.push(settings)
      return new Promise(resolve => (release = () => resolve(undefined)))
    },
  }
  const follower = new SettingsFollower(/** @type {any} */ (session), {
    media: () => /** @type {any} */ (media), idle: () => state.idle, prefer: () => {}, refused: r => refused.push(r), told: () => {},
  })
  return { session, state, configured, refused, follower, release: () => release() }
}

test('settings wait for the end of a take, and the last ones count', async t => {
  const { session, state, configured, follower, refused, release } = followed(t)
  await follower.opened({})
  state.idle = false
  session.tell('camera_settings', { deviceId: null, settings: { width: 1920 } })
  session.tell('camera_settings', { deviceId: 'd1', settings: { width: 640 } })
  session.tell('camera_settings', { deviceId: 'somebody else', settings: { width: 320 } })
  assert.deepEqual(configured, [])
  state.idle = true
  void follower.follow()
  assert.deepEqual(configured, [{ width: 640 }])
  session.tell('camera_settings', { deviceId: 'd1', settings: { width: 800 } })
  session.tell('camera_settings', { deviceId: 'd1', settings: { frameRate: 25 } })
  release()
  await soon()
  assert.deepEqual(configured, [{ width: 640 }, { width: 1920, frameRate: 25 }])
  release()
  await soon()
  assert.equal(refused.at(-1), true)
  assert.deepEqual(follower.told?.refused, ['width', 'frameRate'])
  session.tell('camera_settings', { deviceId: null, settings: {} })
  session.tell('camera_settings', { deviceId: 'd1', settings: {} })
  release()
  await soon()
  release()
  await soon()
  assert.equal(refused.at(-1), false)
})

test('a lamp is lit once the camera is open', async t => {
  const { session, configured, follower } = followed(t)
  Object.assign(session, { session: { camera: { torch: true } } })
  session.tell('session_state', session.session)
  void follower.opened({ torch: true })
  await soon()
  assert.deepEqual(configured.at(-1), { torch: true })
})

test('a camera that is connected again is opened, after the take', async t => {
  const { configured, follower, state } = followed(t)
  await follower.opened({})
  state.idle = false
  follower.back()
  assert.equal(configured.length, 0)
  state.idle = true
  void follower.follow()
  assert.equal(configured.length, 1)
})

test('the session object has them too, and the page’s own count least', async t => {
  const { session, configured, follower, release } = followed(t)
  await follower.opened({})
  follower.page = { width: 320, sound: false }
  release()
  await soon()
  session.tell('session_joined', { session: { camera: { width: 640 }, devices: [{ deviceId: 'd1', camera: { frameRate: 24 } }] } })
  await soon()
  assert.deepEqual(configured, [{ width: 320, sound: false }, { width: 640, sound: false, frameRate: 24 }])
})
