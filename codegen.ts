import type { CodegenConfig } from '@graphql-codegen/cli';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { operationTexts } from './scripts/operation-texts.ts';
import { schema } from './src/graphql/schema.ts';

/** Prints the schema that the server really serves, and types the stored operations of every door against it. */
const config: CodegenConfig = {
  schema: printSchema(lexicographicSortSchema(schema)),
  generates: {
    'schema.graphql': { plugins: ['schema-ast'], config: { includeDirectives: true } },
    'src/operations/generated/texts.ts': { documents: 'src/operations/*.graphql', preset: operationTexts },
    'src/operations/generated/': {
      documents: 'src/operations/*.graphql',
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        importExtension: '.ts',
        scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown', Revision: 'number' },
      },
    },
  },
};

export default config;
