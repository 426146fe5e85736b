import type { Secret } from '@holdfast/core';
import { afterFirstLine, cut } from './cut.ts';
import type { Notice, NoticeContext, Notifier } from './notifier.ts';
import { post, valueOf } from './post.ts';

/** How PagerDuty is reached. */
export interface PagerDutyOptions {
  /** The integration key of a service, of the type Events API v2. */
  readonly routingKey: string | Secret;
  /** Default 'https://events.pagerduty.com/v2/enqueue'; that of the European region begins with 'https://events.eu.'. */
  readonly url?: string;
  /** The longest that it may take to answer, in milliseconds. Default 10,000. */
  readonly timeout?: number;
}

const ENDPOINT = 'https://events.pagerduty.com/v2/enqueue';
const SUMMARY = 1024;
const KEY = 255;

/** Names the alert: every notice about a matter of a set is about the one alert, and `recovered` resolves it. */
function dedupKey({ set, topic }: Notice): string {
  return cut(`holdfast/${set}/${topic}`, KEY);
}

function eventOf(notice: Notice): object {
  const { subject, text, set, topic, kind, severity, code, runId, host, at } = notice;
  if (kind === 'recovered') return { event_action: 'resolve', dedup_key: dedupKey(notice) };
  return {
    event_action: 'trigger',
    dedup_key: dedupKey(notice),
    client: 'Holdfast',
    payload: {
      summary: cut(subject, SUMMARY),
      source: host,
      severity,
      timestamp: at,
      component: set,
      group: topic,
      class: code ?? kind,
      custom_details: {
        consequence: text.split('\n', 1)[0],
        details: afterFirstLine(text),
        run: runId,
        last_proven_at: notice.lastProvenAt,
        since: notice.since,
      },
    },
  };
}

/**
 * Sends events to PagerDuty: bad news triggers the alert of its set and topic, or adds to it, `recovered` resolves it.
 *
 * @see https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
export function pagerDutyNotifier(options: PagerDutyOptions): Notifier {
  const { url = ENDPOINT, timeout } = options;
  const send = async (notice: Notice, context: NoticeContext): Promise<void> => {
    const routing_key = await valueOf(options.routingKey, context);
    const body = JSON.stringify({ routing_key, ...eventOf(notice) });
    await post({ who: 'PagerDuty', url, timeout }, { body }, context);
  };
  return { send };
}
