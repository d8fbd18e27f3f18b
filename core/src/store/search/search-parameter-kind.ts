/** The kind of contribution that a search parameter is. */
import type { SearchParameter } from '../../fhir/search-parameter.ts';
import { defineKind } from '../../registry/registry.ts';

export const searchParameterKind = defineKind<SearchParameter>('search parameter');
