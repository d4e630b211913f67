import fc from 'fast-check';

// For `npm run mutate`, which runs the specs thousands of times.
// eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor must be given to each property
fc.configureGlobal({ interruptAfterTimeLimit: 1_000 });
