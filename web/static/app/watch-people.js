/** Who is in the session, from its events in their order. */
export class People {
  /** @type {Map<string, {name: string, here: boolean}>} */ #users = new Map()
  #leader = ''

  /**
   * Takes an event in; true when something changed.
   *
   * @param {string} event
   * @param {any} data
   */
  receive(event, data) {
    switch (event) {
      case 'session_joined': return this.#all(data.session)
      case 'session_state': return this.#all(data)
      case 'user_joined': return this.#note(data.userId, data.username, true)
      case 'user_left': return this.#note(data.userId, data.username, false)
      case 'leadership_changed':
        this.#leader = data.newLeaderId
        return true
    }
    return false
  }

  /** @param {any} session */
  #all(session) {
    this.#users.clear()
    for (const { id, username, isConnected } of session.users) this.#note(id, username, isConnected)
    this.#leader = session.leaderId
    return true
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {boolean} here
   */
  #note(id, name, here) {
    this.#users.set(id, { name, here })
    return true
  }

  /** How many users are connected. */
  get here() {
    let n = 0
    for (const user of this.#users.values()) if (user.here) n++
    return n
  }

  get leader() {
    const user = this.#users.get(this.#leader)
    return { id: this.#leader, name: user?.name || 'somebody', here: user?.here ?? false }
  }
}
