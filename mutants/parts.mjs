// What is changed together, and the specs that should see it: those that are about it, and are quick.
export const parts = {
  framing: { sources: ['framing/*'], specs: 'framing/' },
  queue: { sources: ['process/InputQueue'], specs: 'process/InputQueue' },
  input: {
    sources: ['process/Inlet', 'InputSubject', 'pour', 'feed'],
    specs: 'InputSubject|pour|feed|faults/(input|unsent)',
  },
  run: {
    sources: ['process/{Run,StopLadder,Aftermath}'],
    specs:
      'model|reentrancy|worker|operators/paced|process/(Aftermath|Run)|faults/(exits|output|stopping|restarts|spawning)',
  },
  lives: {
    sources: ['RunLane', 'Supervisor', 'life', 'inOrder'],
    specs: 'Supervisor|model|reentrancy|life|options|faults/(policies|restarts|input)',
  },
  restarts: {
    sources: ['operators/{restartOnExit,restartPolicy}', 'clock', 'status'],
    specs: 'operators/restart|clock',
  },
  worker: {
    sources: [
      'worker',
      'StatusSubject',
      'Broadcast',
      'Brake',
      'OutputIterator',
      'operators/consume',
    ],
    specs: 'worker|StatusSubject|Broadcast|Brake|OutputIterator|operators/paced',
  },
  adapters: {
    sources: ['imperative', 'fromCommand', 'operators/through'],
    specs: 'imperative|fromCommand|operators/through',
  },
  options: {
    sources: ['options', 'check', 'errors', 'command'],
    specs: 'options|errors|command|operators/exchangeOptions',
  },
  exchange: {
    sources: [
      'operators/exchange',
      'askByKey',
      'Correspondence',
      'askInTurn',
      'Turns',
      'abortable',
      'WaitingLine',
    ],
    specs: 'operators/exchange|Turns|abortable|WaitingLine',
  },
  pool: { sources: ['CommandPool', 'createPool'], specs: 'createPool' },
  processes: {
    sources: ['process/{launch,refusal,posixTree,windowsTree,batchFile,guard,zombies,Tail}'],
    specs: 'process/|faults/(descendants|spawning)',
  },
  testing: { sources: ['testing/*'], specs: 'testing' },
};

/** The specs that are shown what those did not see: all but those that are long, or start hosts of their own. */
export const others =
  '(?!bounds|soak|program|examples|recipes|shellSafety|tsdoc|faults/(host|guard|shortage|crowd|floods|unsent)).*';
