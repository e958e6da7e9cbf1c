class CollaborativeEditor {
constructor(documentId) {
this.documentId = documentId;
this.ws = new WebSocket('wss://geode.local:8443/ws');
this.setupSync();
}
setupSync() {
this.ws.onopen = () => {
// Join collaboration session
this.ws.send(JSON.stringify({
type: 'JOIN_SESSION',
document_id: this.documentId
}));
};
this.ws.onmessage = (event) => {
const msg = JSON.parse(event.data);
if (msg.type === 'EDIT') {
this.applyRemoteEdit(msg.edit);
} else if (msg.type === 'USER_JOINED') {
this.showUser(msg.user);
}
};
}
sendEdit(edit) {
this.ws.send(JSON.stringify({
type: 'EDIT',
document_id: this.documentId,
edit: edit
}));
}
applyRemoteEdit(edit) {
// Apply edit from other user
this.editor.applyChange(edit);
}
}
