import type { Call } from '../../src/domain/call.ts';
import type { Home, Principal, Scope } from '../../src/domain/principal.ts';
import { createSecretBox, type SecretBox } from '../../src/domain/secrets.ts';
import type { Lineage, LineageTenant } from '../../src/domain/tenants/lineage.ts';
import { pathPart } from '../../src/domain/tenants/path.ts';

export const secrets: SecretBox = createSecretBox(['k7Qz-2mfPx_9LwRt4Vb8Yc1Nd6Hs0Jg3']);

/** Tenants beneath each other, root first, with what pure rules look at. The name is the id in capitals. */
export function lineageOf(...ids: readonly string[]): Lineage {
  let path = '';
  return ids.map((id, level) => {
    path += pathPart(BigInt(level + 1));
    return { id, slug: `slug_${id}`, name: id.toUpperCase(), path, status: 'active', rootId: ids[0] } as LineageTenant;
  });
}

/** A caller as far as pure rules ask: who it is, and the keys to what is sealed. */
export function callBy(scope: Scope, home: Home | null): Call {
  const principal: Principal = { type: 'api_key', id: 'key-1', scopes: [scope], home };
  return { principal, secrets } as Call;
}

/** Being at home in the tenant with this id. */
export function homeIn(lineage: Lineage, id: string): Home {
  const { path } = lineage.find((tenant) => tenant.id === id)!;
  return { tenantId: id, path };
}
