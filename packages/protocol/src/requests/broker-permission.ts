import { defineHeader, int32, text } from '../header/header-codec.js';

/** WIPE_WRITE_PERM_OF_BROKER (205) and ADD_WRITE_PERM_OF_BROKER (327): page 02 §8. */
export const brokerPermissionHeader = defineHeader({ brokerName: text() });

export const wipeWritePermissionResponseHeader = defineHeader({ wipeTopicCount: int32() });
export const addWritePermissionResponseHeader = defineHeader({ addTopicCount: int32() });
