import { version } from '../app.ts';
import type { Config } from '../config.ts';
import { createCall, type Services } from '../domain/call.ts';
import { omniscient } from '../domain/principal.ts';
import type { Outcome } from '../domain/webhooks/attempt.ts';
import { createWebhookSender } from '../workers/webhook-request.ts';
import { startWorker, type Worker, type WorkerOptions } from '../workers/worker.ts';

export interface OpenWorkerOptions {
  readonly config: Config;
  readonly services: Services;
  readonly log: WorkerOptions['log'];
  readonly onAttempt?: ((outcome: Outcome, seconds: number) => void) | null;
}

/** Up to this share of a pause between tries is added by chance. */
const jitter = 0.1;

/** A worker as the configuration wants it. */
export function openWorker({ config, services, log, onAttempt }: OpenWorkerOptions): Worker {
  const principal = { ...omniscient, id: 'worker' };
  return startWorker({
    connection: services.database.direct,
    concurrency: config.workerConcurrency,
    leaseMs: config.webhookTimeoutMs * 3,
    retentionMs: config.webhookRetentionMs,
    log,
    call: createCall(services, { principal, requestId: null, sourceIp: null }),
    sender: createWebhookSender({
      allowPrivate: config.allowPrivateWebhooks,
      timeoutMs: config.webhookTimeoutMs,
      version,
    }),
    limits: { perWebhook: config.webhookEndpointConcurrency, inAll: config.webhookConcurrency },
    retry: { scheduleMs: config.webhookSchedule, jitter, giveUpAfterMs: config.webhookGiveUpMs },
    onAttempt: onAttempt ?? null,
  });
}
