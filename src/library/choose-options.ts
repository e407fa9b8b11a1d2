import { type Config, ConfigError, inProduction, readConfig, settings } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { StratumOptions } from './options.ts';

/** The options as what they are made of. */
export interface Chosen extends Pick<StratumOptions, 'keyPrefix' | 'logger'> {
  readonly pool?: Pool;
  readonly tenantPool?: Pool;
  readonly config: Config;
}

const names = {
  connectionString: 'databaseUrl',
  autoMigrate: 'migrate',
  ...same(
    'dataDir',
    'encryptionKey',
    'previousEncryptionKey',
    'apiKeyHmacSecret',
    'worker',
    'poolSize',
    'maxDepth',
    'requestTimeoutMs',
    'allowPrivateWebhooks',
    'bootstrapKey',
    'jwtSecret',
    'jwksUrl',
    'jwtIssuer',
    'jwtAudience',
    'jwtTenantClaim',
    'jwtScopesClaim',
    'rateLimitMax',
    'rateLimitWindow',
    'allowedOrigins',
    'introspection',
    'trustProxy',
    'redisUrl',
  ),
} satisfies Record<string, keyof typeof settings>;

const fitsPool = (value: unknown) => isPool(value) || 'must be a Pool of the package pg';

const kinds = {
  pool: fitsPool,
  tenantPool: fitsPool,
  keyPrefix: (value: unknown) => value === 'sk_live_' || value === 'sk_test_' || 'must be sk_live_ or sk_test_',
  logger: (value: unknown) => isLogger(value) || 'must have the methods error, warn, info and debug',
};

/**
 * Checks the options by the rules that the configuration of the server has.
 * @throws {ConfigError} With every mistake there is, by the names of the options.
 */
export function chooseOptions(options: StratumOptions): Chosen {
  // As with variables of the environment, what is empty is not there.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== ''));
  const problems = [...problemsOf(given), ...productionProblems(given)];
  const config = problems.length === 0 ? configOf(given, problems) : null;
  if (config === null || problems.length > 0) {
    throw new ConfigError(problems);
  }
  const { pool, tenantPool, keyPrefix, logger } = options;
  // They have what makes one; that was looked at.
  const pools = { ...(pool && { pool: pool as Pool }), ...(tenantPool && { tenantPool: tenantPool as Pool }) };
  return { config, ...pools, ...(keyPrefix && { keyPrefix }), ...(logger && { logger }) };
}

type Pool = Database['pool'];
type Given = Readonly<Record<string, unknown>>;

function problemsOf(given: Given): string[] {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn({ ...names, ...kinds }, name));
  const untold = Object.keys(names).filter((name) => name in given && !isTellable(given[name]));
  const misfits = Object.entries(kinds).flatMap(([name, fits]) => {
    const fit = name in given ? fits(given[name]) : true;
    return fit === true ? [] : [`${name} ${fit}`];
  });
  const both = 'pool' in given && 'connectionString' in given ? ['pool and connectionString exclude each other'] : [];
  return [
    ...unknown.map((name) => `${name} is no option`),
    ...untold.map((name) => `${name} must be text, a number, true or false, or a list`),
    ...misfits,
    ...both,
  ];
}

/** What the server refuses in production, a library refuses too. */
function productionProblems(given: Given): string[] {
  if (!inProduction()) {
    return [];
  }
  const missing = ['encryptionKey', 'apiKeyHmacSecret'].filter((name) => !(name in given));
  return [
    ...(isEmbedded(given) ? ['pool or connectionString is required when NODE_ENV is production'] : []),
    ...missing.map((name) => `${name} is required when NODE_ENV is production`),
    ...(textOf(given['allowPrivateWebhooks']) === 'on'
      ? ['allowPrivateWebhooks must be false when NODE_ENV is production']
      : []),
  ];
}

/**
 * The options in the words of the configuration, which are text. Whatever is around us, the server that a program mounts is as strict as in
 * production: it has no key that everybody knows, and no playground.
 */
function configOf(given: Given, problems: string[]): Config | null {
  const usual = { autoMigrate: isEmbedded(given), worker: false, introspection: !inProduction() };
  const chosen = Object.entries({ ...usual, ...given }).filter(([name]) => name in names);
  const variables = chosen.map(([name, value]) => [variableOf(name), textOf(value)]);
  try {
    const config = readConfig(Object.fromEntries(variables));
    const logLevel = given['logger'] === undefined ? 'silent' : 'info';
    const allowedOrigins = 'allowedOrigins' in given ? config.allowedOrigins : [];
    return { ...config, nodeEnv: 'production', playground: false, logLevel, allowedOrigins };
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    problems.push(...error.problems.map(inOptions));
    return null;
  }
}

function variableOf(option: string): string {
  return settings[names[option as keyof typeof names]].name; // only names of the table come here
}

/** The configuration speaks of variables. */
function inOptions(problem: string): string {
  const byLength = Object.keys(names).sort((a, b) => variableOf(b).length - variableOf(a).length);
  return byLength.reduce((text, option) => text.replaceAll(variableOf(option), option), problem);
}

function isEmbedded(given: Given): boolean {
  return !('pool' in given || 'connectionString' in given);
}

function isTellable(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}

function isPool(value: unknown): boolean {
  const { connect, query, options } = (value ?? {}) as Partial<Pool>; // only looked at
  return typeof connect === 'function' && typeof query === 'function' && typeof options === 'object';
}

function isLogger(value: unknown): boolean {
  const logger = (value ?? {}) as Record<string, unknown>; // only looked at
  return ['error', 'warn', 'info', 'debug'].every((level) => typeof logger[level] === 'function');
}

function same<Name extends keyof typeof settings>(...list: Name[]): { [Key in Name]: Key } {
  return Object.fromEntries(list.map((name) => [name, name])) as { [Key in Name]: Key }; // each name stands for itself
}
