import { Injectable } from '@nestjs/common';
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

/** A stand-in for the sign-in that an application has anyway: tokens that expire, signed by a secret of this server. */
@Injectable()
export class Sessions {
  readonly #secret = randomBytes(32);

  /** A token for a new player, for an hour. */
  issue(): string {
    const player = `${randomUUID()}.${Date.now() + 3_600_000}`;
    return `${player}.${this.#sign(player)}`;
  }

  /** The player that a token was issued to, if it is genuine and has not expired. */
  verify(token: unknown): { readonly id: string } | undefined {
    const [id = '', expires = '', signature = ''] = String(token).split('.');
    const expected = Buffer.from(this.#sign(`${id}.${expires}`));
    const given = Buffer.from(signature);
    const isGenuine = given.length === expected.length && timingSafeEqual(given, expected);
    return isGenuine && Number(expires) > Date.now() ? { id } : undefined;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}
