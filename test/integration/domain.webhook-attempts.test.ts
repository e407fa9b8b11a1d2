import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import { putOff, recordAttempt } from '../../src/domain/webhooks/attempt.ts';
import { createWebhook } from '../../src/domain/webhooks/create.ts';
import { findDue } from '../../src/domain/webhooks/due.ts';
import { DomainWorld } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(() => {
  vi.useRealTimers();
});

const failure = {
  ok: false,
  responseCode: 500,
  responseBody: null,
  error: 'HTTP 500',
  startedAt: new Date(),
  durationMs: 5,
  retryAfterMs: null,
  isGone: false,
};
const policy = { scheduleMs: [600_000, 600_000], jitter: 0, giveUpAfterMs: 5 * 86_400_000 };

/** A webhook of a tenant with a delivery that is due. */
async function due(tenant: Tenant): Promise<{ webhookId: string; deliveryId: string }> {
  const input = { tenantId: tenant.id, url: 'https://hooks.example.com/x', events: ['config.updated'] };
  const { webhook } = await createWebhook(world.admin, { input });
  await setConfig(world.admin, { tenantId: tenant.id, input: { key: 'a', value: 1 } });
  const [delivery] = await world.sql<{ id: string }>('select id from webhook_deliveries where webhook_id = $1', [
    webhook.id,
  ]);
  return { webhookId: webhook.id, deliveryId: delivery!.id };
}

test.each([
  ['behind', -3_600_000],
  ['ahead', 3_600_000],
])(
  'a process whose clock is an hour %s tries again when the schedule says: one clock counts, that of the database',
  async (_how, skewMs) => {
    const { webhookId, deliveryId } = await due(await world.root());
    const delivery = (await findDue(world.admin, deliveryId))!;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + skewMs });
    expect(await recordAttempt(world.admin, delivery, failure, policy)).toEqual({ outcome: 'retry', ordered: false });
    const times = `select extract(epoch from next_attempt_at - now())::float8 as attempt, extract(epoch from run_at - now())::float8 as job
    from webhook_deliveries d join graphile_worker.jobs j on j.key = 'delivery:' || d.id where d.id = $1`;
    const [retry] = await world.sql<{ attempt: number; job: number }>(times, [deliveryId]);
    expect(retry!.attempt).toBeGreaterThan(0);
    expect(retry!.attempt).toBeLessThanOrEqual(600);
    expect(retry!.job).toBeCloseTo(retry!.attempt, 2);
    await putOff(world.admin, { deliveryId, webhookId }, 900_000);
    const [later] = await world.sql<{ job: number }>(times, [deliveryId]);
    expect(later!.job).toBeGreaterThan(600);
    expect(later!.job).toBeLessThanOrEqual(900);
  },
);
