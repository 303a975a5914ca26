/** MLflow's scoring server: `/invocations`, `/ping`, `/health`, `/version`. */
import { LoadlineError } from '../../../errors.ts';
import { type Answer, header, mediaType, typeParameters } from '../../http.ts';
import { defineProtocol, plainRoute, predictRoute, type Site, type SiteModel } from '../define.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { encodeError } from './errors.ts';

/** The version whose scoring protocol this is compared with; clients ask for it to know which protocol to speak. */
const MLFLOW_VERSION = '3.17.2';

const TYPES = ['text/csv', 'application/json'];

export const mlflowProtocol = defineProtocol({
  name: 'mlflow',
  owns: () => false,
  encodeError,
  routes: ({ dialect }) =>
    dialect === 'sagemaker'
      ? []
      : [
          predictRoute({
            path: '/invocations',
            checkType,
            claims: (request) => {
              const type = mediaType(request.contentType);
              if (type === 'text/csv') {
                return mediaType(header(request, 'accept')) !== 'text/csv';
              }
              return (type === '' || type === 'application/json') && firstChar(request.body) !== '[';
            },
            decode: (request, served) => decode(request, served, dialect),
            encode,
          }),
          plainRoute('GET', '/ping', true, (_, site, about) => health(site, about)),
          plainRoute('GET', '/health', true, (_, site, about) => health(site, about)),
          plainRoute('GET', '/version', false, () => ({
            status: 200,
            type: 'application/json',
            body: MLFLOW_VERSION,
          })),
        ],
});

function health(site: Site, { served }: SiteModel): Answer {
  const status = site.state() === 'ready' ? 200 : served === null ? 404 : 503;
  return { status, type: 'application/json', body: '\n' };
}

/** With MLflow's own words, which its clients show to people. */
function checkType(contentType: string | undefined): void {
  const type = mediaType(contentType);
  if (!TYPES.includes(type)) {
    const types = TYPES.map((known) => `'${known}'`).join(', ');
    throw new LoadlineError(
      'LL2010',
      `This predictor only supports the following content types: Types: [${types}]. Got '${type.slice(0, 80)}'.`,
    );
  }
  const parameters = typeParameters(contentType);
  const unknown = [...parameters.keys()].filter((name) => name !== 'charset');
  if (unknown.length > 0) {
    throw new LoadlineError(
      'LL2010',
      `Unrecognized content type parameters: ${unknown.join(', ').slice(0, 80)}.`,
    );
  }
  if ((parameters.get('charset') ?? 'utf-8').toLowerCase() !== 'utf-8') {
    throw new LoadlineError('LL2010', 'The scoring server only supports UTF-8');
  }
}

function firstChar(body: Buffer): string {
  for (const byte of body) {
    if (byte > 0x20) {
      return String.fromCharCode(byte);
    }
  }
  return '';
}
