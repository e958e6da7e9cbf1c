class BinaryWebSocket {
constructor(url) {
this.ws = new WebSocket(url);
this.ws.binaryType = 'arraybuffer';
this.ws.onmessage = (event) => {
if (event.data instanceof ArrayBuffer) {
this.handleBinaryMessage(event.data);
} else {
this.handleTextMessage(event.data);
}
};
}
sendBinaryQuery(query) {
// Encode query as binary protocol
const encoder = new TextEncoder();
const queryBytes = encoder.encode(query);
// Create header: [version(1), type(1), length(4)]
const header = new ArrayBuffer(6);
const view = new DataView(header);
view.setUint8(0, 1); // Protocol version
view.setUint8(1, 1); // Message type: QUERY
view.setUint32(2, queryBytes.length);
// Concatenate header and query
const message = new Uint8Array(header.byteLength + queryBytes.length);
message.set(new Uint8Array(header), 0);
message.set(queryBytes, header.byteLength);
this.ws.send(message.buffer);
}
handleBinaryMessage(buffer) {
const view = new DataView(buffer);
const version = view.getUint8(0);
const type = view.getUint8(1);
const length = view.getUint32(2);
// Decode based on type
if (type === 2) { // RESULT
const decoder = new TextDecoder();
const payload = buffer.slice(6, 6 + length);
const result = JSON.parse(decoder.decode(payload));
this.onresult(result);
}
}
}
