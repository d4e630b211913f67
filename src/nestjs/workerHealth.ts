import type { ReactiveWorker } from '../contract/ReactiveWorker.js';

/** The part of a worker or pool that a health check reads. */
export type HealthSource = Pick<ReactiveWorker, 'status$'>;

/** The result of a health check of `@nestjs/terminus`: `up` or `down`, and details. */
export interface WorkerHealth {
  /** Whether requests are answered now. */
  readonly status: 'up' | 'down';
  /** `state` and `generation`, or `running` and `size`. */
  readonly [detail: string]: string | number;
}

/**
 * Reports the health of a worker or pool to `@nestjs/terminus`: `up` while its program is running, with `state` and
 * `generation`; a pool while one of its programs is, with how many are `running` of `size`. Names no command, path or
 * error, since health is often public.
 *
 * @example
 * ```ts
 * class HealthController {
 *   constructor(
 *     private readonly health: HealthCheckService,
 *     @InjectWorker('engine') private readonly engine: ReactiveWorker,
 *   ) {}
 *
 *   // @Get('health') @HealthCheck()
 *   check() {
 *     return this.health.check([() => workerHealth('engine', this.engine)]);
 *   }
 * }
 * ```
 *
 * @param key - what it is called in the answer.
 * @param worker - a worker or pool.
 * @returns the health, now.
 */
export function workerHealth<Key extends string>(
  key: Key,
  worker: HealthSource | { readonly workers: readonly HealthSource[] },
): Record<Key, WorkerHealth> {
  const health = 'workers' in worker ? healthOfPool(worker.workers) : healthOfWorker(worker);
  return { [key]: health } as Record<Key, WorkerHealth>;
}

function healthOfWorker(worker: HealthSource): WorkerHealth {
  const { value } = worker.status$;
  const generation = 'generation' in value ? { generation: value.generation } : {};
  return { status: isUp(worker) ? 'up' : 'down', state: value.state, ...generation };
}

function healthOfPool(workers: readonly HealthSource[]): WorkerHealth {
  const running = workers.filter(isUp).length;
  return { status: running > 0 ? 'up' : 'down', running, size: workers.length };
}

const isUp = ({ status$ }: HealthSource): boolean => status$.value.state === 'running';
