// Subscribe to changes
const subscribeToUserUpdates = () => {
ws.send(JSON.stringify({
type: 'SUBSCRIBE',
id: 'user-updates',
query: 'SUBSCRIBE TO users WHERE age > 18'
}));
};
// Receive subscription updates
ws.onmessage = (event) => {
const message = JSON.parse(event.data);
if (message.type === 'UPDATE' && message.subscription === 'user-updates') {
console.log('User updated:', message.data);
updateUI(message.data);
}
};
// Unsubscribe
const unsubscribe = (id) => {
ws.send(JSON.stringify({
type: 'UNSUBSCRIBE',
id: id
}));
};
