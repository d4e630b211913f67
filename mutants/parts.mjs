// What is changed together, and the specs that should see it: those that are about it, and are quick. A change
// that only others would see counts as not seen.
const modelled = 'model|worker|life|faults/(exits|input|output|policies|restarts|stopping|unsent)';

export const parts = {
  framing: { sources: ['framing/*'], specs: 'framing/' },
  processes: {
    sources: [
      'process/{launch,refusal,posixTree,windowsTree,batchFile,guard,zombies}',
      'command',
      'process/Tail',
    ],
    specs: 'process/|command|faults/(descendants|exits|spawning|guard|shortage)',
  },
  input: {
    sources: ['process/{InputQueue,Inlet}', 'InputSubject', 'pour', 'feed'],
    specs: 'process/InputQueue|InputSubject|pour|feed|model|faults/(input|unsent)',
  },
  run: { sources: ['process/{Run,StopLadder,Aftermath}'], specs: `${modelled}|faults/descendants` },
  lives: {
    sources: ['RunLane', 'Supervisor', 'life', 'fromCommand'],
    specs: `${modelled}|fromCommand`,
  },
  worker: {
    sources: ['worker', 'StatusSubject', 'Broadcast', 'Brake', 'OutputIterator', 'imperative'],
    specs: 'StatusSubject|Broadcast|Brake|OutputIterator|worker|imperative',
  },
  options: {
    sources: ['options', 'check', 'errors', 'status', 'clock'],
    specs: 'options|errors|clock|operators/restartOnExit|createPool|model|types',
  },
  operators: {
    sources: ['operators/*', 'askByKey', 'askInTurn', 'Turns', 'abortable', 'WaitingLine'],
    specs: 'operators/|Turns|abortable|WaitingLine',
  },
  pool: { sources: ['createPool'], specs: 'createPool' },
  testing: { sources: ['testing/*'], specs: 'testing' },
};
