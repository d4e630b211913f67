import { Injectable } from '@angular/core';

/** The player's token. In an application of yours: what its sign-in gives. */
@Injectable({ providedIn: 'root' })
export class Session {
  #token: string | undefined;

  /** A new one for each connection: an old one may have expired, or be another server's. */
  async token(): Promise<string> {
    const response = await fetch('/api/session', { method: 'POST' });
    // An outage is no refusal: to throw is to be asked again, after a delay.
    if (!response.ok) throw new Error(`the sign-in answers ${response.status}`);
    const { token } = (await response.json()) as { token: string };
    this.#token = token;
    return token;
  }

  async killEngine(): Promise<void> {
    const token = this.#token ?? (await this.token());
    await fetch('/api/engine/kill', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
  }
}
