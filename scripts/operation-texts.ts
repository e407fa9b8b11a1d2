import type { CodegenConfig } from '@graphql-codegen/cli';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  print,
  stripIgnoredCharacters,
  visit,
} from 'graphql';

type Preset = Exclude<Extract<CodegenConfig['generates'][string], { preset?: unknown }>['preset'], string | undefined>;

/** Prints each stored operation once, as it is sent: a page has to load them, and as syntax trees they are five times as large. */
export const operationTexts: Preset = {
  buildGeneratesSection: ({ baseOutputDir, plugins: _plugins, ...options }) => [
    {
      ...options,
      filename: baseOutputDir,
      plugins: [{ texts: {} }],
      pluginMap: {
        texts: { plugin: (_schema, documents) => moduleOf(documents.flatMap(({ document }) => document ?? [])) },
      },
    },
  ],
};

function moduleOf(documents: readonly DocumentNode[]): string {
  const definitions = documents.flatMap((document) => document.definitions);
  const fragments = new Map(
    definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION).map((each) => [each.name.value, each]),
  );
  const lines = definitions
    .filter((each) => each.kind === Kind.OPERATION_DEFINITION)
    .map(
      (each) => `  ${nameOf(each)}: [${JSON.stringify(each.operation)}, ${JSON.stringify(textOf(each, fragments))}],`,
    );
  return `/** The stored operations by the names of their functions: what they do, and their texts. */
export const texts = {
${lines.join('\n')}
} as const;
`;
}

/** `GetTenant` is `getTenant`. */
function nameOf({ name }: OperationDefinitionNode): string {
  const text = name?.value ?? '';
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function textOf(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): string {
  const used = new Set<FragmentDefinitionNode>();
  const collect = (node: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(node, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value);
        if (fragment !== undefined && !used.has(fragment)) {
          used.add(fragment);
          collect(fragment);
        }
      },
    });
  };
  collect(operation);
  return stripIgnoredCharacters([operation, ...used].map(print).join('\n'));
}
