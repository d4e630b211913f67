import { codeOf } from '../contract/errors.js';
import { GroupMembers } from './GroupMembers.js';
import type { ProcessTree } from './ProcessTree.js';
import type { LadderSignal } from './Program.js';

/** A record of the ids in use, as kill(2) takes them: the id of a group is negative. */
export interface Registry {
  add(id: number): void;
  delete(id: number): void;
}

/**
 * A process group, named by its leader, or (`ownGroup: false`) a single process. The id of a group that is found
 * empty is forgotten at once and never signalled again: the system may give it to another process.
 */
export function posixTree(pid: number, ownGroup: boolean, registry?: Registry): ProcessTree {
  const id = ownGroup ? -pid : pid;
  const members = new GroupMembers(pid);
  let gone = false;
  let isForbidden = false;
  const forget = (): void => {
    gone = true;
    registry?.delete(id);
  };
  const kill = (signal: LadderSignal | 0): void => {
    if (gone) return;
    try {
      process.kill(id, signal);
      isForbidden = false;
    } catch (error) {
      // Otherwise EPERM: the process exists, but may not be signalled (a set-uid program that changes its real user).
      if (codeOf(error) === 'ESRCH') forget();
      else isForbidden = true;
    }
  };
  registry?.add(id);
  return {
    signal: kill,
    get isForbidden() {
      return isForbidden;
    },
    alive() {
      kill(0);
      if (!gone && ownGroup && members.areZombies()) forget();
      return !gone;
    },
    exited() {
      if (ownGroup) kill(0);
      else forget();
    },
  };
}
