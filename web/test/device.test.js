import assert from 'node:assert/strict'
import test from 'node:test'
import { measured } from '../static/app/device/checks.js'
import { choiceOf } from '../static/app/device/choice.js'
import { stateOf } from '../static/app/device/statewords.js'
import { keptWords, running, size, takeWords } from '../static/app/device/recordingwords.js'

test('the link has the first word on what a device is, then what was chosen before', () => {
  const of = (/** @type {string} */ query, kept = {}) => choiceOf(new URLSearchParams(query), kept, 'Chrome on Android')
  assert.deepEqual(of('session=a'), { name: 'Chrome on Android', view: '', camera: null })
  assert.deepEqual(of('name=Ann&view=front&camera=none'), { name: 'Ann', view: 'front', camera: false })
  assert.deepEqual(of('', { name: 'Ben', view: 'side', camera: true }), { name: 'Ben', view: 'side', camera: true })
  assert.deepEqual(of('view=&camera=on', { name: 'Ben', view: 'side', camera: false }), { name: 'Ben', view: '', camera: true })
  assert.equal(of('camera=perhaps').camera, null)
})

test('a device says what it does', () => {
  const word = (/** @type {Parameters<typeof stateOf>} */ ...args) => stateOf(...args)[0]
  assert.equal(word('synced', 0.4, 'closed'), 'ready')
  assert.equal(word('synced', 4, 'ready'), 'coarse')
  assert.equal(word('synced', 0.4, 'armed'), 'stand by')
  assert.equal(word('reconnecting', 0.4, 'recording'), 'recording')
  assert.match(stateOf('reconnecting', 0.4, 'recording')[2], /goes on/)
  assert.equal(word('synced', 0.4, 'failed'), 'no camera')
  assert.equal(word('closed', 0.4, 'recording'), 'left')
})

test('recordings are told of in words', () => {
  /** @type {{recordingId: string, label: string, bytes: number, uploadedBytes: number}} */
  const take = { recordingId: 'r', label: '', bytes: 40e6, uploadedBytes: 10e6 }
  assert.equal(takeWords({ ...take, state: 'recording' }), 'recording, 40 MB so far')
  assert.equal(takeWords({ ...take, state: 'uploading' }), '10 MB of 40 MB sent')
  assert.equal(takeWords({ ...take, state: 'failed', error: 'the disk is full' }), 'the disk is full')
  assert.equal(keptWords([], true), '')
  assert.match(keptWords([{ ...take, state: 'uploaded' }], true), /Nothing is kept/)
  assert.match(keptWords([{ ...take, state: 'waiting' }], false), /^40 MB kept.*Don’t close/)
  assert.deepEqual([0, 7900, 750e3, 3723e3].map(running), ['0:00', '0:07', '12:30', '1:02:03'])
  assert.deepEqual([12, 1.5e6, 2.34e9].map(size), ['1 kB', '1.5 MB', '2.3 GB'])
})

test('what makes a device less exact is said once WebRTC has had its time', () => {
  Object.assign(globalThis, { RTCPeerConnection: class {} })
  assert.equal(measured({ resolution: 0.005, path: 'websocket' }, false).length, 0)
  assert.match(measured({ resolution: 0.005, path: 'websocket' }, true)[0].text, /firewall/)
  assert.match(measured({ resolution: 0.005, path: 'tcp' }, true)[0].text, /no UDP/)
  assert.match(measured({ resolution: 1, path: 'udp' }, true)[0].text, /steps of 1 ms/)
})
