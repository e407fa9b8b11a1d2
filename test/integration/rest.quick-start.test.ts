import { afterAll, beforeAll, expect, test } from 'vitest';
import { RestWorld } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

test('AcmeSec, its reseller and two clients: values flow down, locks hold, permissions are delegated and revoked', async () => {
  const acme = await world.tenant({ name: 'AcmeSec', slug: 'acmesec' });
  const north = await world.tenant({ name: 'NorthStar MSP', slug: 'northstar_msp', parent_id: acme.id });
  const alpha = await world.tenant({ name: 'Client Alpha', slug: 'client_alpha', parent_id: north.id });
  const beta = await world.tenant({ name: 'Client Beta', slug: 'client_beta', parent_id: north.id });
  expect(alpha).toMatchObject({
    depth: 2,
    ancestry_path: `/${acme.id}/${north.id}`,
    ancestry_ltree: 'acmesec.northstar_msp.client_alpha',
  });

  await world.put(`/tenants/${acme.id}/config/max_users`, { value: 1000 });
  await world.put(`/tenants/${acme.id}/config/theme`, { value: 'dark', locked: true });
  await world.put(`/tenants/${north.id}/config/max_users`, { value: 500 });
  const manageUsers = { key: 'manage_users', value: true, mode: 'LOCKED', revocation_mode: 'CASCADE' };
  const policy = (await world.post(`/tenants/${acme.id}/permissions`, manageUsers)).body;

  const theme = `/tenants/${alpha.id}/config/theme`;
  expect(await world.refused('PUT', theme, { body: { value: 'light' } }, 403, 'CONFIG_LOCKED')).toMatchObject({
    error: { details: { key: 'theme', source_tenant_id: acme.id } },
  });
  const permissions = `/tenants/${alpha.id}/permissions`;
  expect(
    await world.refused('POST', permissions, { body: { key: 'manage_users', value: false } }, 403, 'PERMISSION_LOCKED'),
  ).toMatchObject({
    error: { details: { key: 'manage_users', source_tenant_id: acme.id } },
  });
  expect((await world.get(`/tenants/${beta.id}/config`)).body).toEqual({
    max_users: { key: 'max_users', value: 500, source_tenant_id: north.id, inherited: true, locked: false },
    theme: { key: 'theme', value: 'dark', source_tenant_id: acme.id, inherited: true, locked: true },
  });
  expect((await world.get(permissions)).body).toEqual({
    manage_users: {
      policy_id: policy.id,
      key: 'manage_users',
      value: true,
      mode: 'LOCKED',
      source_tenant_id: acme.id,
      locked: true,
      delegated: false,
    },
  });

  expect((await world.delete(`/tenants/${acme.id}/permissions/${policy.id}`)).status).toBe(204);
  expect((await world.get(permissions)).body).toEqual({});
});
