import { objectStoreSuite } from '@holdfast/core/testing';
import {
  withBandwidth,
  withChecksums,
  withConcurrency,
  withMetrics,
  withPrefix,
  withRetries,
  withTimeouts,
} from '../../src/layers/index.ts';
import { layerSubject } from './counted-store.ts';

objectStoreSuite('withRetries', async () => layerSubject((store) => withRetries(store)));

objectStoreSuite('withTimeouts', async () =>
  layerSubject((store) => withTimeouts(store, { call: '10s', step: '10s', copy: '10s' })),
);

objectStoreSuite('withConcurrency, one at a time', async () =>
  layerSubject((store) => withConcurrency(store, { calls: 1 })),
);

objectStoreSuite('withBandwidth', async () =>
  layerSubject((store) => withBandwidth(store, { up: 4e9, down: 4e9 })),
);

objectStoreSuite('withChecksums', async () => layerSubject((store) => withChecksums(store)));

objectStoreSuite('withPrefix', async () =>
  layerSubject((store) => withPrefix(store, 'team/night ly')),
);

objectStoreSuite('withMetrics', async () =>
  layerSubject((store) => withMetrics(store, () => undefined)),
);

objectStoreSuite('all layers together', async () =>
  layerSubject((store) => {
    const bounded = withTimeouts(withBandwidth(store, { up: 4e9, down: 4e9 }), { step: '10s' });
    const checked = withRetries(withChecksums(withConcurrency(bounded, { calls: 2 })));
    return withPrefix(
      withMetrics(checked, () => undefined),
      'a',
    );
  }),
);
