import { Engine } from './engine.js'

/** @type {{postMessage: (message: any) => void, onmessage: ((event: MessageEvent) => void) | null}} */
const scope = /** @type {typeof scope} */ (/** @type {unknown} */ (globalThis))

if ('WorkerGlobalScope' in globalThis) {
  const engine = new Engine(message => scope.postMessage(message))
  scope.onmessage = event => engine.receive(event.data)
  scope.postMessage({ type: 'ready' })
}
