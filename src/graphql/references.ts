import type { TenantReference } from '../domain/tenants/lineage.ts';
import { builder } from './builder.ts';

export const TenantReferenceType = builder.objectRef<TenantReference>('TenantReference').implement({
  description: 'A tenant as answers about another tenant name it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    name: t.exposeString('name', { nullable: true, description: 'Its name; null outside of what the caller may see.' }),
    slug: t.exposeString('slug', { nullable: true, description: 'Its slug; null outside of what the caller may see.' }),
  }),
});
