/** Checks a document against the schema by GraphQL's own rules, but for those that FHIR's use of it breaks, which stand here in FHIR's form. */
import {
  ExecutableDefinitionsRule,
  FragmentsOnCompositeTypesRule,
  getNamedType,
  GraphQLError,
  isInterfaceType,
  isObjectType,
  KnownDirectivesRule,
  KnownFragmentNamesRule,
  KnownTypeNamesRule,
  LoneAnonymousOperationRule,
  NoFragmentCyclesRule,
  NoUndefinedVariablesRule,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  PossibleFragmentSpreadsRule,
  ProvidedRequiredArgumentsRule,
  ScalarLeafsRule,
  UniqueArgumentNamesRule,
  UniqueDirectivesPerLocationRule,
  UniqueFragmentNamesRule,
  UniqueInputFieldNamesRule,
  UniqueOperationNamesRule,
  UniqueVariableNamesRule,
  validate,
  VariablesAreInputTypesRule,
  type ASTVisitor,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { faultIn, type Refused } from './answer.ts';
import { wholeType } from './elements.ts';
import type { Schemas } from './schema.ts';
import { passedOn } from './search-arguments.ts';

/** R4 graphql.html#references writes `subject { resource { active } }`: which type answers is known only then. */
const knownFields =
  (inResources: ReadonlySet<string>): ValidationRule =>
  (context: ValidationContext): ASTVisitor => ({
    Field: (node) => {
      const type = context.getParentType();
      const name = node.name.value;
      if (!type || context.getFieldDef() || (isInterfaceType(type) && inResources.has(name))) return;
      context.reportError(new GraphQLError(`${type.name} has no field ${name}`, { nodes: node }));
    },
  });

const isSearch = (field: string): boolean =>
  wholeType(field, 'List') !== undefined || wholeType(field, 'Connection') !== undefined;

/** A reverse search takes what the search of its type takes, and an element any primitive below it, though introspection names not all of them. */
const knownArguments =
  ({ at, elements, typeNamed }: Schemas): ValidationRule =>
  (context: ValidationContext): ASTVisitor => {
    const searches = at(undefined).getQueryType()?.getFields() ?? {};
    const takes = (field: string, type: string, name: string): boolean => {
      if (isSearch(field)) return passedOn.some((each) => each === name) || named(searches[field]?.args, name);
      const table = elements(typeNamed(type));
      return table.size > 0 && (name === 'fhirpath' || table.get(name)?.primitive === true);
    };
    return {
      Argument: (node) => {
        const [field, directive, parent] = [context.getFieldDef(), context.getDirective(), context.getParentType()];
        const name = node.name.value;
        if (directive) {
          if (!named(directive.args, name))
            context.reportError(new GraphQLError(`@${directive.name} has no argument ${name}`, { nodes: node }));
          return;
        }
        if (!field || !parent || named(field.args, name)) return;
        const type = getNamedType(field.type);
        if (isObjectType(type) && takes(field.name, type.name, name)) return;
        context.reportError(new GraphQLError(`${parent.name}.${field.name} has no argument ${name}`, { nodes: node }));
      },
    };
  };

const named = (args: readonly { readonly name: string }[] | undefined, name: string): boolean =>
  args?.some((each) => each.name === name) ?? false;

/**
 * Left out: ValuesOfCorrectType and VariablesInAllowedPosition, because R4 writes `use: official` without quotation
 * marks and all values are read as texts; OverlappingFieldsCanBeMerged, because R4 writes `resource` twice, once for
 * each type, and because its work grows by the square. What overlaps is refused where it is met.
 */
const rulesOf = (schemas: Schemas, inResources: ReadonlySet<string>): ValidationRule[] => [
  ExecutableDefinitionsRule,
  UniqueOperationNamesRule,
  LoneAnonymousOperationRule,
  KnownTypeNamesRule,
  FragmentsOnCompositeTypesRule,
  VariablesAreInputTypesRule,
  ScalarLeafsRule,
  knownFields(inResources),
  UniqueFragmentNamesRule,
  KnownFragmentNamesRule,
  NoUnusedFragmentsRule,
  PossibleFragmentSpreadsRule,
  NoFragmentCyclesRule,
  UniqueVariableNamesRule,
  NoUndefinedVariablesRule,
  NoUnusedVariablesRule,
  KnownDirectivesRule,
  UniqueDirectivesPerLocationRule,
  knownArguments(schemas),
  UniqueArgumentNamesRule,
  ProvidedRequiredArgumentsRule,
  UniqueInputFieldNamesRule,
];

/** More than that helps nobody. */
const mostErrors = 10;

export const openRules = (schemas: Schemas) => {
  const types = Object.values(schemas.at(undefined).getTypeMap()).filter(isObjectType);
  const inResources = new Set(
    types.filter((type) => type.getInterfaces().length > 0).flatMap((type) => Object.keys(type.getFields())),
  );
  const rules = rulesOf(schemas, inResources);
  return (schema: GraphQLSchema, document: DocumentNode): Refused | undefined => {
    const errors = validate(schema, document, rules, { maxErrors: mostErrors, hideSuggestions: true });
    return errors.length === 0 ? undefined : { faults: errors.map(faultIn) };
  };
};
