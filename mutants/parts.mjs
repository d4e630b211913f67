// What is changed together, and the specs that should notice it: the ones about it that are quick.
export const parts = {
  framing: { sources: ['framing/*'], specs: 'framing/' },
  rx: { sources: ['rx/*'], specs: 'rx/' },
  contract: {
    sources: ['contract/{check,command,errors,warn}'],
    specs: 'contract/|run/RunOptions|exchange/exchangeOptions',
  },
  status: { sources: ['contract/{status,StatusSubject}'], specs: 'contract/Status|supervision/' },
  queue: { sources: ['run/{InputQueue,Batch}'], specs: 'run/InputQueue' },
  input: {
    sources: ['run/{StdinWriter,InputPump}', 'worker/InputSubject', 'flow/feed'],
    specs: 'worker/InputSubject|run/[Ii]nput|flow/feed|faults/(input|unsent)',
  },
  run: {
    sources: ['run/{Run,StopLadder,GroupCleanup,Tail}'],
    specs:
      'model|reentrancy|worker/createWorker|flow/consume|run/|faults/(exits|output|stopping|restarts|spawning)',
  },
  options: { sources: ['run/{RunOptions,RunPlan}'], specs: 'run/RunOptions' },
  life: {
    sources: ['life/*'],
    specs: 'life/|model|reentrancy|faults/(policies|restarts|input)',
  },
  supervision: {
    sources: ['supervision/*'],
    specs: 'supervision/|model|reentrancy|faults/(policies|restarts|input)',
  },
  worker: {
    sources: ['worker/{createWorker,OutputIterator}', 'flow/consume'],
    specs: 'worker/|flow/consume',
  },
  exchange: { sources: ['exchange/*'], specs: 'exchange/' },
  pool: { sources: ['pool/*'], specs: 'pool/' },
  process: { sources: ['process/*'], specs: 'process/|faults/(descendants|spawning)' },
  imperative: { sources: ['imperative'], specs: 'imperative' },
  testing: { sources: ['testing/*'], specs: 'testing' },
};

/** The specs that try what those missed: all but the long ones and those that start hosts of their own. */
export const others =
  '(?!bounds|program|examples|documents|shellSafety|entries|faults/(host|guard|shortage|floods|unsent)).*';
