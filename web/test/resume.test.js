import assert from 'node:assert/strict'
import test from 'node:test'

/** What all tabs of a browser share: a storage, and locks with the tabs that hold them. */
class Browser {
  local = new Storage()
  /** @type {Map<string, Tab>} */ locks = new Map()
  blocked = false
}

class Storage {
  #items = new Map()
  /** @param {string} key */
  getItem(key) { return this.#items.get(key) ?? null }
  /** @param {string} key @param {string} value */
  setItem(key, value) { this.#items.set(key, value) }
  /** @param {string} key */
  removeItem(key) { this.#items.delete(key) }
  copy() {
    const copy = new Storage()
    for (const [key, value] of this.#items) copy.setItem(key, value)
    return copy
  }
}

let loaded = 0

/** A page of a tab: its own copy of the module. */
class Tab {
  /** @type {any} */ module = null

  /** @param {Browser} browser @param {Storage} [session] */
  constructor(browser, session = new Storage()) {
    this.browser = browser
    this.session = session
  }

  /** Makes this tab the one that runs. */
  enter() {
    const { browser, session } = this
    const area = (/** @type {any} */ it) => ({ configurable: true, get() {
      if (browser.blocked) throw new Error('SecurityError')
      return it
    } })
    Object.defineProperty(globalThis, 'localStorage', area(browser.local))
    Object.defineProperty(globalThis, 'sessionStorage', area(session))
    Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { locks: { request: this.#lock } } })
    Object.assign(globalThis, { location: new URL('https://beat.example/device?session=s') })
  }

  /** @param {string} name @param {any} options @param {(lock: any) => any} got */
  #lock = async (name, options, got) => {
    const taken = () => this.browser.locks.get(name) ?? this
    for (let i = 0; taken() !== this && options.signal && i < 3; i++) await new Promise(resolve => setImmediate(resolve))
    if (taken() !== this) {
      if (options.signal) throw new Error('AbortError')
      return got(null)
    }
    this.browser.locks.set(name, this)
    return got({})
  }

  /** @param {string | undefined} [deviceType] @param {boolean} [lasting] @param {string} [place] */
  async identity(deviceType, lasting, place = 'https://beat.example/ s') {
    this.enter()
    this.module ??= await import('../static/lib/resume.js?' + ++loaded)
    return new this.module.Identity(place, deviceType, lasting)
  }

  /** What the page joins with. @param {any[]} how */
  async recall(...how) {
    const identity = await this.identity(...how)
    return identity.recall()
  }

  close() {
    for (const [name, tab] of this.browser.locks) if (tab === this) this.browser.locks.delete(name)
    this.module = null
  }

  reload() {
    this.close()
    return this
  }
}

/** @param {Tab} tab @param {string} token @param {string} [user] @param {any[]} how */
async function joined(tab, token, user, ...how) {
  const identity = await tab.identity(...how)
  await identity.recall()
  identity.remember(token, user)
  await new Promise(resolve => setImmediate(resolve))
  return identity
}

test('a page is its device again: reloaded, and closed and opened', async () => {
  const browser = new Browser()
  const first = new Tab(browser)
  await joined(first, 't1', 'u', 'mobile')
  assert.deepEqual(await first.reload().recall('mobile'), { resumeToken: 't1', userToken: 'u' })
  first.close()
  assert.deepEqual(await new Tab(browser).recall('mobile'), { resumeToken: 't1', userToken: 'u' })
})

test('further tabs and duplicates are further devices of the same user', async () => {
  const browser = new Browser()
  const first = new Tab(browser)
  await joined(first, 't1', 'u')
  const second = new Tab(browser)
  assert.deepEqual(await second.recall(), { userToken: 'u' })
  await joined(second, 't2', 'u')
  const duplicate = new Tab(browser, first.session.copy())
  assert.deepEqual(await duplicate.recall(), { userToken: 'u' })
  await joined(duplicate, 't3', 'u')
  for (const tab of [first, second, duplicate]) tab.close()
  const again = []
  for (let i = 0; i < 2; i++) again.push((await new Tab(browser).recall()).resumeToken)
  assert.equal(new Set(again).size, 2, 'two that are opened again are two devices')
})

test('two sessions of one page are two devices', async () => {
  const tab = new Tab(new Browser())
  await joined(tab, 't1', 'u')
  assert.deepEqual(await tab.recall(), { userToken: 'u' })
})

test('each device is a user of its own; another session is another matter', async () => {
  const browser = new Browser()
  await joined(new Tab(browser), 't1', 'u', undefined)
  assert.deepEqual(await new Tab(browser).recall('mobile'), {})
  await joined(new Tab(browser), 't2', 'v', 'mobile')
  assert.deepEqual(await new Tab(browser).recall('mobile'), {})
  assert.deepEqual(await new Tab(browser).recall(undefined, true, 'https://beat.example/ other'), {})
})

test('somebody else is known to the own tab alone', async () => {
  const browser = new Browser()
  await joined(new Tab(browser), 't1', 'u', undefined)
  const other = new Tab(browser)
  assert.deepEqual(await other.recall(undefined, false), {})
  await joined(other, 't2', 'v', undefined, false)
  assert.deepEqual(await other.reload().recall(undefined, false), { resumeToken: 't2', userToken: 'v' })
  assert.deepEqual(await new Tab(browser).recall(), { userToken: 'u' })
})

test('who leaves is forgotten, who only gives up isn’t', async () => {
  const browser = new Browser()
  const tab = new Tab(browser)
  const identity = await joined(tab, 't1', 'u', 'mobile')
  identity.release()
  assert.equal((await tab.recall('mobile')).resumeToken, 't1')
  const again = new Tab(browser)
  tab.close()
  const back = await again.identity('mobile')
  await back.recall()
  back.forget()
  assert.deepEqual(await again.recall('mobile'), {})
})

test('what is kept is bounded, whatever was kept before', async () => {
  const browser = new Browser()
  browser.local.setItem('downbeat:members', '[1, null, {"place": "x"}, "no"]')
  for (let i = 0; i < 40; i++) await joined(new Tab(browser), `t${i}`, 'u', 'mobile', true, `place ${i}`)
  for (let i = 0; i < 40; i++) await joined(new Tab(browser), `t${i}`, 'u', 'mobile', true, 'one place')
  const kept = JSON.parse(browser.local.getItem('downbeat:members') ?? '')
  assert.equal(kept.length, 24)
  assert.equal(kept[0].seats['mobile /device'].length, 16)
})

test('where the browser blocks storage a page joins all the same', async () => {
  const browser = new Browser()
  browser.blocked = true
  const tab = new Tab(browser)
  assert.deepEqual(await tab.recall('mobile'), {})
  const identity = await joined(tab, 't1', 'u', 'mobile')
  identity.forget()
})
