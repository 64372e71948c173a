declare module 'node:test' {
  const test: (name: string, fn: (t: any) => void | Promise<void>) => void
  export default test
}
declare module 'node:assert/strict' {
  const assert: any
  export default assert
}
declare module 'node:fs' {
  export function readFileSync(path: URL, encoding: 'utf8'): string
  export function readdirSync(path: URL, options: { recursive: true }): string[]
}
declare module 'node:events' {
  export function setMaxListeners(n: number): void
}
declare function setImmediate(fn: (value: any) => void): void
