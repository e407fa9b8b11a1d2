import { v7 as uuidv7 } from 'uuid';
import type { Call } from '../call.ts';
import { beneathPath, invalidField } from '../errors.ts';
import { assertHomeActive, assertInstallation, type LockedHome, lockedHome, scopeOfHome } from '../home.ts';
import { type Write, write } from '../ledger/write.ts';
import { parse } from '../validation.ts';
import { lockedWebhook } from './find.ts';
import { type CreateWebhookInput, createWebhookInput } from './input.ts';
import { type WebhookWithSecret, webhookState } from './rows.ts';
import { keepSecret } from './secrets.ts';
import { newWebhookSecret } from './signature.ts';
import { callableUrl } from './url.ts';

/** Each is looked at for each event. */
export const maxWebhooks = 100;

/**
 * Makes a webhook of an active tenant, which is told of what happens there and below, or of the whole installation. It hears of its own making
 * if it listens for that, and of nothing before. Makes a secret too, unless one is given.
 */
export async function createWebhook(call: Call, { input }: { input: CreateWebhookInput }): Promise<WebhookWithSecret> {
  const { tenantId = null, secret: given, ...wanted } = parse(createWebhookInput, input, ['input']);
  const url = callableUrl(call, wanted.url);
  if (tenantId === null) {
    assertInstallation(call.principal, 'make webhooks of the installation');
  }
  return write(call, scopeOfHome(tenantId), async (write) => {
    const home = lockedHome(write, tenantId);
    assertHomeActive(home);
    await assertRoom(write, home);
    const { tenant, ledger } = home;
    const id = uuidv7();
    await write.db.$executeRaw`
      insert into webhooks (id, tenant_key, root_id, url, events, subtree, ordered, description)
      values (${id}::uuid, ${tenant?.key ?? null}, ${tenant?.rootId ?? null}::uuid, ${url}, ${wanted.events}::text[],
        ${wanted.subtree ?? true}, ${wanted.ordered ?? false}, ${wanted.description ?? null})`;
    const secret = given ?? newWebhookSecret();
    await keepSecret(write, id, secret);
    const webhook = await lockedWebhook(write, id);
    ledger.append({ type: 'webhook.created', tenant, after: webhookState(webhook) });
    return { webhook, secret: given ? null : secret };
  });
}

async function assertRoom({ db }: Write, { tenant }: LockedHome): Promise<void> {
  if ((await db.webhook.count({ where: { tenantKey: tenant?.key ?? null } })) >= maxWebhooks) {
    const message = `has ${maxWebhooks} webhooks, and can't have more`;
    throw beneathPath(invalidField('tenantId', message, 'too_many'), ['input']);
  }
}
