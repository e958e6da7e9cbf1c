class ChatClient {
constructor(roomId) {
this.roomId = roomId;
this.ws = new WebSocket('wss://geode.local:8443/ws');
this.setupChat();
}
setupChat() {
this.ws.onopen = () => {
// Join chat room
this.ws.send(JSON.stringify({
type: 'JOIN_ROOM',
room_id: this.roomId
}));
};
this.ws.onmessage = (event) => {
const msg = JSON.parse(event.data);
if (msg.type === 'MESSAGE') {
this.displayMessage(msg);
} else if (msg.type === 'TYPING') {
this.showTypingIndicator(msg.user);
}
};
}
sendMessage(text) {
this.ws.send(JSON.stringify({
type: 'MESSAGE',
room_id: this.roomId,
text: text,
timestamp: new Date().toISOString()
}));
}
sendTypingIndicator() {
this.ws.send(JSON.stringify({
type: 'TYPING',
room_id: this.roomId
}));
}
}
