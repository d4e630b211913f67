import { VirtualTimeScheduler } from 'rxjs';
import { clockOf } from '../../src/rx/clock.js';
import { GroupCleanup } from '../../src/run/GroupCleanup.js';
import { NOT_STARTED, type Program, type LadderSignal } from '../../src/process/Program.js';

const stop = { endInputMs: 0, terminateMs: 1_000, killMs: 500, drainMs: 100 };

/** Cleans up after the exit of a program; its group lives as long as `isAlive` returns true. */
function follow(isAlive: (signals: readonly LadderSignal[]) => boolean) {
  const scheduler = new VirtualTimeScheduler();
  const recorded = { signals: [] as LadderSignal[], isClosed: false, endedAt: NaN };
  const program: Program = {
    ...NOT_STARTED,
    signal: (signal) => recorded.signals.push(signal),
    alive: () => isAlive(recorded.signals),
    close: () => {
      recorded.isClosed = true;
      aftermath.closed();
    },
  };
  const aftermath = new GroupCleanup(program, { clock: clockOf(scheduler), stop }, () => {
    recorded.endedAt = scheduler.now();
  });
  return { scheduler, aftermath, recorded };
}

describe('GroupCleanup', () => {
  it('is over at once when the pipes are closed and the group is empty', () => {
    const { aftermath, recorded } = follow(() => false);
    aftermath.closed();
    expect(recorded).toEqual({ signals: [], isClosed: false, endedAt: 0 });
  });

  it('closes pipes that somebody holds after drainMs', () => {
    const { scheduler, recorded } = follow(() => false);
    scheduler.flush();
    expect(recorded).toEqual({ signals: [], isClosed: true, endedAt: 100 });
  });

  it('ends the group by SIGTERM, and looks soon and then ever more rarely', () => {
    const looks: number[] = [];
    const { scheduler, aftermath, recorded } = follow(() => {
      looks.push(scheduler.now());
      return looks.length < 9;
    });
    aftermath.closed();
    scheduler.flush();
    expect(looks).toEqual([0, 0, 5, 15, 35, 75, 155, 255, 355]);
    expect(recorded).toEqual({ signals: ['SIGTERM', 'SIGCONT'], isClosed: false, endedAt: 355 });
  });

  it('ends what is left after terminateMs by SIGKILL', () => {
    const { scheduler, aftermath, recorded } = follow((signals) => !signals.includes('SIGKILL'));
    aftermath.closed();
    scheduler.flush();
    expect(recorded.signals).toEqual(['SIGTERM', 'SIGCONT', 'SIGKILL']);
    expect(recorded.endedAt).toBeGreaterThanOrEqual(1_000);
    expect(recorded.endedAt).toBeLessThan(1_500);
  });

  it('gives up on a group that nothing ends, after killMs', () => {
    const { scheduler, aftermath, recorded } = follow(() => true);
    aftermath.closed();
    scheduler.flush();
    expect(recorded.signals).toEqual(['SIGTERM', 'SIGCONT', 'SIGKILL']);
    expect(recorded.endedAt).toBeGreaterThanOrEqual(1_500);
    expect(recorded.endedAt).toBeLessThan(2_000);
  });

  it('closes no pipes that were closed while the group was ended', () => {
    const { scheduler, aftermath, recorded } = follow((signals) => !signals.includes('SIGKILL'));
    scheduler.maxFrames = 600;
    scheduler.flush();
    aftermath.closed();
    expect(recorded.endedAt).toBeNaN();
    scheduler.maxFrames = Infinity;
    scheduler.flush();
    expect(recorded.isClosed).toBe(false);
    expect(recorded.endedAt).toBeGreaterThanOrEqual(1_100);
  });
});
