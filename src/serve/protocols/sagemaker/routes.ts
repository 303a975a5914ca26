/** SageMaker's container contract: `/ping` and `/invocations`. */
import { typeCheck } from '../../content-type.ts';
import { textAnswer } from '../../http.ts';
import { defineProtocol, plainRoute, predictRoute } from '../define.ts';
import { decode, NPY_TYPE } from './decode.ts';
import { encode } from './encode.ts';
import { encodeError } from './errors.ts';

export const sagemakerProtocol = defineProtocol({
  name: 'sagemaker',
  owns: () => false,
  encodeError,
  routes: ({ dialect }) =>
    dialect === 'mlflow'
      ? []
      : [
          predictRoute({
            path: '/invocations',
            checkType: typeCheck(['', 'application/json', 'text/csv', NPY_TYPE]),
            decode: (request, served) => decode(request, served, dialect),
            encode,
          }),
          plainRoute('GET', '/ping', true, (_, site) => textAnswer('', site.state() === 'ready' ? 200 : 503)),
        ],
});
