import type { Connection, ConnectionListener } from "../transport/connection.ts";

/** What went through all connections so far: plain numbers, because every frame counts here. */
export class Traffic {
  messagesSent = 0;
  messagesReceived = 0;
  bytesReceived = 0;
  readonly #open = new Set<Connection>();
  /** Of connections that have ended. */
  #bytesSentBefore = 0;

  /** Bytes that the operating system has taken, compression aside. */
  get bytesSent(): number {
    let bytes = this.#bytesSentBefore;
    for (const connection of this.#open) bytes += connection.takenBytes;
    return bytes;
  }

  /** Lets a session have the connection, and counts what passes between them. */
  count(
    connection: Connection,
    open: (counted: Connection) => ConnectionListener,
  ): ConnectionListener {
    this.#open.add(connection);
    const counted = new Counted(connection, this);
    counted.listener = open(counted);
    return counted;
  }

  /** It has ended. */
  ended(connection: Connection): void {
    if (this.#open.delete(connection)) this.#bytesSentBefore += connection.takenBytes;
  }
}

/** Stands between a connection and its session, for both. */
class Counted implements Connection, ConnectionListener {
  listener: ConnectionListener | undefined;
  readonly #connection: Connection;
  readonly #traffic: Traffic;

  constructor(connection: Connection, traffic: Traffic) {
    this.#connection = connection;
    this.#traffic = traffic;
  }

  textFrame(text: string, bytes: number): void {
    this.#traffic.messagesReceived++;
    this.#traffic.bytesReceived += bytes;
    this.listener?.textFrame(text, bytes);
  }

  binaryFrame(bytes: Uint8Array): void {
    this.#traffic.messagesReceived++;
    this.#traffic.bytesReceived += bytes.length;
    this.listener?.binaryFrame(bytes);
  }

  pong(): void {
    this.listener?.pong();
  }

  taken(): void {
    this.listener?.taken();
  }

  closed(code: number, reason: string): void {
    this.#traffic.ended(this.#connection);
    this.listener?.closed(code, reason);
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes;
  }

  get takenBytes(): number {
    return this.#connection.takenBytes;
  }

  send(...[messages]: Parameters<Connection["send"]>): void {
    this.#traffic.messagesSent += messages.length;
    this.#connection.send(messages);
  }

  close(code: number, reason: string): void {
    this.#connection.close(code, reason);
  }

  terminate(): void {
    this.#connection.terminate();
  }

  ping(): void {
    this.#connection.ping();
  }

  stopReading(): void {
    this.#connection.stopReading();
  }

  startReading(): void {
    this.#connection.startReading();
  }

  allowFrames(bytesMax: number): void {
    this.#connection.allowFrames(bytesMax);
  }
}
