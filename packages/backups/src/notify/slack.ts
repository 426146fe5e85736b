import { cut } from './cut.ts';
import type { Notice, Notifier } from './notifier.ts';
import { jsonNotifier, type PostOptions } from './webhook.ts';

/** The longest texts of a header and of a section. */
const HEADER = 150;
const SECTION = 3000;

/** Slack reads these three as markup: `<!channel>` would call everybody. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const SIGNS = {
  critical: ':red_circle:',
  warning: ':large_orange_circle:',
  info: ':white_check_mark:',
};

function body({ subject, text, severity }: Notice): unknown {
  const header = cut(`${SIGNS[severity]} ${subject}`, HEADER);
  return {
    // What notifications show, and clients that know no blocks.
    text: escaped(text),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: header, emoji: true } },
      // Cut once more: an escaped character is longer.
      {
        type: 'section',
        text: { type: 'mrkdwn', text: cut(escaped(cut(text, SECTION)), SECTION) },
      },
    ],
  };
}

/**
 * Posts to a Slack channel, by an incoming webhook. Its address is all that is needed to post there: give it as a Secret.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * @see https://docs.slack.dev/reference/block-kit/blocks
 */
export function slackNotifier(options: PostOptions): Notifier {
  return jsonNotifier('Slack', options, body);
}
