import { posixTree } from '../../src/process/posixTree.js';

const PID = 1_000_000_007;

describe('posixTree', () => {
  let kill: jest.SpyInstance;
  /** The ids that are known to be in use. */
  let ids: Set<number>;

  beforeEach(() => {
    ids = new Set();
    kill = jest.spyOn(process, 'kill').mockReturnValue(true);
  });
  afterEach(() => jest.restoreAllMocks());

  const fails = (code: string) =>
    kill.mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });

  it.each([
    ['the group', true, -PID],
    ['the process alone if it has no group of its own', false, PID],
  ])('signals %s, and registers it so', (_, ownGroup, id) => {
    const tree = posixTree(PID, ownGroup, ids);
    expect([...ids]).toEqual([id]);
    tree.signal('SIGTERM');
    tree.signal('SIGCONT');
    expect(kill.mock.calls).toEqual([
      [id, 'SIGTERM'],
      [id, 'SIGCONT'],
    ]);
    expect([...ids]).toEqual([id]);
  });

  it('does without a registry', () => {
    fails('ESRCH');
    const tree = posixTree(PID, true);
    tree.signal('SIGTERM');
    expect(tree.alive(false)).toBe(false);
  });

  it.each([
    ['signal', 'SIGTERM'],
    ['alive', 0],
    ['exited', 0],
  ] as const)(
    'forgets an empty group at once, found by %s(), and never signals it again',
    (method, signal) => {
      const tree = posixTree(PID, true, ids);
      fails('ESRCH');
      if (method === 'signal') tree.signal('SIGTERM');
      else tree[method](false);
      expect(kill.mock.calls).toEqual([[-PID, signal]]);
      expect([...ids]).toEqual([]);
      // The system has given the id to a stranger.
      kill.mockReset().mockReturnValue(true);
      tree.signal('SIGTERM');
      tree.signal('SIGKILL');
      tree.exited();
      expect(tree.alive(false)).toBe(false);
      expect(kill).not.toHaveBeenCalled();
    },
  );

  it('keeps a group that it may not signal (EPERM): it exists', () => {
    fails('EPERM');
    const tree = posixTree(PID, true, ids);
    expect(tree.isForbidden).toBe(false);
    tree.signal('SIGTERM');
    expect(tree.isForbidden).toBe(true);
    tree.exited();
    expect(tree.alive(false)).toBe(true);
    tree.signal('SIGKILL');
    expect(kill).toHaveBeenLastCalledWith(-PID, 'SIGKILL');
    expect([...ids]).toEqual([-PID]);
  });

  it('goes on signalling a group whose leader has exited', () => {
    const tree = posixTree(PID, true, ids);
    tree.exited();
    tree.signal('SIGKILL');
    expect(kill).toHaveBeenLastCalledWith(-PID, 'SIGKILL');
    expect(tree.alive(false)).toBe(true);
    expect([...ids]).toEqual([-PID]);
  });

  it('forgets a process without a group of its own as soon as it has exited', () => {
    const tree = posixTree(PID, false, ids);
    expect(tree.alive(false)).toBe(true);
    tree.exited();
    kill.mockClear();
    tree.signal('SIGKILL');
    expect(tree.alive(false)).toBe(false);
    expect(kill).not.toHaveBeenCalled();
    expect([...ids]).toEqual([]);
  });
});
