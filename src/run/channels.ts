import { channel } from 'node:diagnostics_channel';
import { openChannels } from '../contract/channels.js';

/** The channels of this process; without a subscriber they cost a look. */
export const channels = openChannels(channel);
