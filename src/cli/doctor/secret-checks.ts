import { developmentKeyAllowed, settings } from '../../config.ts';
import { Prisma } from '../../db/generated/prisma/client.ts';
import { secretContext } from '../../domain/config/resolved.ts';
import { webhookSecretContext } from '../../domain/webhooks/secrets.ts';
import { count } from '../count.ts';
import { bad, type Check, type Finding, good, type Patient, unknown } from './check.ts';

export const configuration: Check = {
  name: 'configuration',
  level: 'failure',
  advice: 'set what is named, as the server has it; docs/configuration.md lists every setting',
  examine: async ({ config, configProblems }) =>
    config === null ? bad(configProblems.join('; ')) : good(`complete, for ${config.nodeEnv}`),
};

/** Outside production secrets are made where none are given; that is only right where the data folder goes along. */
export const secretsKept: Check = {
  name: 'secrets',
  level: 'warning',
  advice:
    'set them for every process that works on this database, or each makes its own and can not read what others wrote',
  examine: async ({ config }) => {
    if (config === null) {
      return unknown('not known while the configuration is wrong');
    }
    const needed = [
      [settings.encryptionKey.name, config.encryptionKey],
      [settings.apiKeyHmacSecret.name, config.apiKeyHmacSecret],
    ] as const;
    const missing = needed.filter(([, value]) => value === null).map(([name]) => name);
    if (missing.length === 0) {
      return good('both are set');
    }
    // The rule for the development key: a database of this machine is a developer's own.
    return developmentKeyAllowed(config)
      ? good(`generated, in ${config.dataDir}`)
      : bad(`not set, though the database is another machine's: ${missing.join(', ')}`);
  },
};

interface Sealed {
  readonly envelope: string;
  readonly tenantId: string | null;
  /** The key of a config entry, or the id of a webhook. */
  readonly name: string;
}

export const encryption: Check = {
  name: 'encryption',
  level: 'failure',
  advice: 'set STRATUM_ENCRYPTION_KEY, or STRATUM_ENCRYPTION_KEY_PREVIOUS, to the key that sealed them',
  examine: examineEncryption,
};

/** One value of each key that has sealed something is opened. */
async function examineEncryption({ query, secrets }: Patient): Promise<Finding> {
  const sealed = await query<Sealed>(Prisma.sql`
    select distinct on (split_part(envelope, ':', 2)) * from (
      select c.ciphertext as envelope, t.id as "tenantId", c.key as name
      from config_entries c join tenants t on t.key = c.tenant_key where c.ciphertext is not null
      union all select envelope, null, webhook_id::text from webhook_secrets
    ) sealed order by split_part(envelope, ':', 2), name`);
  if (sealed.length === 0) {
    return good('nothing is sealed yet');
  }
  if (secrets === null) {
    return bad('there are sealed values, and no key to open them');
  }
  const closed = sealed.filter(({ envelope, tenantId, name }) => {
    try {
      secrets.open(envelope, tenantId === null ? webhookSecretContext(name) : secretContext(tenantId, name));
      return false;
    } catch {
      return true;
    }
  });
  const keys = count(sealed.length, 'key');
  return closed.length === 0
    ? good(`a value sealed by each of ${keys} opens`)
    : bad(`values sealed by ${closed.length} of ${keys} do not open`);
}
