import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { banner } from '../../src/start/banner.ts';

const secret = 'kJ8s-2mfPx_9LwRt4Vb8Yc1Nd6Hs0Jg3';
const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://stratum:hidden@db:5432/stratum',
  STRATUM_ENCRYPTION_KEY: secret,
  STRATUM_API_KEY_HMAC_SECRET: secret,
};

const said = (env: NodeJS.ProcessEnv) =>
  banner({ url: 'http://127.0.0.1:3001', place: 'somewhere', config: readConfig(env) });

test('a developer is told every address, where the data lies, and the key', () => {
  const text = said({});
  for (const part of ['/graphql', '/api/v1', '/api/docs', 'playground', 'somewhere', 'sk_test_bootstrap']) {
    expect(text).toContain(part);
  }
});

test('production is promised no playground and no development key, and never shown a secret', () => {
  const text = said(production);
  expect(text).not.toMatch(/playground|sk_test_bootstrap|hidden/);
  expect(text).not.toContain(secret);
});

test('who starts a server in production is told how to make the first key', () => {
  expect(said(production)).toContain('stratum keys create');
  expect(said({ ...production, STRATUM_BOOTSTRAP_KEY: 'sk_live_of_the_operator' })).not.toContain(
    'stratum keys create',
  );
});
