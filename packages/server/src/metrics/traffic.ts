/** What went through all connections so far: plain numbers, because every frame counts here. */
export class Traffic {
  messagesSent = 0;
  messagesReceived = 0;
  bytesReceived = 0;
  /** That the operating system has taken, compression aside. */
  bytesSent = 0;
}
