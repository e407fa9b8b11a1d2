import { type Config, ConfigError, inProduction, readConfig, settings } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Logger } from './log.ts';

type Pool = Database['pool'];

/** How `Stratum` is opened. Everything can be left out: then a PostgreSQL that comes with the package is started in `dataDir`. */
export interface StratumOptions {
  /** A pool of the package `pg`, which stays yours: `close` does not end it. */
  readonly pool?: Pool;
  /** The PostgreSQL server (15 or later) to use, as a URL. */
  readonly connectionString?: string;
  /** Creates and updates the tables when it is opened; true for the embedded database alone, unless told. */
  readonly autoMigrate?: boolean;
  /** The folder of the embedded database and of the secrets that are made outside production: `.stratum` unless told. */
  readonly dataDir?: string;
  /** Encrypts sensitive values: 32 random bytes or more. Required in production; elsewhere one is made and kept in `dataDir`. */
  readonly encryptionKey?: string;
  /** The key before a rotation: still opens what it has encrypted. */
  readonly previousEncryptionKey?: string;
  /** Hashes API keys: 32 random bytes or more. Required in production; elsewhere one is made and kept in `dataDir`. */
  readonly apiKeyHmacSecret?: string;
  /** How API keys begin that are issued here: `sk_live_` unless told. */
  readonly keyPrefix?: 'sk_live_' | 'sk_test_';
  /** Hears what a person should know; nothing is written anywhere else. */
  readonly logger?: Logger;
  /** Whether webhooks are sent from here: false unless told. */
  readonly worker?: boolean;
  /** Database connections at most, unless there is a `pool`: 2 or more, 20 unless told. */
  readonly poolSize?: number;
  /** Levels of tenants below a root at most: 64 unless told. */
  readonly maxDepth?: number;
  /** How long a call or a request may take: 10 seconds unless told. */
  readonly requestTimeoutMs?: number;
  /** Lets webhooks call addresses that are not public: for development. Refused in production. */
  readonly allowPrivateWebhooks?: boolean;
  /** An API key with every right, for the mounted server. */
  readonly bootstrapKey?: string;
  /** The mounted server accepts tokens signed with this secret (HS256). */
  readonly jwtSecret?: string;
  /** It accepts tokens signed with the keys that an issuer publishes here. Needs `jwtIssuer` and `jwtAudience`. */
  readonly jwksUrl?: string;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  readonly jwtTenantClaim?: string;
  readonly jwtScopesClaim?: string;
  /** How many requests a caller of the mounted server may send in `rateLimitWindow`: 10,000 in `1 minute` unless told. */
  readonly rateLimitMax?: number;
  readonly rateLimitWindow?: string;
  /** The web origins whose pages may call the mounted server. */
  readonly allowedOrigins?: readonly string[];
  /** Whether its GraphQL answers questions about its schema: true, but false in production, unless told. */
  readonly introspection?: boolean;
  /** The addresses or networks of the proxies in front of it, whose `X-Forwarded-For` is believed. */
  readonly trustProxy?: readonly string[];
  /** Where requests are counted for all processes together, and commits are announced. */
  readonly redisUrl?: string;
}

/** The options as what they are made of. */
export interface Chosen extends Pick<StratumOptions, 'pool' | 'keyPrefix' | 'logger'> {
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

const kinds = {
  pool: (value: unknown) => isPool(value) || 'must be a Pool of the package pg',
  keyPrefix: (value: unknown) => value === 'sk_live_' || value === 'sk_test_' || 'must be sk_live_ or sk_test_',
  logger: (value: unknown) => isLogger(value) || 'must have the methods error, warn, info and debug',
};

/**
 * Checks the options by the rules that the configuration of the server has.
 * @throws {ConfigError} With every mistake there is, by the names of the options.
 */
export function chooseOptions(options: StratumOptions): Chosen {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const problems = [...problemsOf(given), ...productionProblems(given)];
  const config = problems.length === 0 ? configOf(given, problems) : null;
  if (config === null || problems.length > 0) {
    throw new ConfigError(problems);
  }
  const { pool, keyPrefix, logger } = options;
  return { config, ...(pool && { pool }), ...(keyPrefix && { keyPrefix }), ...(logger && { logger }) };
}

type Given = Readonly<Record<string, unknown>>;

function problemsOf(given: Given): string[] {
  const unknown = Object.keys(given).filter((name) => !(name in names) && !(name in kinds));
  const misfits = Object.entries(kinds).flatMap(([name, fits]) => {
    const fit = name in given ? fits(given[name]) : true;
    return fit === true ? [] : [`${name} ${fit}`];
  });
  const both = 'pool' in given && 'connectionString' in given ? ['pool and connectionString exclude each other'] : [];
  return [...unknown.map((name) => `${name} is no option`), ...misfits, ...both];
}

/** What the server refuses in production, a library refuses too. */
function productionProblems(given: Given): string[] {
  if (!inProduction()) {
    return [];
  }
  const missing = ['encryptionKey', 'apiKeyHmacSecret'].filter((name) => !(name in given));
  const isEmbedded = !('pool' in given || 'connectionString' in given);
  return [
    ...(isEmbedded ? ['pool or connectionString is required when NODE_ENV is production'] : []),
    ...missing.map((name) => `${name} is required when NODE_ENV is production`),
    ...(given['allowPrivateWebhooks'] === true
      ? ['allowPrivateWebhooks must be false when NODE_ENV is production']
      : []),
  ];
}

/**
 * The options in the words of the configuration, which are text. Whatever is around us, the server that a program mounts is as strict as in
 * production: it has no key that everybody knows, and no playground.
 */
function configOf(given: Given, problems: string[]): Config | null {
  const isEmbedded = !('pool' in given || 'connectionString' in given);
  const usual = { autoMigrate: isEmbedded, worker: false, introspection: !inProduction(), allowedOrigins: [] };
  const chosen = Object.entries({ ...usual, ...given }).filter(([name]) => name in names);
  const variables = chosen.map(([name, value]) => [variableOf(name), textOf(value)]);
  try {
    const config = readConfig(Object.fromEntries(variables));
    const logLevel = given['logger'] === undefined ? 'silent' : 'info';
    return { ...config, nodeEnv: 'production', playground: false, logLevel };
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
