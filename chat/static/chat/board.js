// @ts-check
// Starts the page of a board: a waiting room, and then a conversation. Must only start the parts of the page.

import { BoardPage } from "./board/board-page.js";

// The conversation loads late, because a visitor who is not admitted never needs it.
new BoardPage(async (options) => (await import("./room/conversation.js")).startConversation(options)).start();
