import { cutBytes } from './cut.ts';
import type { Notice, Notifier } from './notifier.ts';
import { jsonNotifier, type PostOptions } from './webhook.ts';

/** A message has at most 28 KB; the text stands in it as JSON, in which it may be twice as long. */
const MOST_BYTES = 12 * 1024;

const COLOURS = { critical: 'Attention', warning: 'Warning', info: 'Good' };

function body({ subject, text, severity }: Notice): unknown {
  const heading = {
    type: 'TextBlock',
    text: cutBytes(subject, 512),
    size: 'Medium',
    weight: 'Bolder',
    color: COLOURS[severity],
    wrap: true,
  };
  // A TextBlock reads Markdown, in which a single line feed is a space.
  const paragraphs = text.replaceAll('\n', '\n\n');
  const block = { type: 'TextBlock', text: cutBytes(paragraphs, MOST_BYTES), wrap: true };
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [heading, block],
        },
      },
    ],
  };
}

/**
 * Posts an adaptive card to a Microsoft Teams channel, by a workflow that starts when a webhook request is received. Its
 * address carries a signature: give it as a Secret.
 *
 * @see https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
 */
export function teamsNotifier(options: PostOptions): Notifier {
  return jsonNotifier('Microsoft Teams', options, body);
}
