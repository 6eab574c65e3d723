// @ts-check
// The page of a board: a waiting room, and behind it a conversation. Must hold nothing but the start of its parts.

import { BoardPage } from "./board/board-page.js";

// Loaded late: a visitor who is not admitted needs none of it.
new BoardPage(async (options) => (await import("./room/conversation.js")).startConversation(options)).start();
