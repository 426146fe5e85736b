import { cut } from './cut.ts';
import type { Notice, Notifier } from './notifier.ts';
import { jsonNotifier, type PostOptions } from './webhook.ts';

/** The longest title and description of an embed. */
const TITLE = 256;
const DESCRIPTION = 4096;

/** RGB. */
const COLOURS = { critical: 0xd0_21_2b, warning: 0xf2_9d_0b, info: 0x2e_9e_4f };

function body({ subject, text, severity, at }: Notice): unknown {
  return {
    embeds: [
      {
        title: cut(subject, TITLE),
        description: cut(text, DESCRIPTION),
        color: COLOURS[severity],
        timestamp: at,
      },
    ],
    // Nobody is called by what stands in an error message.
    allowed_mentions: { parse: [] },
  };
}

/**
 * Posts to a Discord channel, by a webhook. Its address is all that is needed to post there: give it as a Secret.
 *
 * @see https://docs.discord.com/developers/resources/webhook#execute-webhook
 * @see https://docs.discord.com/developers/resources/message#embed-object
 */
export function discordNotifier(options: PostOptions): Notifier {
  return jsonNotifier('Discord', options, body);
}
