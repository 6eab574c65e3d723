// @ts-check
// The page of a board: a waiting room, and then a conversation. Must only start the parts of the page.

import { BoardPage } from "./board/board-page.js";

// Loaded late: a visitor who is not admitted never needs the conversation.
new BoardPage(async (options) => (await import("./room/conversation.js")).startConversation(options)).start();
