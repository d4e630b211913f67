export default {
  id: 'B7',
  work: 'run true 200 times, one after another',
  size: { full: { runs: 200 }, quick: { runs: 100 } },
  figures: [{ key: 'ms', name: 'time', goal: 1.1 }],

  async control({ spawn, closed }, { runs }) {
    for (let run = 0; run < runs; run++) {
      const child = spawn('true');
      child.stdout.resume();
      await closed(child);
    }
  },

  async ours({ library, exited }, { runs }) {
    for (let run = 0; run < runs; run++) await exited(library.createWorker('true'));
  },
};
