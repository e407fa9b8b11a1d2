import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, developmentKey, developmentKeyAllowed, readConfig, settings } from '../../src/config.ts';

const strongKey = 'k7Qz-2mfPx_9LwRt4Vb8Yc1Nd6Hs0Jg3';
const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://stratum:hunter2@db.internal:5432/stratum',
  STRATUM_ENCRYPTION_KEY: strongKey,
  STRATUM_API_KEY_HMAC_SECRET: `${strongKey}!`,
};

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
}

test('an empty environment is a development server with its own database', () => {
  expect(readConfig({})).toEqual({
    nodeEnv: 'development',
    host: '127.0.0.1',
    port: 3001,
    databaseUrl: null,
    dataDir: '.stratum',
    migrate: true,
    encryptionKey: null,
    directDatabaseUrl: null,
    previousEncryptionKey: null,
    apiKeyHmacSecret: null,
    bootstrapKey: null,
    jwtSecret: null,
    jwksUrl: null,
    jwtAlgorithms: ['RS256', 'ES256', 'EdDSA'],
    jwtIssuer: null,
    jwtAudience: null,
    jwtClockTolerance: 5,
    jwtTenantClaim: 'tenant_id',
    jwtScopesClaim: 'scopes',
    rateLimitMax: 10_000,
    rateLimitWindow: '1 minute',
    liveMax: 5_000,
    redisUrl: null,
    trustedDocuments: null,
    allowedOrigins: ['http://localhost:3000', 'http://localhost:3300'],
    requestTimeoutMs: 10_000,
    poolSize: 20,
    allowPrivateWebhooks: false,
    worker: true,
    workerConcurrency: 50,
    webhookConcurrency: null,
    webhookEndpointConcurrency: 8,
    webhookSchedule: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map((seconds) => seconds * 1_000),
    webhookTimeoutMs: 10_000,
    webhookGiveUpMs: 5 * 86_400_000,
    webhookRetentionMs: 30 * 86_400_000,
    maxDepth: 64,
    introspection: true,
    logLevel: 'info',
    metrics: false,
    metricsToken: null,
    shutdownGraceMs: 10_000,
    trustProxy: false,
    playground: true,
  });
});

test('an empty variable counts as unset', () => {
  const empty = Object.fromEntries(Object.values(settings).map(({ name }) => [name, '']));
  expect(readConfig(empty)).toEqual(readConfig({}));
});

test('production closes introspection and the playground, unless introspection is asked for', () => {
  expect(readConfig(production)).toMatchObject({ introspection: false, playground: false });
  expect(readConfig({ ...production, STRATUM_INTROSPECTION: 'on' })).toMatchObject({ introspection: true });
});

test('production names every secret and the database that are missing, in one answer', () => {
  expect(problemsOf({ NODE_ENV: 'production', DATABASE_URL: '' })).toEqual([
    'DATABASE_URL is required when NODE_ENV is production',
    'STRATUM_ENCRYPTION_KEY is required when NODE_ENV is production',
    'STRATUM_API_KEY_HMAC_SECRET is required when NODE_ENV is production',
  ]);
});

test('production does not let webhooks call private addresses', () => {
  expect(readConfig({ STRATUM_ALLOW_PRIVATE_WEBHOOKS: 'on' }).allowPrivateWebhooks).toBe(true);
  expect(readConfig(production).allowPrivateWebhooks).toBe(false);
  expect(problemsOf({ ...production, STRATUM_ALLOW_PRIVATE_WEBHOOKS: 'on' })).toEqual([
    'STRATUM_ALLOW_PRIVATE_WEBHOOKS must be off when NODE_ENV is production: tenants could reach what the server can reach',
  ]);
});

test('every mistake is reported at once, beside what production lacks', () => {
  const problems = problemsOf({ NODE_ENV: 'production', PORT: '99999', ALLOWED_ORIGINS: '*', STRATUM_MIGRATE: 'yes' });
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
    'PORT',
    'STRATUM_MIGRATE',
    'ALLOWED_ORIGINS',
    'DATABASE_URL',
    'STRATUM_ENCRYPTION_KEY',
    'STRATUM_API_KEY_HMAC_SECRET',
  ]);
});

test('a word that is not an environment is refused, and never taken for development', () => {
  expect(problemsOf({ NODE_ENV: 'prod' })).toEqual([
    'NODE_ENV must be one of development, test, production, but is "prod"',
  ]);
});

test('a wrong secret is named and never shown', () => {
  const secrets = {
    DATABASE_URL: 'mysql://root:hunter2@db/x',
    STRATUM_ENCRYPTION_KEY: 'hunter2-is-short',
    STRATUM_ENCRYPTION_KEY_PREVIOUS: 'hunter2-is-short',
    STRATUM_API_KEY_HMAC_SECRET: 'h'.repeat(64),
    STRATUM_BOOTSTRAP_KEY: 'hunter2',
  };
  const problems = problemsOf(secrets);
  expect(problems).toHaveLength(5);
  expect(problems.join()).not.toMatch(/hunter2|hhhh/);
});

test.each([
  ['PORT', '0x10'],
  ['PORT', '-1'],
  ['PORT', '3001.5'],
  ['REQUEST_TIMEOUT_MS', '10s'],
  ['STRATUM_POOL_SIZE', '0'],
  ['STRATUM_MAX_DEPTH', '257'],
  ['STRATUM_MAX_DEPTH', '0'],
  ['STRATUM_INTROSPECTION', 'true'],
  ['STRATUM_LOG_LEVEL', 'verbose'],
  ['STRATUM_TRUST_PROXY', 'on'],
  ['STRATUM_TRUST_PROXY', '2'],
  ['STRATUM_TRUST_PROXY', '10.0.0.0/33'],
  ['ALLOWED_ORIGINS', 'https://app.example.com/'],
  ['ALLOWED_ORIGINS', 'null'],
  ['ALLOWED_ORIGINS', 'http://localhost:3000,'],
])('%s can not be "%s"', (name, value) => {
  expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(`^${name} must be .*"$`)]);
});

test.each([
  ['off', false],
  ['10.0.0.0/8, ::1', '10.0.0.0/8, ::1'],
  ['uniquelocal', 'uniquelocal'],
])('STRATUM_TRUST_PROXY=%s is read as %s', (text, value) => {
  expect(readConfig({ STRATUM_TRUST_PROXY: text }).trustProxy).toBe(value);
});

test('the development key can not be made the bootstrap key anywhere', () => {
  const refusal = 'STRATUM_BOOTSTRAP_KEY must not be the development key, which everybody knows';
  for (const env of [{}, { NODE_ENV: 'test' }, production]) {
    expect(problemsOf({ ...env, STRATUM_BOOTSTRAP_KEY: developmentKey })).toEqual([refusal]);
  }
});

test.each([
  'postgresql://me@localhost/stratum',
  'postgresql://me@127.0.0.1:5432/stratum',
  'postgres://me@127.1.2.3/stratum',
  'postgresql://me@[::1]/stratum',
  'postgresql://me@localhost/stratum?host=/var/run/postgresql',
  'postgresql://me@%2Fvar%2Frun%2Fpostgresql/stratum',
])('the development key is good on this machine: %s', (databaseUrl) => {
  expect(developmentKeyAllowed({ nodeEnv: 'development', databaseUrl })).toBe(true);
});

test.each([
  'postgresql://me@db.internal/stratum',
  'postgresql://me@10.0.0.7/stratum',
  'postgresql://me@localhost.example.com/stratum',
  'postgresql://me@127.0.0.1.example.com/stratum',
  'postgresql://me@localhost/stratum?host=db.internal',
  'postgresql://me@localhost/stratum?host=/tmp&host=db.internal',
  'postgresql:///stratum',
])('the development key is not good for a database elsewhere: %s', (databaseUrl) => {
  expect(developmentKeyAllowed({ nodeEnv: 'development', databaseUrl })).toBe(false);
});

test('the development key is never good in production', () => {
  expect(developmentKeyAllowed({ nodeEnv: 'development', databaseUrl: null })).toBe(true);
  expect(developmentKeyAllowed({ nodeEnv: 'production', databaseUrl: null })).toBe(false);
  expect(developmentKeyAllowed({ nodeEnv: 'production', databaseUrl: 'postgresql://me@localhost/x' })).toBe(false);
});

test('docs/configuration.md is what the table of settings says', () => {
  const root = join(import.meta.dirname, '../..');
  execFileSync(process.execPath, ['scripts/print-configuration.ts', '--check'], { cwd: root, stdio: 'pipe' });
});
