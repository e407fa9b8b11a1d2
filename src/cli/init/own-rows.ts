import type { Orm } from './project.ts';

const tenantId = 'getTenantContext().tenant_id';

/** How each asks for the rows of the tenant that a request is for; empty where nothing is known to ask. */
export const ownRows: Readonly<Record<Orm, string>> = {
  prisma: `prisma.order.findMany({ where: { tenantId: ${tenantId} } })`,
  drizzle: `db.select().from(orders).where(eq(orders.tenantId, ${tenantId}))`,
  kysely: `db.selectFrom('orders').selectAll().where('tenant_id', '=', ${tenantId}).execute()`,
  knex: `knex('orders').where({ tenant_id: ${tenantId} })`,
  sequelize: `Order.findAll({ where: { tenantId: ${tenantId} } })`,
  pg: `pool.query('select * from orders where tenant_id = $1', [${tenantId}])`,
  none: '',
};
