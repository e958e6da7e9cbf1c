/** What is measured. */
export const ROOM_SERVERS = ["Geode", "Socket.IO", "ws, one text in a loop"] as const;
export type RoomServer = (typeof ROOM_SERVERS)[number];
