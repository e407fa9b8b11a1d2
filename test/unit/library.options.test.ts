import { afterEach, expect, test, vi } from 'vitest';
import { ConfigError, Stratum, type StratumOptions } from '../../src/index.ts';
import { chooseOptions } from '../../src/library/choose-options.ts';

afterEach(() => vi.unstubAllEnvs());

const key = 'b3BlbnNzbCByYW5kIC1iYXNlNjQgMzIgbWFrZXMgb25l';

function problemsOf(options: object): readonly string[] {
  try {
    chooseOptions(options);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
}

test('all that is wrong is told at once, by the names of the options', () => {
  const options = {
    connectionString: 'mysql://user:hush@host/db',
    encryptionKey: 'hush',
    poolSize: 1,
    maxDepth: 1000,
    rateLimitWindow: 'often',
    autoMigrate: 'yes',
  } as unknown as StratumOptions;
  const problems = problemsOf(options);
  expect(problems.map((problem) => problem.split(' ', 1)[0])).toEqual(
    expect.arrayContaining([
      'connectionString',
      'encryptionKey',
      'poolSize',
      'maxDepth',
      'rateLimitWindow',
      'autoMigrate',
    ]),
  );
  expect(problems).toHaveLength(6);
  expect(problems.join()).not.toMatch(/hush|STRATUM_|DATABASE_URL/);
  expect(() => new Stratum(options)).toThrow(ConfigError);
});

test.each([
  [{ autoMigarte: true }, 'autoMigarte is no option'],
  [{ toString: 1 }, 'toString is no option'],
  [{ jwtIssuer: null }, 'jwtIssuer must be text, a number, true or false, or a list'],
  [{ pool: {} }, 'pool must be a Pool of the package pg'],
  [{ pool: null }, 'pool must be a Pool of the package pg'],
  [{ tenantPool: 'postgres://localhost/x' }, 'tenantPool must be a Pool of the package pg'],
  [{ logger: { info: () => {} } }, 'logger must have the methods error, warn, info and debug'],
  [{ keyPrefix: 'key_' }, 'keyPrefix must be sk_live_ or sk_test_'],
  [{ jwksUrl: 'https://issuer.example.com/keys' }, 'jwtIssuer is required with jwksUrl'],
])('%o is refused', (options, problem) => {
  expect(problemsOf(options)).toEqual([problem]);
});

test('a pool and a connection string exclude each other', () => {
  const pool = { connect: () => {}, query: () => {}, options: {} };
  expect(problemsOf({ pool, connectionString: 'postgres://localhost/db' })).toEqual([
    'pool and connectionString exclude each other',
  ]);
});

test('production needs a database of its own and secrets', () => {
  vi.stubEnv('NODE_ENV', 'production');
  expect(problemsOf({ allowPrivateWebhooks: true })).toEqual([
    'pool or connectionString is required when NODE_ENV is production',
    'encryptionKey is required when NODE_ENV is production',
    'apiKeyHmacSecret is required when NODE_ENV is production',
    'allowPrivateWebhooks must be false when NODE_ENV is production',
  ]);
  const empty = { connectionString: '', encryptionKey: '', apiKeyHmacSecret: '' };
  expect(problemsOf(empty)).toHaveLength(3);
  const given = { connectionString: 'postgres://db.example.com/x', encryptionKey: key, apiKeyHmacSecret: key };
  expect(chooseOptions(given).config.introspection).toBe(false);
});

test('the mounted server is as strict as in production, whatever is around it', () => {
  const { config } = chooseOptions({ connectionString: 'postgres://localhost/x' });
  expect(config).toMatchObject({ nodeEnv: 'production', playground: false, introspection: true, logLevel: 'silent' });
  expect(config.allowedOrigins).toEqual([]);
  const allowedOrigins = ['https://app.example.com', 'https://b.example.com'];
  expect(chooseOptions({ allowedOrigins }).config.allowedOrigins).toEqual(allowedOrigins);
});

test('only an embedded database is migrated unasked, and nothing is sent unasked', () => {
  expect(chooseOptions({}).config).toMatchObject({ migrate: true, worker: false, dataDir: '.stratum' });
  expect(chooseOptions({ connectionString: 'postgres://localhost/x' }).config.migrate).toBe(false);
  const options = { connectionString: 'postgres://localhost/x', autoMigrate: true, worker: true };
  expect(chooseOptions(options).config).toMatchObject({ migrate: true, worker: true });
});

test('what the environment says to the server says nothing to a library', () => {
  vi.stubEnv('STRATUM_MAX_DEPTH', '3');
  vi.stubEnv('DATABASE_URL', 'postgres://elsewhere/x');
  expect(chooseOptions({}).config).toMatchObject({ maxDepth: 64, databaseUrl: null });
});
