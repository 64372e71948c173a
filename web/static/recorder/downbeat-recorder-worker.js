import { RecorderEngine } from './recorderengine.js'

/** @type {{postMessage: (message: any, transfer?: Transferable[]) => void, onmessage: ((event: MessageEvent) => void) | null}} */
const scope = /** @type {typeof scope} */ (/** @type {unknown} */ (globalThis))

if ('WorkerGlobalScope' in globalThis) {
  const engine = new RecorderEngine((message, transfer) => scope.postMessage(message, transfer))
  scope.onmessage = event => engine.receive(event.data)
  scope.postMessage({ type: 'ready' })
}
