import { readMember, scanGroups } from './procfs.js';

/** The time that a group gets to end by itself before /proc is scanned. */
const PATIENCE_MS = 50;

/** The least time between two scans for the same group. */
const PAUSE_MS = 500;

/**
 * The members of a process group as far as Linux shows them, in /proc: which of them are zombies, exited processes
 * that their parent has not reaped. kill(2) counts those as members, for ever where the init of a container does
 * not reap.
 *
 * Other processes of the machine must not block the event loop: a call reads one member at most, and the scan that
 * finds the members runs in the background, in small steps.
 */
export class GroupMembers {
  /** Members that were alive at the last look. */
  #living: readonly number[] = [];
  #areZombies = false;
  #nextScanAt: number | undefined;

  constructor(private readonly group: number) {}

  /** Whether only zombies are known to be left. A scan that this call begins changes the answer of a later one. */
  areZombies(): boolean {
    if (this.#areZombies || this.#isAnyAlive()) return this.#areZombies;
    const now = performance.now();
    this.#nextScanAt ??= now + PATIENCE_MS;
    if (now >= this.#nextScanAt) {
      this.#nextScanAt = now + PAUSE_MS;
      void this.#scan();
    }
    return false;
  }

  #isAnyAlive(): boolean {
    for (const pid of this.#living) {
      const member = readMember(pid);
      if (member?.group === this.group && !member.isZombie) return true;
      this.#living = this.#living.slice(1);
    }
    return false;
  }

  async #scan(): Promise<void> {
    const members = (await scanGroups()).get(this.group) ?? [];
    this.#living = members.flatMap(({ pid, isZombie }) => (isZombie ? [] : [pid]));
    this.#areZombies = members.length > 0 && this.#living.length === 0;
  }
}
