// What is changed together, and the specs that should see it: those that are about it, and are quick. A change
// that only others would see counts as not seen, so that the score is the least that is true.
export const parts = {
  framing: { sources: ['framing/*'], specs: 'framing/' },
  queue: { sources: ['process/InputQueue'], specs: 'process/InputQueue' },
  input: {
    sources: ['process/Inlet', 'InputSubject', 'pour', 'feed'],
    specs: 'InputSubject|pour|feed|faults/(input|unsent)',
  },
  run: {
    sources: ['process/{Run,StopLadder,Aftermath}'],
    specs: 'model|process/Aftermath|faults/(exits|output|stopping)|testing',
  },
  lives: {
    sources: ['RunLane', 'Supervisor', 'life'],
    specs: 'model|life|faults/(policies|restarts)',
  },
  restarts: {
    sources: ['operators/restartOnExit', 'clock', 'status'],
    specs: 'operators/restart|clock',
  },
  worker: {
    sources: [
      'worker',
      'StatusSubject',
      'Broadcast',
      'Brake',
      'OutputIterator',
      'operators/pacedMap',
    ],
    specs: 'StatusSubject|Broadcast|Brake|OutputIterator|operators/paced',
  },
  adapters: {
    sources: ['imperative', 'fromCommand', 'operators/through'],
    specs: 'imperative|fromCommand|operators/through',
  },
  options: { sources: ['options', 'check', 'errors', 'command'], specs: 'options|errors|command' },
  exchange: {
    sources: ['operators/exchange', 'askByKey', 'askInTurn', 'Turns', 'abortable', 'WaitingLine'],
    specs: 'operators/exchange|Turns|abortable|WaitingLine',
  },
  pool: { sources: ['createPool'], specs: 'createPool' },
  processes: {
    sources: ['process/{launch,refusal,posixTree,windowsTree,batchFile,guard,zombies,Tail}'],
    specs: 'process/|faults/(descendants|spawning)',
  },
  testing: { sources: ['testing/*'], specs: 'testing' },
};
