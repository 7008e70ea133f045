import type { Raft } from "./raft.ts";
import type { Message, MessageType } from "./types.ts";

/** What a role does with a message of its term. */
export type Handler = (raft: Raft, message: Message) => void;

/** One handler per type of message: a role that forgets one does not compile. */
export type Handlers = Readonly<Record<MessageType, Handler>>;

/** The message means nothing to this role. */
export const ignore: Handler = () => undefined;
