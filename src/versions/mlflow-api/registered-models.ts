/** Registered models and aliases: `registered-models/…`. */
import { own } from '../../bytes/own.ts';
import { isLoadlineError } from '../../errors.ts';
import type { Store, StoredModel, StoredVersion } from '../store/types.ts';
import { exists, invalid, missing } from './errors.ts';
import { type Fields, type KeyValue, keyValues, maxResults, requiredText, text, texts } from './fields.ts';
import {
  checkAliasFree,
  checkAliasName,
  checkKey,
  checkModelName,
  checkModelTag,
  checkVersionNumber,
} from './names.ts';
import { byOf, type Call, type Routes, some } from './route.ts';
import { parseFilter } from './search/filter.ts';
import { type Order, parseOrders } from './search/order.ts';
import { pageOf } from './search/page.ts';
import { REGISTERED_MODEL_RULES } from './search/rules.ts';
import { type Columns, select } from './search/select.ts';
import { canonicalStage } from './stages.ts';

export interface RegisteredModels {
  readonly routes: Routes;
  /** Throws RESOURCE_DOES_NOT_EXIST in MLflow's words. */
  check(name: string): void;
  /** The version that an alias is at. Throws INVALID_PARAMETER_VALUE where there is none, as MLflow does. */
  atAlias(name: string, alias: string): StoredVersion;
  /** A version by its number, however it is written. Throws RESOURCE_DOES_NOT_EXIST. */
  version(name: string, version: string): StoredVersion;
}

const PAGE = 100;
const LARGEST_PAGE = 1000;
const IS_PROMPT = 'mlflow.prompt.is_prompt';
const BY_NAME: Order = { entity: 'attribute', key: 'name', ascending: true };

/** A version as MLflow shows it; its aliases only where it is asked for itself. */
export function versionEntity(version: StoredVersion, withAliases: boolean): object {
  return {
    name: version.name,
    version: version.version,
    creation_timestamp: version.createdAt,
    last_updated_timestamp: version.updatedAt,
    current_stage: version.stage,
    description: version.description,
    source: version.source,
    run_id: version.runId ?? '',
    status: version.status,
    run_link: version.runLink,
    tags: some(pairs(version.tags)),
    aliases: withAliases ? some(version.aliases) : undefined,
  };
}

/** MLflow's prompts are registered models with a tag. Throws INVALID_PARAMETER_VALUE: the store serves models. */
export function refusePrompt(tags: readonly KeyValue[]): void {
  if (tags.some(({ key, value }) => key === IS_PROMPT && value.toLowerCase() === 'true')) {
    throw invalid("Loadline's model store keeps models and no prompts. Use a real MLflow server for them.");
  }
}

export function openRegisteredModels({ catalog }: Store): RegisteredModels {
  function check(name: string): void {
    checkModelName(name);
    if (!catalog.hasModel(name)) {
      throw missing(`Registered Model with name=${name} not found`);
    }
  }

  function model(name: string): StoredModel {
    check(name);
    return catalog.model(name);
  }

  function version(name: string, number: string): StoredVersion {
    checkModelName(name);
    checkVersionNumber(number);
    const wanted = String(Number(number));
    try {
      return catalog.version(name, wanted);
    } catch (error) {
      throw isLoadlineError(error) && error.code === 'LL7001'
        ? missing(`Model Version (name=${name}, version=${wanted}) not found`)
        : error;
    }
  }

  /** Asked for again and again by whoever follows an alias: one look where it is there. */
  function atAlias(name: string, alias: string): StoredVersion {
    try {
      return catalog.byAlias(name, alias);
    } catch (error) {
      if (isLoadlineError(error) && error.code === 'LL7001') {
        check(name);
        throw invalid(`Registered model alias ${alias} not found.`);
      }
      throw error;
    }
  }

  function byAlias(fields: Fields): object {
    const name = requiredText(fields, 'name');
    const alias = requiredText(fields, 'alias');
    checkModelName(name);
    checkAliasName(alias);
    if (alias.toLowerCase() === 'latest') {
      const newest = model(name).versions[0];
      if (newest === undefined) {
        throw missing(`Latest version not found for model ${name}.`);
      }
      return { model_version: versionEntity(newest, true) };
    }
    return { model_version: versionEntity(atAlias(name, alias), true) };
  }

  function search(fields: Fields): object {
    const clauses = parseFilter(text(fields, 'filter') ?? '', REGISTERED_MODEL_RULES);
    const size = maxResults(fields, PAGE, LARGEST_PAGE);
    const orders = parseOrders(texts(fields, 'order_by'), REGISTERED_MODEL_RULES);
    const columns: Columns<StoredModel> = (entity, key) => {
      if (entity === 'tag') {
        return ({ tags }) => own(tags, key);
      }
      return key === 'name' ? ({ name }) => name : ({ updatedAt }) => updatedAt;
    };
    const sorted = select(catalog.models(), clauses, [...orders, BY_NAME], columns);
    const { rows, next } = pageOf(sorted, size, text(fields, 'page_token'));
    return { registered_models: some(rows.map((one) => entity(one, byStage))), next_page_token: next };
  }

  function latestVersions(fields: Fields): object {
    const name = requiredText(fields, 'name');
    const found = model(name);
    const stages = texts(fields, 'stages').map(canonicalStage);
    const latest = latestByStage(found).filter(({ stage }) => stages.length === 0 || stages.includes(stage));
    return { model_versions: some(latest.map((one) => versionEntity(one, true))) };
  }

  function setAlias(fields: Fields, call: Call): object {
    const name = requiredText(fields, 'name');
    const alias = requiredText(fields, 'alias');
    const number = requiredText(fields, 'version');
    checkModelName(name);
    checkAliasName(alias);
    checkAliasFree(alias);
    const { version: checked } = version(name, number);
    catalog.setAlias(name, alias, checked, { by: byOf(call), why: '' });
    return {};
  }

  return {
    check,
    version,
    atAlias,
    routes: {
      'POST registered-models/create': (fields, call) => {
        const name = requiredText(fields, 'name');
        const tags = keyValues(fields, 'tags');
        const description = text(fields, 'description') || null;
        checkModelName(name);
        for (const tag of tags) {
          checkModelTag(tag);
        }
        refusePrompt(tags);
        if (catalog.hasModel(name)) {
          throw exists(`Registered Model (name=${name}) already exists.`);
        }
        return {
          registered_model: entity(
            catalog.createModel(name, { description, tags: recordOf(tags), by: byOf(call) }),
          ),
        };
      },
      'GET registered-models/get': (fields) => ({
        registered_model: entity(model(requiredText(fields, 'name'))),
      }),
      'PATCH registered-models/update': (fields) => {
        const name = requiredText(fields, 'name');
        check(name);
        return { registered_model: entity(catalog.updateModel(name, text(fields, 'description') ?? '')) };
      },
      'POST registered-models/rename': (fields, call) => {
        const name = requiredText(fields, 'name');
        const to = requiredText(fields, 'new_name');
        checkModelName(to);
        check(name);
        if (name !== to && catalog.hasModel(to)) {
          throw exists(`Registered Model (name=${to}) already exists.`);
        }
        return { registered_model: entity(catalog.renameModel(name, to, byOf(call))) };
      },
      'DELETE registered-models/delete': (fields, call) => {
        const name = requiredText(fields, 'name');
        check(name);
        catalog.deleteModel(name, { by: byOf(call), why: '' });
        return {};
      },
      'GET registered-models/search': search,
      'GET registered-models/get-latest-versions': latestVersions,
      'POST registered-models/get-latest-versions': latestVersions,
      'POST registered-models/set-tag': (fields, call) => {
        const name = requiredText(fields, 'name');
        const tag = { key: requiredText(fields, 'key'), value: text(fields, 'value') ?? '' };
        checkModelName(name);
        checkModelTag(tag);
        check(name);
        catalog.setTag(name, null, tag.key, tag.value, byOf(call));
        return {};
      },
      'DELETE registered-models/delete-tag': (fields, call) => {
        const name = requiredText(fields, 'name');
        const key = requiredText(fields, 'key');
        checkKey(key, 'key');
        check(name);
        catalog.setTag(name, null, key, null, byOf(call));
        return {};
      },
      'POST registered-models/alias': setAlias,
      'GET registered-models/alias': byAlias,
      'DELETE registered-models/alias': (fields, call) => {
        const name = requiredText(fields, 'name');
        const alias = requiredText(fields, 'alias');
        checkAliasName(alias);
        check(name);
        catalog.deleteAlias(name, alias, { by: byOf(call), why: '' });
        return {};
      },
    },
  };
}

type StageOrder = (a: StoredVersion, b: StoredVersion) => number;

const asReached: StageOrder = () => 0;
/** MLflow's search takes them from an index. */
const byStage: StageOrder = (a, b) => (a.stage < b.stage ? -1 : 1);

function entity(model: StoredModel, order: StageOrder = asReached): object {
  return {
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.updatedAt,
    description: model.description || undefined,
    latest_versions: some(
      latestByStage(model)
        .sort(order)
        .map((one) => versionEntity(one, false)),
    ),
    tags: some(pairs(model.tags)),
    aliases: some(Object.entries(model.aliases).map(([alias, version]) => ({ alias, version }))),
  };
}

/** The newest version of each stage, in the order in which versions first reached one. */
function latestByStage(model: StoredModel): StoredVersion[] {
  const latest = new Map<string, StoredVersion>();
  for (const one of model.versions.toReversed()) {
    latest.set(one.stage, one);
  }
  return [...latest.values()];
}

export function recordOf(pairs: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

function pairs(record: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}
