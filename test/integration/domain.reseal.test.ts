import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { type Call, createCall } from '../../src/domain/call.ts';
import { deleteConfig } from '../../src/domain/config/delete.ts';
import { reseal } from '../../src/domain/config/reseal.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { claimIdempotencyKey, findAnswer, keepAnswer } from '../../src/domain/idempotency.ts';
import { createServices } from '../../src/domain/services.ts';
import { createWebhook } from '../../src/domain/webhooks/create.ts';
import { rotateWebhookSecret } from '../../src/domain/webhooks/rotate-secret.ts';
import { DomainWorld } from '../support/domain-world.ts';
import { readSecrets } from '../support/webhook-secrets.ts';

const oldKey = 'the encryption key that is to be left behind';
const newKey = 'the encryption key that takes its place now';
const thirdKey = 'a third key that nobody has ever used before';

/** More than two batches of a hundred values, more than one of answers, and none of secrets, which is looked for too. */
const [entryCount, answerCount] = [250, 120];
const batches = 3 + 2 + 1;

let world: DomainWorld;
let tenant: Tenant;
/** The same installation to processes with these keys. */
let [before, during, after]: Call[] = [];

beforeEach(async () => {
  world = await DomainWorld.open();
  tenant = await world.root();
  [before, during, after] = [withKeys(oldKey), withKeys(newKey, oldKey), withKeys(newKey)];
  for (let start = 0; start < entryCount; start += 125) {
    const entries = Array.from({ length: 125 }, (_, n) => ({
      key: `k${start + n}`,
      value: start + n,
      sensitive: true,
    }));
    await setConfigs(before, { tenantId: tenant.id, entries });
  }
});
afterEach(() => world[Symbol.asyncDispose]());

function withKeys(...encryptionKeys: [string, ...string[]]): Call {
  const { database, limits } = world.services;
  const apiKeys = { hmacSecret: 'a secret to hash keys for tests', prefix: 'sk_test_' } as const;
  return createCall(createServices({ database, limits, encryptionKeys, apiKeys }), world.admin);
}

const set = (call: Call, key: string, value: unknown) =>
  setConfig(call, { tenantId: tenant.id, input: { key, value, sensitive: true } });

async function values(call: Call): Promise<Record<string, unknown>> {
  const entries = (await world.config(tenant, call)) ?? [];
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
}

const withRequest = (call: Call, n: number): Call => ({ ...call, idempotency: { key: `r${n}`, fingerprint: 'same' } });

async function keepAnswers(count = answerCount): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const call = withRequest(before!, n);
    await claimIdempotencyKey(call, call.db);
    await keepAnswer(call, { status: 201, body: { answer: n } });
  }
}

const answers = (call: Call, count = answerCount) =>
  Promise.all(Array.from({ length: count }, (_, n) => findAnswer(withRequest(call, n))));

/** How many envelopes are not of the new key. */
async function left(): Promise<{ entries: number; answers: number }> {
  const mark = after!.secrets.currentMark;
  const [row] = await world.sql<{ entries: number; answers: number }>(
    `select (select count(*)::int from config_entries where not starts_with(ciphertext, $1)) as entries,
            (select count(*)::int from idempotency_keys where not starts_with(body, $1)) as answers`,
    [mark],
  );
  return row!;
}

const events = () =>
  world.sql(`select ledger_id, tenant_id, actor_type, actor_id, before, after from events where type = 'encryption.key_rotated'
    order by revision`);

const event = (entries: number) => ({
  ledger_id: '00000000-0000-0000-0000-000000000000',
  tenant_id: null,
  actor_type: 'system',
  actor_id: 'test',
  before: null,
  after: { config_entries: entries, webhook_secrets: 0 },
});

/** `call`, in which something happens every time a batch was read and before it is replaced. */
function interposed(call: Call, happen: () => Promise<unknown>): Call {
  const query: typeof call.database.query = async <Row extends object>(statement: Parameters<typeof query>[0]) => {
    const rows = await call.database.query<Row>(statement);
    await happen();
    return rows;
  };
  return { ...call, database: { ...call.database, query } };
}

describe('resealing', () => {
  test('leaves nothing of the old key, changes no value, and is one event of the installation', async () => {
    await keepAnswers();
    const [expected, kept] = [await values(before!), await answers(before!)];
    const tenantBefore = await world.read(tenant);

    expect(await reseal(during!)).toEqual({
      entries: entryCount,
      answers: answerCount,
      webhookSecrets: 0,
      unreadable: 0,
    });

    expect(await left()).toEqual({ entries: 0, answers: 0 });
    expect(await values(after!)).toEqual(expected);
    expect(await answers(after!)).toEqual(kept);
    expect(await world.read(tenant)).toEqual(tenantBefore);
    expect(await events()).toEqual([event(entryCount)]);
    expect(await world.invariants()).toEqual([]);
  });

  test('of what is sealed with the current key already changes nothing', async () => {
    await reseal(during!);
    const rows = await world.sql('select * from config_entries order by id');

    expect(await reseal(during!)).toEqual({ entries: 0, answers: 0, webhookSecrets: 0, unreadable: 0 });

    expect(await world.sql('select * from config_entries order by id')).toEqual(rows);
    expect(await events()).toHaveLength(1);
  });

  test.each([
    [1, { entries: 150, answers: 120 }],
    [2, { entries: 50, answers: 120 }],
    [3, { entries: 0, answers: 120 }],
    [4, { entries: 0, answers: 20 }],
    [batches, { entries: 0, answers: 0 }],
  ])('stopped after batch %i leaves all of it readable, and a repetition finishes it', async (stop, remaining) => {
    await keepAnswers();
    const [expected, kept] = [await values(before!), await answers(before!)];
    let done = 0;
    const stopped = reseal(during!, () => {
      done += 1;
      if (done === stop) {
        throw new Error('the machine went down');
      }
    });
    await expect(stopped).rejects.toThrow('the machine went down');

    expect(await left()).toEqual(remaining);
    expect(await values(during!)).toEqual(expected);
    expect(await answers(during!)).toEqual(kept);

    expect(await reseal(during!)).toEqual({ ...remaining, webhookSecrets: 0, unreadable: 0 });
    expect(await values(after!)).toEqual(expected);
    expect(await answers(after!)).toEqual(kept);
    // What ended before its event is not recorded: the repetition records what it did itself.
    expect(await events()).toEqual(stop === batches ? [] : [event(remaining.entries)]);
    expect(await world.invariants()).toEqual([]);
  });

  test('loses nothing that is written between the reading of a batch and its replacement', async () => {
    const expected = await values(before!);
    let times = 0;
    const result = await reseal(
      interposed(during!, async () => {
        times += 1;
        if (times === 1) {
          await set(during!, 'k0', 'by a process with the new key');
          await set(withKeys(oldKey, newKey), 'k1', 'by a process that still seals with the old key');
          await setConfig(during!, { tenantId: tenant.id, input: { key: 'k2', value: 'open', sensitive: false } });
          await deleteConfig(during!, { tenantId: tenant.id, key: 'k3' });
        }
      }),
    );

    expect(result).toEqual({ entries: entryCount - 4, answers: 0, webhookSecrets: 0, unreadable: 0 });
    const { k3: _, ...kept } = expected;
    const changed = {
      ...kept,
      k0: 'by a process with the new key',
      k1: 'by a process that still seals with the old key',
      k2: 'open',
    };
    expect(await values(during!)).toEqual(changed);
    expect(await left()).toEqual({ entries: 1, answers: 0 });
    expect(await reseal(during!)).toEqual({ entries: 1, answers: 0, webhookSecrets: 0, unreadable: 0 });
    expect(await values(after!)).toEqual(changed);
    expect(await events()).toEqual([event(entryCount - 4), event(1)]);
  });

  test('waits for a row that somebody is writing, and then leaves it as they wrote it', async () => {
    const client = await world.database.pool.connect();
    const envelope = during!.secrets.seal('theirs', `config:${tenant.id}:k7`);
    await client.query('begin');
    await client.query("update config_entries set ciphertext = $1 where key = 'k7'", [envelope]);
    const resealed = reseal(during!);
    await world.untilOneWaits();
    await client.query('commit');
    client.release();

    expect(await resealed).toEqual({ entries: entryCount - 1, answers: 0, webhookSecrets: 0, unreadable: 0 });
    expect((await values(after!))['k7']).toBe('theirs');
  });

  test('goes along with writers all the while', async () => {
    const expected = await values(before!);
    const write = async (first: number) => {
      for (let n = first; n < entryCount; n += 25) {
        await set(during!, `k${n}`, `changed ${n}`);
        expected[`k${n}`] = `changed ${n}`;
      }
    };
    const [{ unreadable }] = await Promise.all([reseal(during!), write(0), write(5), write(24)]);

    expect({ unreadable, ...(await left()) }).toEqual({ unreadable: 0, entries: 0, answers: 0 });
    expect(await values(after!)).toEqual(expected);
    expect(await world.invariants()).toEqual([]);
  });

  test('by two at once is done once: together they count each row one time', async () => {
    await keepAnswers();
    const expected = await values(before!);
    const both = await Promise.all([reseal(during!), reseal(during!)]);

    expect(both.reduce((sum, { entries }) => sum + entries, 0)).toBe(entryCount);
    expect(both.reduce((sum, one) => sum + one.answers, 0)).toBe(answerCount);
    expect(await left()).toEqual({ entries: 0, answers: 0 });
    expect(await values(after!)).toEqual(expected);
    expect(await world.invariants()).toEqual([]);
  });
});

describe('secrets of webhooks', () => {
  const input = { url: 'https://hooks.example.com/x', events: ['*'] };

  /** Webhooks with two secrets each, by the process with the old key; and what they are signed with. */
  async function newWebhooks(count: number): Promise<[ids: string[], secrets: string[][]]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const { webhook } = await createWebhook(before!, { input: { ...input, tenantId: n < 90 ? tenant.id : null } });
      await rotateWebhookSecret(before!, webhook);
      ids.push(webhook.id);
    }
    return [ids, await secretsOf(before!, ids)];
  }

  const secretsOf = (call: Call, ids: readonly string[]) => Promise.all(ids.map((id) => readSecrets(call, id)));

  test('go along, the old ones that still count too, and are counted in the event', async () => {
    const [ids, secrets] = await newWebhooks(101);
    expect(await reseal(during!)).toEqual({
      entries: entryCount,
      answers: 0,
      webhookSecrets: 202,
      unreadable: 0,
    });
    expect(await secretsOf(after!, ids)).toEqual(secrets);
    await expect(readSecrets(before!, ids[0]!)).rejects.toThrow('no encryption key');
    expect(await events()).toMatchObject([{ after: { config_entries: entryCount, webhook_secrets: 202 } }]);
    expect(await reseal(during!)).toEqual({ entries: 0, answers: 0, webhookSecrets: 0, unreadable: 0 });
  });

  test('that no key opens, or that are of another webhook, are counted and stay as they are', async () => {
    const [[one, other]] = await newWebhooks(2);
    await world.sql(
      `update webhook_secrets set envelope = (select envelope from webhook_secrets where webhook_id = $1 limit 1)
       where webhook_id = $2 and ends_at is null`,
      [one, other],
    );
    await world.sql("update webhook_secrets set envelope = 'none' where webhook_id = $1 and ends_at is null", [one]);
    expect(await reseal(during!)).toMatchObject({ webhookSecrets: 2, unreadable: 2 });
    expect(await world.sql("select 1 from webhook_secrets where envelope = 'none'")).toHaveLength(1);
  });

  test('stay as somebody writes them between the reading of a batch and its replacement', async () => {
    const [[id]] = await newWebhooks(1);
    await reseal(
      interposed(during!, () =>
        rotateWebhookSecret(during!, { id: id!, secret: 'meanwhile, the new key', overlapSeconds: 0 }),
      ),
    );
    expect(await readSecrets(after!, id!)).toEqual(['meanwhile, the new key']);
  });
});

describe('an envelope that no key opens', () => {
  test('is counted and stays as it is, and holds up nothing else', async () => {
    await keepAnswers(3);
    const foreign = withKeys(thirdKey).secrets.seal('lost', `config:${tenant.id}:k0`);
    await world.sql("update config_entries set ciphertext = $1 where key = 'k0'", [foreign]);
    await world.sql("update config_entries set ciphertext = 'no envelope' where key = 'k120'");
    // An envelope that was moved to another key is none of its: it must not be made one.
    await world.sql(
      "update config_entries set ciphertext = (select ciphertext from config_entries where key = 'k5') where key = 'k240'",
    );
    await world.sql("update idempotency_keys set body = 'no envelope' where key = 'r1'");
    const rows = () =>
      world.sql("select key, ciphertext from config_entries where key in ('k0', 'k120', 'k240') order by key");
    const untouched = await rows();

    expect(await reseal(during!)).toEqual({ entries: entryCount - 3, answers: 2, webhookSecrets: 0, unreadable: 4 });

    expect(await rows()).toEqual(untouched);
    expect(await left()).toEqual({ entries: 3, answers: 1 });
    expect(await events()).toEqual([event(entryCount - 3)]);
  });

  test('is no event when there was nothing else', async () => {
    await keepAnswers(1);
    expect(await reseal(withKeys(thirdKey))).toEqual({
      entries: 0,
      answers: 0,
      webhookSecrets: 0,
      unreadable: entryCount + 1,
    });
    expect(await events()).toEqual([]);
    expect(await values(before!)).toMatchObject({ k0: 0, k249: 249 });
  });

  test('does not count when it is an answer that is forgotten', async () => {
    await keepAnswers(2);
    await world.sql(
      "update idempotency_keys set body = 'no envelope', created_at = now() - interval '25 hours' where key = 'r0'",
    );
    expect(await reseal(during!)).toEqual({ entries: entryCount, answers: 1, webhookSecrets: 0, unreadable: 0 });
  });
});
