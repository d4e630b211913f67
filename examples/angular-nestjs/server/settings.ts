/** Where the application listens. */
export const port = Number(process.env['PORT'] ?? 4200);

/** The pages that may connect: this application's own, by the addresses under which it is reached. */
export const origins: readonly string[] = process.env['ORIGINS']?.split(',') ?? [
  `http://localhost:${port}`,
  `http://127.0.0.1:${port}`,
];
