/**
 * Looks again and again whether this device trusts the server by now, and goes
 * on to the page that the fragment names: /#/device?session=…#key=…
 */
const RETRY = 2000 // ms
const PATIENCE = 6000 // ms that one look may take

const { origin = '', system } = document.body.dataset
/** @param {string} id */
const byId = id => /** @type {HTMLElement} */ (document.getElementById(id))
const named = location.hash.slice(1)
const target = origin + (/^\/(device|watch)?([?#]|$)/.test(named) ? named : '/device')

const go = /** @type {HTMLAnchorElement} */ (byId('go'))
go.href = target
byId('check').onclick = () => look()

// An iPad's Safari calls itself a Mac's.
if (system === 'mac' && navigator.maxTouchPoints > 1) open('ios')

let timer = 0
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look())
look()

/** @param {string} name */
function open(name) {
  document.body.dataset.system = name
  for (const details of document.querySelectorAll('details')) details.open = details.dataset.for === name
}

async function look() {
  clearTimeout(timer)
  const trusted = await trusts()
  show(trusted)
  if (trusted && named) return location.replace(target)
  if (!trusted) timer = setTimeout(look, RETRY)
}

/** A page that isn't trusted can't be asked: the request fails before it is sent. */
async function trusts() {
  try {
    await fetch(`${origin}/livez`, { mode: 'no-cors', cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout?.(PATIENCE) }) // iOS 15 has none
    return true
  } catch {
    return false
  }
}

/** @param {boolean} trusted */
function show(trusted) {
  byId('result').dataset.state = trusted ? 'ready' : 'waiting'
  const words = trusted ? 'This device trusts the server. Nothing more to install.' : 'Not ready yet: follow the steps, this page notices when it works.'
  if (byId('words').textContent !== words) byId('words').textContent = words
  byId('go').hidden = !trusted
  byId('check').hidden = trusted
  byId('systems').hidden = trusted
}
